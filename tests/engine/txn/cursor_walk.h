#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <kist/engine/cursor.h>

#include "tests/engine/txn/cursor_kinds.h"
#include "tests/engine/txn/cursor_model.h"
#include "tests/support/must.h"
#include "tests/support/random.h"
#include "tests/support/result_matchers.h"
#include "tests/support/store_test.h"

namespace kist::test {

/// A cursor and where it has to be.
struct Live {
  Cursor cursor;
  CursorModel::Place place;
};

/// Moves cursors and their places in the model alike, and holds them against each other. Throws on
/// any difference.
class CursorWalk {
 public:
  using Place = CursorModel::Place;

  CursorWalk(CursorModel& model, RecordMaker& maker, Random& random)
      : model_(model), maker_(maker), random_(random) {}

  /// Any move.
  void move(Live& live) {
    model_.settle(live.place);
    switch (random_.below(6)) {
      case 0:
        seek(live);
        break;
      case 1:
        seek_pair(live);
        break;
      case 2:
        move_in_group(live);
        break;
      case 3:
        jump(live);
        break;
      default:
        step(live);
    }
    model_.settle(live.place);
    check(live, live);
  }

  /// Reads some records on.
  void read(Live& live) {
    model_.settle(live.place);
    if (random_.one_in(2) && model_.on(live.place) != model_.pairs().end()) return read_group(live);
    std::array<engine::Record, 7> records;
    const std::size_t asked = random_.below(records.size() + 1);
    const std::size_t done = must(live.cursor.read(std::span(records).first(asked)));
    for (std::size_t i = 0; i < done; ++i) {
      model_.next(live.place);
      const auto on = model_.on(live.place);
      require(on != model_.pairs().end(), "read more than there is");
      require(as_text(records.at(i).key) == on->first, "read another key");
      require(as_text(records.at(i).value) == on->second, "read another value");
    }
    Place place = live.place;
    model_.next(place);
    require(done == asked || model_.on(place) == model_.pairs().end(), "read less than there is");
    if (asked > 0 && done == 0) live.place = place;
    check(live, live);
  }

  /// Holds everything that a cursor tells of its position against the model.
  void check(Live& live, Live& other) {
    model_.settle(live.place);
    model_.settle(other.place);
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
    require(CursorModel::sign(must(cursor.compare(other.cursor))) ==
                model_.compare(live.place, other.place),
            "compare");
    require(must(cursor.distance(other.cursor)) ==
                static_cast<std::int64_t>(model_.rank(other.place)) -
                    static_cast<std::int64_t>(model_.rank(live.place)),
            "distance");
    if (random_.one_in(4)) look_around(live);
  }

 private:
  /// A move has to tell whether the cursor stands on a record now.
  void moved(const Live& live, bool returned) {
    Place place = live.place;
    model_.settle(place);
    require(returned == (model_.on(place) != model_.pairs().end()), "what a move returned");
  }

  void seek(Live& live) {
    Cursor& cursor = live.cursor;
    const std::string key = maker_.key();
    const Bytes wanted = as_bytes(key);
    bool on = false;
    switch (random_.below(5)) {
      case 0:
        on = must(cursor.seek(wanted));
        live.place = model_.at_or_end(model_.first_of(key));
        break;
      case 1:
        on = must(cursor.seek_after(wanted));
        live.place = model_.at_or_end(model_.first_behind(key));
        break;
      case 2:
        on = must(cursor.seek_back(wanted));
        live.place = model_.before(model_.first_behind(key));
        break;
      case 3:
        on = must(cursor.seek_before(wanted));
        live.place = model_.before(model_.first_of(key));
        break;
      default:
        on = must(cursor.seek_exact(wanted));
        live.place = {Place::Kind::kAt, key, {}};
    }
    moved(live, on);
  }

  void seek_pair(Live& live) {
    Cursor& cursor = live.cursor;
    const std::string key = maker_.key();
    const std::string value = maker_.value(key);
    const Bytes k = as_bytes(key);
    const Bytes v = as_bytes(value);
    const auto lower = model_.pairs().lower_bound({key, value});
    const auto upper = model_.pairs().upper_bound({key, value});
    bool on = false;
    switch (random_.below(5)) {
      case 0:
        on = must(cursor.seek_pair(k, v));
        live.place = model_.at_or_end(lower);
        break;
      case 1:
        on = must(cursor.seek_pair_after(k, v));
        live.place = model_.at_or_end(upper);
        break;
      case 2:
        on = must(cursor.seek_pair_back(k, v));
        live.place = model_.before(upper);
        break;
      case 3:
        on = must(cursor.seek_pair_before(k, v));
        live.place = model_.before(lower);
        break;
      default:
        on = must(cursor.seek_pair_exact(k, v));
        live.place = {Place::Kind::kAt, key, value};
    }
    moved(live, on);
  }

  void move_in_group(Live& live) {
    Cursor& cursor = live.cursor;
    const auto on = model_.on(live.place);
    if (on == model_.pairs().end()) {
      require(fails(cursor.first_value(), ErrorCode::kCursorInvalid), "in no group");
      require(fails(cursor.next_value(), ErrorCode::kCursorInvalid), "in no group");
      require(fails(cursor.seek_value({}), ErrorCode::kCursorInvalid), "in no group");
      require(fails(cursor.value_count(), ErrorCode::kCursorInvalid), "in no group");
      return;
    }
    const std::string key = on->first;
    const auto begin = model_.first_of(key);
    const auto end = model_.first_behind(key);
    require(must(cursor.value_count()) == static_cast<std::uint64_t>(std::distance(begin, end)),
            "value_count");
    auto to = end;
    bool there = false;
    switch (random_.below(5)) {
      case 0:
        to = begin;
        there = must(cursor.first_value());
        break;
      case 1:
        to = std::prev(end);
        there = must(cursor.last_value());
        break;
      case 2:
        to = std::next(on);
        there = must(cursor.next_value());
        break;
      case 3:
        to = on == begin ? end : std::prev(on);
        there = must(cursor.prev_value());
        break;
      default: {
        const std::string value = maker_.value(key);
        for (to = begin; to != end && model_.compare(*to, {key, value}) < 0;) ++to;
        there = must(cursor.seek_value(as_bytes(value)));
      }
    }
    require(there == (to != end), "what a move in the group returned");
    if (there) live.place = model_.place_of(to);
  }

  /// Moves that count.
  void jump(Live& live) {
    const std::uint64_t size = model_.pairs().size();
    if (random_.one_in(2)) {
      const std::uint64_t n = random_.below(size + 2);
      const bool on = must(live.cursor.seek_nth(n));
      live.place = n < size
                       ? model_.place_of(std::next(model_.pairs().begin(), static_cast<long>(n)))
                       : CursorModel::end_place();
      return moved(live, on);
    }
    const std::uint64_t most = random_.one_in(2) ? 5 : size;
    const auto n =
        static_cast<std::int64_t>(random_.below(2 * most + 1)) - static_cast<std::int64_t>(most);
    const bool on = must(live.cursor.scroll(n));
    live.place = model_.scroll(live.place, n);
    moved(live, on);
  }

  void step(Live& live) {
    Cursor& cursor = live.cursor;
    bool on = false;
    switch (random_.below(random_.one_in(10) ? 6 : 4)) {
      case 0:
        on = must(cursor.next());
        model_.next(live.place);
        break;
      case 1:
        on = must(cursor.prev());
        model_.prev(live.place);
        break;
      case 2:
        on = must(cursor.next_key());
        model_.next_key(live.place);
        break;
      case 3:
        on = must(cursor.prev_key());
        model_.prev_key(live.place);
        break;
      case 4:
        on = must(cursor.first());
        live.place = model_.at_or_end(model_.pairs().begin());
        break;
      default:
        on = must(cursor.last());
        live.place = model_.before(model_.pairs().end());
    }
    moved(live, on);
  }

  void read_group(Live& live) {
    auto at = model_.on(live.place);
    const auto end = model_.first_behind(std::string(at->first));
    const auto left = static_cast<std::size_t>(std::distance(at, end));
    const bool dense = model_.multi() && maker_.dense();
    if (dense && random_.one_in(2)) {
      const std::string block = engine::to_string(must(live.cursor.read_value_block()));
      const std::size_t size = at->second.size();
      require(block.size() >= size && block.size() % size == 0 && block.size() / size <= left,
              "a block of another size");
      for (std::size_t i = 0; i < block.size(); i += size) {
        if (i != 0) ++at;
        require(block.substr(i, size) == at->second, "another value in a block");
      }
    } else {
      std::array<Bytes, 5> values;
      const std::size_t done = must(live.cursor.read_values(values));
      require(done == std::min(values.size(), left), "how many values were read");
      for (std::size_t i = 0; i < done; ++i) {
        if (i != 0) ++at;
        require(as_text(values.at(i)) == at->second, "another value was read");
      }
    }
    live.place = model_.place_of(at);
    check(live, live);
  }

  /// The neighbours, by a copy.
  void look_around(const Live& live) {
    Live copy(live);
    const bool forward = random_.one_in(2);
    const bool there = must(forward ? copy.cursor.next() : copy.cursor.prev());
    forward ? model_.next(copy.place) : model_.prev(copy.place);
    const auto on = model_.on(copy.place);
    require(there == (on != model_.pairs().end()), "whether there is a neighbour");
    require(!there || as_text(copy.cursor.key()) == on->first, "another neighbour");
    require(!there || as_text(must(copy.cursor.value())) == on->second, "its value");
  }

  CursorModel& model_;
  RecordMaker& maker_;
  Random& random_;
};

}  // namespace kist::test
