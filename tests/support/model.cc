#include "tests/support/model.h"

#include <functional>

#include <kist/engine/bytes.h>

#include "tests/support/must.h"

namespace kist::test {
namespace {

using engine::as_bytes;

std::string quoted(const std::string& text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string result = "'";
  for (const char c : text.substr(0, 40)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F) {
      result += c;
    } else {
      result += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return result + (text.size() > 40 ? "...' (" : "' (") + std::to_string(text.size()) + " bytes)";
}

Records read_table(const engine::Txn& txn, engine::Table table) {
  Records records;
  engine::Cursor cursor = must(txn.cursor(table));
  std::optional<std::string> last;
  for (bool on = must(cursor.first()); on; on = must(cursor.next())) {
    std::string key = engine::to_string(cursor.key());
    require(!last || *last < key, "keys are out of order at " + quoted(key));
    last = key;
    records.emplace_hint(records.end(), std::move(key), engine::to_string(must(cursor.value())));
  }
  const std::uint64_t count = must(txn.count(table));
  require(count == records.size(), "count() says " + std::to_string(count) + ", the cursor saw " +
                                       std::to_string(records.size()));
  return records;
}

}  // namespace

engine::Table table_handle(const engine::Database& database, const std::string& name) {
  return name.empty() ? engine::Table() : must(database.table(name));
}

Tables read_all(const engine::Database& database, const engine::Txn& txn) {
  Tables tables;
  tables.emplace("", read_table(txn, {}));
  for (const std::string& name : must(txn.table_names())) {
    const engine::Table table = table_handle(database, name);
    require(must(txn.exists(table)), "a table of table_names() does not exist");
    require(tables.emplace(name, read_table(txn, table)).second, "a table is listed twice");
  }
  return tables;
}

std::string difference(const Tables& expected, const Tables& found) {
  for (const auto& [name, records] : expected) {
    const auto table = found.find(name);
    if (table == found.end()) return "table " + quoted(name) + " is missing";
    for (const auto& [key, value] : records) {
      const auto record = table->second.find(key);
      const std::string where = "table " + quoted(name) + ", key " + quoted(key);
      if (record == table->second.end()) return where + " is missing";
      if (record->second != value) {
        return where + " holds " + quoted(record->second) + " instead of " + quoted(value);
      }
    }
    for (const auto& [key, value] : table->second) {
      if (!records.contains(key))
        return "table " + quoted(name) + ", key " + quoted(key) + " is extra";
    }
  }
  for (const auto& [name, records] : found) {
    if (!expected.contains(name)) return "table " + quoted(name) + " is extra";
  }
  return {};
}

std::uint64_t digest(const Tables& tables) {
  std::uint64_t result = 14695981039346656037U;
  const auto mix = [&result](const std::string& text) {
    result = (result ^ std::hash<std::string>{}(text) ^ (text.size() << 32)) * 1099511628211U;
    result ^= result >> 29;
  };
  for (const auto& [name, records] : tables) {
    mix(name);
    for (const auto& [key, value] : records) {
      mix(key);
      mix(value);
    }
    result = (result ^ records.size()) * 1099511628211U;
  }
  return result;
}

void require_clean(const engine::Database& database) {
  const engine::CheckReport report = must(database.check());
  std::string all;
  for (const engine::Violation& violation : report.violations) {
    all += "\n  page " + std::to_string(violation.page) + ", " + violation.where + ": " +
           violation.what;
  }
  require(report.clean(), "check() found violations:" + all);
}

engine::Table DualWriter::handle(const std::string& table) const {
  return table_handle(database_, table);
}

void DualWriter::put(const std::string& table, const std::string& key, const std::string& value) {
  require(must(txn_.put(handle(table), as_bytes(key), as_bytes(value))), "put() held back");
  model_.at(table)[key] = value;
}

void DualWriter::erase(const std::string& table, const std::string& key) {
  Records& records = model_.at(table);
  const auto record = records.find(key);
  require(must(txn_.erase(handle(table), as_bytes(key))) == (record != records.end()),
          "erase() of " + quoted(key) + " contradicts the model");
  // Last, because `key` may lie in the record.
  if (record != records.end()) records.erase(record);
}

void DualWriter::create(const std::string& table) {
  must(txn_.create_table(handle(table)));
  require(model_.emplace(table, Records()).second, "created a table that existed");
}

void DualWriter::drop(const std::string& table) {
  must(txn_.drop_table(handle(table)));
  model_.erase(table);
}

void DualWriter::clear(const std::string& table) {
  const std::uint64_t removed = must(txn_.clear(handle(table)));
  require(removed == model_.at(table).size(), "clear() counted wrong");
  model_.at(table).clear();
}

void DualWriter::rename(const std::string& from, const std::string& to) {
  must(txn_.rename_table(handle(from), handle(to)));
  auto node = model_.extract(from);
  node.key() = to;
  model_.insert(std::move(node));
}

void DualWriter::nested(const std::function<void(DualWriter&)>& change, bool keeps) {
  Tables content = model_;
  engine::WriteTxn inner = must(txn_.nested());
  DualWriter writer(database_, inner, content);
  change(writer);
  if (!keeps) return;
  must(inner.commit());
  model_ = std::move(content);
}

void DualWriter::look_up(const std::string& table, const std::string& key) const {
  const Records& records = model_.at(table);
  const auto record = records.find(key);
  const std::optional<engine::Bytes> found = must(txn_.get(handle(table), as_bytes(key)));
  require(found.has_value() == (record != records.end()),
          "get() of " + quoted(key) + " finds wrongly");
  if (found) {
    require(engine::as_text(*found) == record->second,
            "get() of " + quoted(key) + " gives wrong bytes");
  }
}

}  // namespace kist::test
