#include "tests/damage/judge.h"

#include <filesystem>
#include <iterator>

#include <kist/engine/backup.h>
#include <kist/engine/dump.h>
#include <kist/engine/keys.h>
#include <kist/engine/recovery.h>
#include <kist/engine/salvage.h>

namespace kist::test {
namespace {

using engine::as_bytes;
using engine::as_text;
using engine::Database;

/// Compares what one snapshot answers with what it should.
class Reader {
 public:
  Reader(const Database& database, const engine::ReadTxn& txn, const Content& content)
      : database_(database), txn_(txn), content_(content) {}

  void run() {
    const auto names = txn_.table_names();
    if (!names) {
      error_ = true;
    } else {
      expect(names->size() + 1 == content_.size(), "table_names() has another length");
      for (const std::string& name : *names) {
        expect(content_.contains(name), "a table that there was not");
      }
    }
    for (const auto& [name, pairs] : content_) read_table(name, pairs);
  }

  bool error() const { return error_; }
  const std::string& wrong() const { return wrong_; }

 private:
  void expect(bool right, const std::string& what) {
    if (!right && wrong_.empty()) wrong_ = what;
  }

  // The value of a result; an error is noted, and is never wrong.
  template <typename T, typename U>
  void expect_equal(const Result<T>& result, const U& expected, const char* what) {
    if (!result) {
      error_ = true;
    } else {
      expect(*result == expected, what);
    }
  }

  void read_table(const std::string& name, const Pairs& pairs) {
    engine::Table table;
    if (!name.empty()) {
      const auto handle = database_.table(name);
      if (!handle) {
        error_ = true;
        return;
      }
      table = *handle;
    }
    expect_equal(txn_.exists(table), true, "a table is said not to exist");
    expect_equal(txn_.count(table), pairs.size(), "count() is wrong");
    walk(table, pairs);
    static_cast<void>(txn_.table_stats(table));
    for (std::size_t i = 0; i < pairs.size(); i += 1 + pairs.size() / 40) {
      look_up(table, pairs, i);
    }
    static_cast<void>(txn_.get(table, as_bytes("no such key")));
  }

  void walk(engine::Table table, const Pairs& pairs) {
    auto cursor = txn_.cursor(table);
    if (!cursor) {
      error_ = true;
      return;
    }
    std::size_t at = 0;
    auto on = cursor->first();
    for (; on && *on; on = cursor->next(), ++at) {
      if (at >= pairs.size()) return expect(false, "a walk finds too much");
      expect_here(*cursor, pairs[at]);
    }
    expect_end(on, at == pairs.size());
    at = pairs.size();
    on = cursor->last();
    for (; on && *on; on = cursor->prev(), --at) {
      if (at == 0) return expect(false, "a walk back finds too much");
      expect_here(*cursor, pairs[at - 1]);
    }
    expect_end(on, at == 0);
  }

  void expect_end(const Result<bool>& on, bool all) {
    if (!on) {
      error_ = true;
    } else {
      expect(all, "a walk ends early");
    }
  }

  void expect_here(engine::Cursor& cursor, const std::pair<std::string, std::string>& pair) {
    expect(as_text(cursor.key()) == pair.first, "a walk finds another key");
    const auto value = cursor.value();
    if (!value) {
      error_ = true;
    } else {
      expect(as_text(*value) == pair.second, "a walk finds another value");
    }
  }

  void look_up(engine::Table table, const Pairs& pairs, std::size_t i) {
    const auto& [key, value] = pairs[i];
    const bool first = i == 0 || pairs[i - 1].first != key;
    const auto found = txn_.get(table, as_bytes(key));
    if (!found) {
      error_ = true;
    } else {
      expect(found->has_value(), "get() finds nothing");
      if (*found && first) expect(as_text(**found) == value, "get() finds another value");
    }
    expect_equal(txn_.contains(table, as_bytes(key)), true, "contains() is wrong");
    expect_equal(txn_.contains_pair(table, as_bytes(key), as_bytes(value)), true,
                 "contains_pair() is wrong");
    if (first) expect_equal(txn_.rank(table, as_bytes(key)), i, "rank() is wrong");
    const auto record = txn_.nth(table, i);
    if (!record) {
      error_ = true;
    } else {
      expect(*record && as_text((*record)->key) == key && as_text((*record)->value) == value,
             "nth() is wrong");
    }
  }

  const Database& database_;
  const engine::ReadTxn& txn_;
  const Content& content_;
  bool error_ = false;
  std::string wrong_;
};

void read_unjudged(const Database& database) {
  const auto txn = database.read();
  if (!txn) return;
  std::vector<engine::Table> tables{engine::Table()};
  if (const auto names = txn->table_names()) {
    for (const std::string& name : *names) {
      if (const auto table = database.table(name)) tables.push_back(*table);
    }
  }
  for (const engine::Table table : tables) {
    static_cast<void>(txn->count(table));
    static_cast<void>(txn->table_stats(table));
    static_cast<void>(txn->split(table, 5));
    static_cast<void>(txn->sample(table, 3, 1));
    for (const char* key : {"many", "some", "long", "key 7"}) {
      static_cast<void>(txn->get(table, as_bytes(key)));
      static_cast<void>(txn->count_values(table, as_bytes(key)));
      static_cast<void>(txn->contains_pair(table, as_bytes(key), as_bytes(value_of(7))));
      static_cast<void>(txn->contains_pair(table, as_bytes(key), engine::key_of(std::uint64_t{7})));
      static_cast<void>(txn->count_range(table, as_bytes(key), std::nullopt));
    }
    auto cursor = txn->cursor(table);
    if (!cursor) continue;
    std::uint64_t steps = 0;
    auto on = cursor->first();
    for (; on && *on && steps < 100'000; on = cursor->next(), ++steps) {
      static_cast<void>(cursor->value());
    }
    on = cursor->last();
    for (steps = 0; on && *on && steps < 100'000; on = cursor->prev()) ++steps;
    on = cursor->first();
    for (steps = 0; on && *on && steps < 1000; on = cursor->next_key(), ++steps) {
      static_cast<void>(cursor->value_count());
      static_cast<void>(cursor->last_value());
    }
    static_cast<void>(cursor->seek(as_bytes("key 3")));
    static_cast<void>(cursor->seek_back(as_bytes("key 3")));
    static_cast<void>(cursor->scroll(-7));
    static_cast<void>(cursor->rank());
  }
  static_cast<void>(txn->get({}, as_bytes("large")));
}

void write_pairs(engine::WriteTxn& txn, engine::Table table) {
  for (const char* key : {"many", "some", "long", "key 7"}) {
    for (int i = 0; i < 20; ++i) {
      static_cast<void>(txn.put(table, as_bytes(key), as_bytes(value_of(1000 + i))));
      static_cast<void>(txn.put(table, as_bytes(key), engine::key_of(1000 + std::uint64_t(i))));
      static_cast<void>(txn.erase_pair(table, as_bytes(key), as_bytes(value_of(3 * i))));
      static_cast<void>(txn.erase_pair(table, as_bytes(key), engine::key_of(3 * std::uint64_t(i))));
    }
  }
  static_cast<void>(txn.erase(table, as_bytes("many")));
}

void write_something(const Database& database) {
  auto txn = database.write(std::chrono::milliseconds(0));
  if (!txn) return;
  for (int i = 0; i < 20; ++i) {
    static_cast<void>(txn->put({}, as_bytes("key " + std::to_string(3 * i)), as_bytes("new")));
    static_cast<void>(txn->erase({}, as_bytes("key " + std::to_string(5 * i + 1))));
  }
  static_cast<void>(txn->put({}, as_bytes("large"), as_bytes(std::string(5000, 'n'))));
  static_cast<void>(txn->erase_range({}, as_bytes("key 4"), as_bytes("key 55")));
  for (const char* name : {"text", "numbers"}) {
    if (const auto table = database.table(name)) write_pairs(*txn, *table);
  }
  for (const char* name : {"table", "text"}) {
    if (const auto table = database.table(name)) static_cast<void>(txn->drop_table(*table));
  }
  if (!txn->commit()) return;
  if (auto second = database.write(std::chrono::milliseconds(0))) {
    static_cast<void>(second->clear({}));
    static_cast<void>(second->commit());
  }
}

// What is rarer than reading and writing. `other`: a path that is free.
void use_otherwise(const Database& database, std::uint8_t use, const std::string& other) {
  switch (use % 8) {
    case 0:
      static_cast<void>(engine::backup(database, other));
      break;
    case 1:
      static_cast<void>(engine::backup(database, other, {.compacted = true}));
      break;
    case 2:
      for (int i = 0; i < 20; ++i) {
        const auto step = database.compact({.pages = 8}, std::chrono::milliseconds(0));
        if (!step || step->done) break;
      }
      break;
    case 3:
      static_cast<void>(engine::dump(database, [](engine::Bytes) -> Result<void> { return {}; }));
      break;
    case 4:
      static_cast<void>(engine::list_snapshots(database.path()));
      break;
    default:
      break;
  }
  std::filesystem::remove(other);
}

}  // namespace

Reading read_judged(const Database& database, const SeedStore& seed) {
  const auto txn = database.read();
  if (!txn) return {Verdict::kError, {}};
  const auto content = seed.contents.find(txn->id());
  if (content == seed.contents.end()) return {Verdict::kWrong, "a snapshot that there was not"};
  Reader reader(database, *txn, content->second);
  reader.run();
  if (!reader.wrong().empty()) return {Verdict::kWrong, reader.wrong()};
  if (reader.error()) return {Verdict::kError, {}};
  return {std::next(content) == seed.contents.end() ? Verdict::kRight : Verdict::kOlder, {}};
}

Reading use_mutant(const Mutant& mutant, const std::string& path) {
  write_file(path, mutant.bytes);
  std::filesystem::remove(path + "-lock");
  const std::string other = path + "-other";
  if (mutant.use % 8 == 5) {
    static_cast<void>(engine::salvage(path, other, {.older_versions = (mutant.use & 8U) != 0}));
    std::filesystem::remove(other);
    std::filesystem::remove(other + "-lock");
  }
  engine::Options options;
  options.create = false;
  options.verify = mutant.verify;
  options.read_only = mutant.read_only;
  Reading reading;
  auto database = Database::open(path, options);
  if (!database) {
    reading.verdict = Verdict::kError;
    return reading;
  }
  if (mutant.must_be_right()) {
    reading = read_judged(*database, *mutant.seed);
  } else {
    read_unjudged(*database);
  }
  static_cast<void>(database->check());
  use_otherwise(*database, mutant.use, other);
  if (!mutant.read_only) write_something(*database);
  read_unjudged(*database);
  static_cast<void>(database->close());
  return reading;
}

}  // namespace kist::test
