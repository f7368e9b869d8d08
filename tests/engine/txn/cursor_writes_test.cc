// Cursors keep their place whatever is written, through them or beside them.

#include <array>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include <kist/engine/cursor.h>

#include "tests/engine/txn/cursor_model.h"
#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using Place = CursorModel::Place;

/// A cursor and where it has to be.
struct Live {
  Cursor cursor;
  Place place;
};

/// What a table of the test is.
struct Kind {
  const char* name;
  bool named = true;
  engine::TableOptions options = {};
  CursorModel::Compare keys = CursorModel::bytes;
  CursorModel::Compare values = CursorModel::bytes;
  friend void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }
};

/// Random changes of one table in write transactions, many cursors alive in each.
class Stability {
 public:
  Stability(Database& database, const Kind& kind, std::uint64_t seed)
      : database_(database),
        kind_(kind),
        random_(seed),
        model_(kind.options.multi, kind.keys, kind.values) {
    if (kind.named) table_ = must(database.table("table"));
  }

  void run(std::uint64_t operations) {
    if (kind_.named) {
      WriteTxn txn = must(database_.write());
      must(txn.create_table(table_, kind_.options));
      must(txn.commit());
    }
    while (operations_ < operations) {
      growing_ = random_.below(operations) > operations_ / 2;
      transaction();
    }
  }

 private:
  void transaction() {
    WriteTxn txn = must(database_.write());
    txn_ = &txn;
    live_.clear();
    for (int i = 0; i < 12; ++i) live_.push_back({must(txn.cursor(table_)), CursorModel::start()});
    const std::uint64_t length = random_.between(50, 600);
    for (std::uint64_t i = 0; i < length; ++i) {
      ++operations_;
      step();
      for (std::uint64_t checks = random_.below(4); checks > 0; --checks) check(some());
      if (random_.one_in(200)) {
        for (Live& live : live_) check(live);
      }
    }
    must(txn.commit(Durability::kRelaxed));
    for (const Live& live : live_) {
      require(!live.cursor.valid() && live.cursor.key().empty(), "a dead cursor");
      require(fails(live.cursor.rank(), ErrorCode::kTransactionEnded), "not ended");
    }
    live_.clear();
    verify();
  }

  Live& some() { return live_[random_.below(live_.size())]; }

  // What is done.

  void step() {
    const std::uint64_t dice = random_.below(100);
    if (dice < 35) return move(some());
    if (dice < 38) return replace_cursor();
    if (dice < 39) return read_on(some());
    if (dice < 55) return write_through(some());
    if (random_.one_in(400)) return clear();
    if (random_.one_in(400) && kind_.named) return recreate();
    if (random_.one_in(30)) return burst();
    growing_ == random_.one_in(4) ? erase() : put();
  }

  void move(Live& live) {
    Cursor& cursor = live.cursor;
    Place& place = live.place;
    model_.settle(place);
    const std::string key = some_key();
    const Bytes wanted = as_bytes(key);
    const auto behind = [&](CursorModel::Iterator at) {
      place = model_.land(at, CursorModel::end_place());
    };
    bool moved = false;
    switch (random_.below(14)) {
      case 0:
        moved = must(cursor.first());
        behind(model_.pairs().begin());
        break;
      case 1:
        moved = must(cursor.last());
        place = model_.before(model_.pairs().end());
        break;
      case 2:
        moved = must(cursor.seek(wanted));
        behind(model_.first_of(key));
        break;
      case 3:
        moved = must(cursor.seek_after(wanted));
        behind(model_.first_behind(key));
        break;
      case 4:
        moved = must(cursor.seek_back(wanted));
        place = model_.before(model_.first_behind(key));
        break;
      case 5:
        moved = must(cursor.seek_before(wanted));
        place = model_.before(model_.first_of(key));
        break;
      case 6:
        moved = must(cursor.seek_exact(wanted));
        place = {Place::Kind::kAt, key, {}};
        break;
      case 7: {
        const std::uint64_t n = random_.below(model_.pairs().size() + 2);
        moved = must(cursor.seek_nth(n));
        place = n >= model_.pairs().size()
                    ? CursorModel::end_place()
                    : model_.place_of(std::next(model_.pairs().begin(), static_cast<long>(n)));
        break;
      }
      case 8: {
        const auto most = static_cast<std::int64_t>(random_.one_in(2) ? 5 : model_.pairs().size());
        const auto n =
            static_cast<std::int64_t>(random_.below(2 * static_cast<std::uint64_t>(most) + 1)) -
            most;
        moved = must(cursor.scroll(n));
        place = model_.scroll(place, n);
        break;
      }
      case 9:
        moved = must(cursor.next_key());
        model_.next_key(place);
        break;
      case 10:
        moved = must(cursor.prev_key());
        model_.prev_key(place);
        break;
      case 11:
        return move_to_pair(live);
      case 12:
        moved = must(cursor.next());
        model_.next(place);
        break;
      default:
        moved = must(cursor.prev());
        model_.prev(place);
    }
    model_.settle(place);
    require(moved == (model_.on(place) != model_.pairs().end()), "what a move returned");
    check(live);
  }

  void move_to_pair(Live& live) {
    const std::string key = some_key();
    const std::string value = some_value(key);
    const Bytes k = as_bytes(key);
    const Bytes v = as_bytes(value);
    const auto lower = model_.pairs().lower_bound({key, value});
    const auto upper = model_.pairs().upper_bound({key, value});
    bool moved = false;
    switch (random_.below(5)) {
      case 0:
        moved = must(live.cursor.seek_pair(k, v));
        live.place = model_.land(lower, CursorModel::end_place());
        break;
      case 1:
        moved = must(live.cursor.seek_pair_after(k, v));
        live.place = model_.land(upper, CursorModel::end_place());
        break;
      case 2:
        moved = must(live.cursor.seek_pair_back(k, v));
        live.place = model_.before(upper);
        break;
      case 3:
        moved = must(live.cursor.seek_pair_before(k, v));
        live.place = model_.before(lower);
        break;
      default:
        moved = must(live.cursor.seek_pair_exact(k, v));
        live.place = {Place::Kind::kAt, key, value};
    }
    model_.settle(live.place);
    require(moved == (model_.on(live.place) != model_.pairs().end()), "what a seek returned");
    check(live);
  }

  /// Another cursor in the place of one: new, a copy, or moved.
  void replace_cursor() {
    Live& live = some();
    Live& other = some();
    if (random_.one_in(2)) {
      live = Live(other);
    } else if (random_.one_in(2)) {
      std::swap(live, other);
    } else {
      live = {must(txn_->cursor(table_)), CursorModel::start()};
    }
    check(live);
    check(other);
  }

  void read_on(Live& live) {
    model_.settle(live.place);
    std::array<engine::Record, 7> records;
    const std::size_t asked = random_.below(records.size() + 1);
    const std::size_t done = must(live.cursor.read(std::span(records).first(asked)));
    for (std::size_t i = 0; i < done; ++i) {
      model_.next(live.place);
      const auto on = model_.on(live.place);
      require(on != model_.pairs().end(), "read more than there is");
      require(as_text(records[i].key) == on->first && as_text(records[i].value) == on->second,
              "read another record");
    }
    Place place = live.place;
    model_.next(place);
    require(done == asked || model_.on(place) == model_.pairs().end(), "read less than there is");
    if (asked > 0 && done == 0) live.place = place;
    check(live);
  }

  void write_through(Live& live) {
    model_.settle(live.place);
    const auto on = model_.on(live.place);
    const bool stands = on != model_.pairs().end();
    switch (random_.below(4)) {
      case 0: {
        const std::string value = some_value(stands ? on->first : "");
        const auto done = live.cursor.put(as_bytes(value));
        if (!stands) return require(fails(done, ErrorCode::kCursorInvalid), "put on no record");
        must(done);
        const std::string key = on->first;
        if (model_.multi()) model_.erase_pair(key, std::string(on->second));
        model_.put(key, value);
        if (model_.multi()) live.place.value = value;
        break;
      }
      case 1: {
        const std::string key = some_key();
        const std::string value = some_value(key);
        must(live.cursor.put(as_bytes(key), as_bytes(value)));
        model_.put(key, value);
        live.place = {Place::Kind::kAt, key, model_.multi() ? std::optional(value) : std::nullopt};
        break;
      }
      case 2: {
        require(must(live.cursor.erase()) == stands, "erase at the cursor");
        const std::string key = stands ? on->first : "";
        if (stands) model_.erase_pair(key, std::string(on->second));
        break;
      }
      default: {
        require(must(live.cursor.erase_key()) == stands, "erase of the key at the cursor");
        const std::string key = stands ? on->first : "";
        if (stands) model_.erase_key(key);
      }
    }
    check(live);
  }

  void put() {
    const std::string key = some_key();
    const std::string value = some_value(key);
    must(txn_->put(table_, as_bytes(key), as_bytes(value)));
    model_.put(key, value);
  }
  void erase() {
    const std::string key = some_key();
    require(must(txn_->erase(table_, as_bytes(key))) == model_.erase_key(key), "erase");
  }
  /// Many neighbours come or go, so that pages split or merge under the cursors.
  void burst() {
    const std::uint64_t length = random_.between(10, 80);
    const std::string start = some_key();
    if (growing_) {
      for (std::uint64_t i = 0; i < length; ++i) {
        const std::string key = start.substr(0, max_key() - 3) + std::to_string(100 + i);
        const std::string value = some_value(key);
        must(txn_->put(table_, as_bytes(key), as_bytes(value)));
        model_.put(key, value);
      }
      return;
    }
    for (std::uint64_t i = 0; i < length; ++i) {
      const auto at = model_.first_of(start);
      if (at == model_.pairs().end()) return;
      const std::string key = at->first;
      require(must(txn_->erase(table_, as_bytes(key))), "erase");
      model_.erase_key(key);
    }
  }
  void clear() {
    must(txn_->clear(table_));
    model_.clear();
  }
  /// Drops the table and creates it again.
  void recreate() {
    must(txn_->drop_table(table_));
    for (const Live& live : live_) {
      if (random_.one_in(2)) continue;
      require(!live.cursor.valid() && live.cursor.key().empty(), "on a dropped table");
      require(fails(live.cursor.rank(), ErrorCode::kTableNotFound), "rank of a dropped table");
    }
    must(txn_->create_table(table_, kind_.options));
    model_.clear();
  }

  // What must hold.

  void check(Live& live) {
    model_.settle(live.place);
    const Cursor& cursor = live.cursor;
    const auto on = model_.on(live.place);
    const bool stands = on != model_.pairs().end();
    require(cursor.valid() == stands, stands ? "is not on its record" : "is on a record");
    require(as_text(cursor.key()) == (stands ? std::string_view(on->first) : ""), "another key");
    if (stands) {
      require(as_text(must(cursor.value())) == on->second, "another value");
    } else {
      require(fails(cursor.value(), ErrorCode::kCursorInvalid), "a value of no record");
    }
    require(cursor.off() == (live.place.kind != Place::Kind::kAt), "off");
    require(must(cursor.rank()) == model_.rank(live.place), "rank");
    require(must(cursor.on_first()) == (stands && on == model_.pairs().begin()), "on_first");
    require(must(cursor.on_last()) == (stands && std::next(on) == model_.pairs().end()), "on_last");
    Live& other = some();
    model_.settle(other.place);
    require(CursorModel::sign(must(cursor.compare(other.cursor))) ==
                model_.compare(live.place, other.place),
            "compare");
    require(must(cursor.distance(other.cursor)) ==
                static_cast<std::int64_t>(model_.rank(other.place)) -
                    static_cast<std::int64_t>(model_.rank(live.place)),
            "distance");
    if (random_.one_in(4)) look_around(live);
  }
  /// The neighbours, by a copy.
  void look_around(const Live& live) {
    Live copy(live);
    const bool forward = random_.one_in(2);
    const bool moved = must(forward ? copy.cursor.next() : copy.cursor.prev());
    forward ? model_.next(copy.place) : model_.prev(copy.place);
    const auto on = model_.on(copy.place);
    require(moved == (on != model_.pairs().end()), "whether there is a neighbour");
    require(!moved || as_text(copy.cursor.key()) == on->first, "another neighbour");
    require(!moved || as_text(must(copy.cursor.value())) == on->second, "its value");
  }

  void verify() {
    const ReadTxn txn = must(database_.read());
    Cursor cursor = must(txn.cursor(table_));
    for (const auto& [key, value] : model_.pairs()) {
      require(must(cursor.next()), "a record is missing");
      require(as_text(cursor.key()) == key && as_text(must(cursor.value())) == value, "a record");
    }
    require(!must(cursor.next()), "a record too many");
    expect_clean(database_);
  }

  std::size_t max_key() const { return database_.max_key_size(); }
  std::string some_key() {
    if (!model_.empty() && random_.below(3) != 0) {
      // Somewhere in the middle of the sorted keys, at no great cost.
      const std::string probe = random_.bytes(2);
      auto at = model_.first_of(probe);
      if (at == model_.pairs().end()) at = model_.pairs().begin();
      for (std::uint64_t i = random_.below(5); i > 0 && std::next(at) != model_.pairs().end();
           --i) {
        ++at;
      }
      return at->first;
    }
    if (random_.one_in(50)) return {};
    if (random_.one_in(40)) return random_.bytes(max_key() - random_.below(3));
    return random_.bytes(random_.between(1, 12));
  }
  std::string some_value(const std::string& key) {
    const auto at = model_.first_of(key);
    if (random_.one_in(8) && at != model_.pairs().end()) return at->second;
    const std::size_t page = database_.page_size();
    if (random_.one_in(60)) return random_.bytes(page + random_.below(page));
    return random_.bytes(random_.below(random_.one_in(3) ? page / 8 : 10));
  }

  Database& database_;
  Kind kind_;
  Random random_;
  CursorModel model_;
  Table table_;
  WriteTxn* txn_ = nullptr;
  std::vector<Live> live_;
  std::uint64_t operations_ = 0;
  bool growing_ = true;
};

const std::array kKinds{
    Kind{.name = "Default", .named = false},
    Kind{.name = "Named"},
    Kind{.name = "Reversed",
         .options = {.key_order = engine::Order::kReversed},
         .keys = CursorModel::reversed},
};

class CursorStabilityTest : public StoreTest,
                            public testing::WithParamInterface<std::tuple<std::uint32_t, Kind>> {
 protected:
  void run(std::uint64_t operations, const char* name) {
    Database database = open({.page_size = std::get<0>(GetParam())});
    Stability(database, std::get<1>(GetParam()), test_seed(name)).run(operations);
    expect_clean(database);
  }
};

TEST_P(CursorStabilityTest, EqualsTheModel) {
  run(6'000, "CursorStabilityTest");
}

std::string name_of(const testing::TestParamInfo<std::tuple<std::uint32_t, Kind>>& info) {
  return std::get<1>(info.param).name + std::to_string(std::get<0>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Shapes, CursorStabilityTest,
                         testing::Combine(testing::Values(256, 4096, 65536),
                                          testing::ValuesIn(kKinds)),
                         name_of);

}  // namespace
}  // namespace kist::test
