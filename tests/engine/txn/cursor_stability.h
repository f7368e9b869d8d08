#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <kist/engine/cursor.h>

#include "tests/engine/txn/cursor_walk.h"
#include "tests/support/clean.h"

namespace kist::test {

/// Random changes of one table in write transactions, nested ones and back to savepoints, with many
/// cursors alive in each, which must stay where they are.
class CursorStability {
 public:
  using Place = CursorModel::Place;

  CursorStability(Database& database, const CursorKind& kind, std::uint64_t seed)
      : database_(database),
        kind_(kind),
        random_(seed),
        model_(kind.options.multi, kind.keys, kind.values),
        maker_(database, kind_, random_, model_),
        walk_(model_, maker_, random_) {
    if (!kind.named) return;
    table_ = must(database.table("table"));
    WriteTxn txn = must(database_.write());
    must(txn.create_table(table_, kind_.options));
    must(txn.commit());
  }

  void run(std::uint64_t operations) {
    while (operations_ < operations) {
      growing_ = random_.below(operations) > operations_ / 2;
      WriteTxn txn = must(database_.write());
      committed_ = model_.pairs();
      work(txn, random_.between(50, 600), 0);
      if (random_.one_in(8)) {
        txn.abort();
        model_.assign(committed_);
      } else {
        must(txn.commit(Durability::kRelaxed));
      }
      expect_ended();
      verify();
    }
  }

 private:
  struct Mark {
    engine::Savepoint savepoint;
    CursorModel::Pairs pairs;
  };

  /// Does `length` things in `txn`, with cursors of its own. They stay in live_.
  void work(WriteTxn& txn, std::uint64_t length, int depth) {
    txn_ = &txn;
    depth_ = depth;
    marks_.clear();
    live_.clear();
    for (int i = 0; i < 12; ++i) live_.push_back({must(txn.cursor(table_)), CursorModel::start()});
    for (std::uint64_t i = 0; i < length; ++i) {
      ++operations_;
      change_or_move();
      for (std::uint64_t checks = random_.below(4); checks > 0; --checks) {
        walk_.check(some(), some());
      }
      if (random_.one_in(200)) check_all();
    }
    check_all();
  }

  Live& some() { return live_[random_.below(live_.size())]; }
  void check_all() {
    for (Live& live : live_) walk_.check(live, some());
  }

  void change_or_move() {
    const std::uint64_t dice = random_.below(100);
    if (dice < 33) return walk_.move(some());
    if (dice < 36) return replace_cursor();
    if (dice < 38) return walk_.read(some());
    if (dice < 40) return change_levels();
    if (dice < 55) return write_through(some());
    if (random_.one_in(400)) return clear();
    if (random_.one_in(400) && kind_.named) return recreate();
    if (random_.one_in(30)) return burst();
    if (random_.one_in(100)) return erase_range();
    growing_ == random_.one_in(4) ? erase() : put();
  }

  /// Another cursor in the place of one: new, a copy, or moved.
  void replace_cursor() {
    Live& live = some();
    Live& other = some();
    switch (random_.below(4)) {
      case 0:
        live = Live(other);
        break;
      case 1:
        std::swap(live, other);
        break;
      case 2:
        must(live.cursor.rebind(*txn_));
        live.place = CursorModel::start();
        break;
      default:
        live = {must(txn_->cursor(table_)), CursorModel::start()};
    }
    walk_.check(live, other);
    walk_.check(other, live);
  }

  // Levels.

  void change_levels() {
    switch (random_.below(6)) {
      case 0:
        if (depth_ < 3 && random_.one_in(2)) nest();
        break;
      case 1:
      case 2:
        marks_.push_back({must(txn_->savepoint()), model_.pairs()});
        break;
      case 3:
      case 4: {
        if (marks_.empty()) break;
        const std::size_t which = random_.below(marks_.size());
        must(txn_->rollback_to(marks_[which].savepoint));
        model_.assign(marks_[which].pairs);
        marks_.resize(which + 1, marks_[which]);
        break;
      }
      default:
        if (depth_ == 0 && random_.one_in(4)) {
          must(txn_->commit_and_continue(Durability::kRelaxed));
          marks_.clear();
          committed_ = model_.pairs();
        }
    }
  }
  /// Works in a transaction within, while the cursors of this one wait.
  void nest() {
    WriteTxn* const outer = txn_;
    const int depth = depth_;
    const CursorModel::Pairs before = model_.pairs();
    std::vector<Live> waiting = std::exchange(live_, {});
    std::vector<Mark> marks = std::exchange(marks_, {});
    WriteTxn inner = must(outer->nested());
    work(inner, random_.between(5, 80), depth + 1);
    for (const Live& live : waiting) {
      if (random_.one_in(2)) continue;
      require(!live.cursor.valid() && live.cursor.key().empty(), "moves while another is open");
      require(fails(live.cursor.rank(), ErrorCode::kMisuse), "answers while another is open");
    }
    if (random_.one_in(2)) {
      inner.abort();
      model_.assign(before);
    } else {
      must(inner.commit());
    }
    expect_ended();
    txn_ = outer;
    depth_ = depth;
    live_ = std::move(waiting);
    marks_ = std::move(marks);
    check_all();
  }
  void expect_ended() {
    for (Live& live : live_) {
      require(!live.cursor.valid() && live.cursor.key().empty(), "alive after the end");
      require(fails(live.cursor.rank(), ErrorCode::kTransactionEnded), "rank after the end");
      require(fails(live.cursor.next(), ErrorCode::kTransactionEnded), "moves after the end");
    }
    live_.clear();
  }

  // Changes through cursors.

  void write_through(Live& live) {
    model_.settle(live.place);
    const auto on = model_.on(live.place);
    const bool stands = on != model_.pairs().end();
    const std::string key = stands ? on->first : std::string();
    const std::string value = stands ? on->second : std::string();
    switch (random_.below(4)) {
      case 0:
        put_value(live, stands, key, value);
        break;
      case 1:
        put_record(live);
        break;
      case 2:
        require(must(live.cursor.erase()) == stands, "erase at the cursor");
        if (stands) model_.erase_pair(key, value);
        break;
      default:
        require(must(live.cursor.erase_key()) == stands, "erase of the key at the cursor");
        if (stands) model_.erase_key(key);
    }
    walk_.check(live, some());
  }
  void put_value(Live& live, bool stands, const std::string& key, const std::string& before) {
    const std::string value = maker_.value(key);
    const Result<void> done = live.cursor.put(as_bytes(value));
    if (!stands) return require(fails(done, ErrorCode::kCursorInvalid), "put on no record");
    must(done);
    if (model_.multi()) model_.erase_pair(key, before);
    model_.put(key, value);
    if (model_.multi()) live.place.value = value;
  }
  void put_record(Live& live) {
    const std::string key = maker_.key();
    const std::string value = maker_.value(key);
    const bool there = model_.has(key);
    const auto mode = static_cast<PutMode>(random_.below(2));
    const bool wrote = must(live.cursor.put(as_bytes(key), as_bytes(value), mode));
    if (mode == PutMode::kIfAbsent && there) {
      require(!wrote, "put over a key that is there");
      live.place = {Place::Kind::kAt, key, {}};
      return;
    }
    require(wrote == model_.put(key, value), "what put returned");
    live.place = {Place::Kind::kAt, key, model_.multi() ? std::optional(value) : std::nullopt};
  }

  // Changes beside cursors.

  void put() {
    const std::string key = maker_.key();
    const std::string value = maker_.value(key);
    const bool wrote = must(txn_->put(table_, as_bytes(key), as_bytes(value)));
    require(wrote == model_.put(key, value), "what put returned");
  }
  void erase() {
    const std::string key = maker_.key();
    if (model_.multi() && !random_.one_in(20)) {
      const std::string value = maker_.value(key);
      const bool erased = must(txn_->erase_pair(table_, as_bytes(key), as_bytes(value)));
      return require(erased == model_.erase_pair(key, value), "erase_pair");
    }
    require(must(txn_->erase(table_, as_bytes(key))) == model_.erase_key(key), "erase");
  }
  void erase_range() {
    std::string from = maker_.key();
    const auto end = model_.first_of(from);
    auto to = end;
    for (std::uint64_t i = random_.below(60); i > 0 && to != model_.pairs().end(); --i) ++to;
    std::optional<std::string> bound;
    if (to != model_.pairs().end()) bound = to->first;
    const std::size_t before = model_.pairs().size();
    const auto erased = must(txn_->erase_range(
        table_, as_bytes(from), bound ? std::optional(as_bytes(*bound)) : std::nullopt));
    model_.erase_range(from, bound);
    require(erased == before - model_.pairs().size(), "erase_range");
  }
  /// Many neighbours come or go, so that pages split or merge under the cursors.
  void burst() {
    const std::uint64_t length = random_.between(10, 80);
    const std::string start = maker_.key();
    const bool in_group = model_.multi() && random_.one_in(2);
    for (std::uint64_t i = 0; growing_ && i < length; ++i) {
      const std::string key = in_group ? start : maker_.key_behind(start, i);
      const std::string value = maker_.new_value();
      must(txn_->put(table_, as_bytes(key), as_bytes(value)));
      model_.put(key, value);
    }
    for (std::uint64_t i = 0; !growing_ && i < length; ++i) {
      const auto at = model_.first_of(start);
      if (at == model_.pairs().end()) return;
      const std::string key = at->first;
      const std::string value = at->second;
      require(must(txn_->erase_pair(table_, as_bytes(key), as_bytes(value))), "erase_pair");
      model_.erase_pair(key, value);
    }
  }
  void clear() {
    must(txn_->clear(table_));
    model_.clear();
  }
  /// Drops the table and creates it again.
  void recreate() {
    must(txn_->drop_table(table_));
    for (Live& live : live_) {
      if (random_.one_in(2)) continue;
      require(!live.cursor.valid() && live.cursor.key().empty(), "on a dropped table");
      require(fails(live.cursor.rank(), ErrorCode::kTableNotFound), "rank of a dropped table");
      require(fails(live.cursor.next(), ErrorCode::kTableNotFound), "moves in a dropped table");
      require(fails(live.cursor.put({}, {}), ErrorCode::kTableNotFound), "puts in a dropped table");
    }
    must(txn_->create_table(table_, kind_.options));
    model_.clear();
  }

  void verify() {
    const ReadTxn txn = must(database_.read());
    Cursor cursor = must(txn.cursor(table_));
    for (const auto& [key, value] : model_.pairs()) {
      require(must(cursor.next()), "a record is missing");
      require(as_text(cursor.key()) == key && as_text(must(cursor.value())) == value, "a record");
    }
    require(!must(cursor.next()), "a record too many");
    require(fails(cursor.put({}, {}), ErrorCode::kReadOnly), "a reader's cursor puts");
    require(fails(cursor.erase(), ErrorCode::kReadOnly), "a reader's cursor erases");
    expect_clean(database_);
  }

  Database& database_;
  const CursorKind kind_;
  Random random_;
  CursorModel model_;
  RecordMaker maker_;
  CursorWalk walk_;
  Table table_;
  WriteTxn* txn_ = nullptr;
  int depth_ = 0;
  CursorModel::Pairs committed_;
  std::vector<Mark> marks_;
  std::vector<Live> live_;
  std::uint64_t operations_ = 0;
  bool growing_ = true;
};

}  // namespace kist::test
