#include "tests/support/random_store.h"

#include <algorithm>
#include <array>

#include <kist/engine/bytes.h>

#include "tests/support/must.h"

namespace kist::test {

using engine::as_bytes;
using engine::as_text;
using engine::Durability;

RandomStore::RandomStore(std::string path, std::uint32_t page_size, std::uint64_t seed)
    : path_(std::move(path)), page_size_(page_size), random_(seed) {
  database_ = std::make_unique<engine::Database>(
      must(engine::Database::open(path_, {.page_size = page_size_})));
}

void RandomStore::run(std::uint64_t operations) {
  const std::uint64_t end = operations_ + operations;
  while (operations_ < end) {
    // About as many operations as fill the trees to three levels, then as many that thin them out.
    if (random_.one_in(60)) growing_ = !growing_;
    growing_ = growing_ || operations_ + 2 * operations / 3 < end;
    transaction();
    if (random_.one_in(5)) note_depth();
    if (random_.one_in(20)) hold_snapshot();
    if (held_.size() > 6 || (!held_.empty() && random_.one_in(20))) release_snapshot();
    if (random_.one_in(100)) verify();
    if (random_.one_in(150)) reopen();
    if (random_.one_in(400)) delete_everything();
  }
  while (!held_.empty()) release_snapshot();
  verify();
  delete_everything();
  reopen();
  verify();
}

void RandomStore::transaction() {
  ++transactions_;
  engine::WriteTxn txn = must(database_->write());
  const bool abort = random_.one_in(12);
  const std::uint64_t length =
      random_.one_in(10) ? random_.between(100, 1000) : random_.between(1, 60);
  Tables aborted;
  if (abort) aborted = model_;
  DualWriter writer(*database_, txn, abort ? aborted : model_);
  for (std::uint64_t i = 0; i < length; ++i) operation(writer);
  if (abort) {
    if (random_.one_in(4)) compare(aborted, txn);
    if (random_.one_in(2)) txn.abort();
    return;
  }
  if (random_.one_in(100)) compare(model_, txn);
  must(txn.commit(random_.one_in(20) ? Durability::kDurable : Durability::kRelaxed));
}

void RandomStore::operation(DualWriter& writer) {
  ++operations_;
  if (random_.one_in(300)) return table_operation(writer);
  const std::string table = some_table(writer.model());
  const Records& records = writer.model().at(table);
  const std::string key = known_or_new_key(records);
  const std::uint64_t dice = random_.below(100);
  if (dice < 15) {
    writer.look_up(table, key);
  } else if (dice < (growing_ ? 75U : 40U)) {
    writer.put(table, key, some_value());
  } else {
    writer.erase(table, key);
  }
}

void RandomStore::table_operation(DualWriter& writer) {
  static const std::array<std::string, 4> kNames{"one", "two", std::string("a\0b", 3), "four"};
  const std::string& name = kNames[random_.below(kNames.size())];
  const std::string& other = kNames[random_.below(kNames.size())];
  if (!writer.model().contains(name)) {
    writer.create(name);
  } else if (random_.one_in(3) && !writer.model().contains(other)) {
    writer.rename(name, other);
  } else if (random_.one_in(3)) {
    writer.clear(name);
  } else {
    writer.drop(name);
  }
}

void RandomStore::delete_everything() {
  engine::WriteTxn txn = must(database_->write());
  DualWriter writer(*database_, txn, model_);
  for (const auto& [name, records] : Tables(model_)) {
    // In an order of their own: from both ends and from the middle.
    std::vector<std::string> keys;
    for (const auto& record : records) keys.push_back(record.first);
    std::rotate(keys.begin(), keys.begin() + static_cast<long>(random_.below(keys.size() + 1)),
                keys.end());
    if (random_.one_in(2)) std::reverse(keys.begin(), keys.end());
    for (const std::string& key : keys) writer.erase(name, key);
    operations_ += keys.size();
  }
  must(txn.commit());
  verify();
}

void RandomStore::reopen() {
  while (!held_.empty()) release_snapshot();
  if (random_.one_in(2)) must(database_->close());
  database_.reset();
  database_ = std::make_unique<engine::Database>(must(engine::Database::open(path_)));
  verify();
}

void RandomStore::hold_snapshot() {
  held_.push_back({model_, std::make_unique<engine::ReadTxn>(must(database_->read()))});
}

void RandomStore::release_snapshot() {
  // Not always the oldest, so that gaps open between those that are held.
  const auto which = held_.begin() + static_cast<long>(random_.below(held_.size()));
  compare(which->model, *which->txn);
  held_.erase(which);
}

void RandomStore::verify() {
  const engine::ReadTxn txn = must(database_->read());
  compare(model_, txn);
  require_clean(*database_);
}

void RandomStore::note_depth() {
  const engine::ReadTxn txn = must(database_->read());
  deepest_ = std::max(deepest_, must(txn.table_stats({})).depth);
}

void RandomStore::compare(const Tables& expected, const engine::Txn& txn) {
  const std::string what = difference(expected, read_all(*database_, txn));
  require(what.empty(), what);
  for (const auto& [name, records] : expected) {
    const engine::Table table = table_handle(*database_, name);
    walk_backward(records, txn, table);
    for (int i = 0; i < 20; ++i) probe(records, txn, table);
  }
}

void RandomStore::walk_backward(const Records& records, const engine::Txn& txn,
                                engine::Table table) const {
  engine::Cursor cursor = must(txn.cursor(table));
  bool on = must(cursor.last());
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    require(on && as_text(cursor.key()) == record->first, "a backward walk goes astray");
    require(as_text(must(cursor.value())) == record->second, "a backward walk sees another value");
    on = must(cursor.prev());
  }
  require(!on, "a backward walk does not end");
}

void RandomStore::probe(const Records& records, const engine::Txn& txn, engine::Table table) {
  const std::string key = known_or_new_key(records);
  const auto at_or_after = records.lower_bound(key);
  auto after = records.upper_bound(key);
  engine::Cursor cursor = must(txn.cursor(table));
  bool on = must(cursor.seek(as_bytes(key)));
  require(on == (at_or_after != records.end()), "seek() ends wrongly");
  if (on) require(as_text(cursor.key()) == at_or_after->first, "seek() finds another record");
  on = must(cursor.seek_back(as_bytes(key)));
  require(on == (after != records.begin()), "seek_back() ends wrongly");
  if (on) require(as_text(cursor.key()) == std::prev(after)->first, "seek_back() finds another");
  require(must(cursor.seek_exact(as_bytes(key))) == records.contains(key), "seek_exact() is wrong");
  require(must(txn.contains(table, as_bytes(key))) == records.contains(key), "contains() is wrong");
}

std::string RandomStore::some_table(const Tables& model) {
  // Mostly the default table, so that one tree grows deep.
  if (!random_.one_in(4)) return {};
  return std::next(model.begin(), static_cast<long>(random_.below(model.size())))->first;
}

std::string RandomStore::some_key() {
  const std::size_t longest = database_->max_key_size();
  switch (random_.below(page_size_ > 4096 ? 3 : 8)) {
    case 0: {
      // Longest keys that share long beginnings of different lengths, so that separators are long
      // too and branches hold few.
      std::string key(longest, 'k');
      key[random_.below(8) * longest / 8] = static_cast<char>('a' + random_.below(20));
      key[longest - 1 - random_.below(2)] = static_cast<char>(random_.next());
      return key;
    }
    case 1:
      return random_.bytes(random_.below(std::min<std::size_t>(longest, 300) + 1));
    case 2:
      return std::string(random_.below(20), '\0') + std::to_string(random_.below(50));
    default: {
      const std::string digits = std::to_string(random_.below(4000));
      return "key " + std::string(6 - digits.size(), '0') + digits;
    }
  }
}

std::string RandomStore::known_or_new_key(const Records& records) {
  std::string key = some_key();
  if (records.empty() || random_.one_in(2)) return key;
  const auto near = records.lower_bound(key);
  return near == records.end() ? records.begin()->first : near->first;
}

std::string RandomStore::some_value() {
  if (random_.one_in(400)) return random_.bytes(random_.between(60'000, 140'000));
  if (random_.one_in(25)) return random_.bytes(random_.below(3 * std::min(page_size_, 16384U)));
  if (random_.one_in(25)) return {};
  return random_.bytes(random_.below(60));
}

}  // namespace kist::test
