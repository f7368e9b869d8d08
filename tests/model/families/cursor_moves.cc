#include "tests/model/families/cursor_target.h"
#include "tests/model/families/families.h"

namespace kist::test::model {
namespace {

/// A key to look for: often that of the cursor itself or of one near it.
std::string some_key(World& world, const CursorTarget& target) {
  if (world.random.one_in(4) && !target.table->empty()) {
    const std::size_t near = target.rank() + world.random.below(4);
    if (near >= 2 && near - 2 < target.table->size()) return target.table->at(near - 2).key;
  }
  return world.words.bound(*target.table);
}

}  // namespace

void step_cursor(World& world) {
  CursorTarget at(world);
  if (!at) return;
  // Several steps at a time, so that cursors come across the borders of pages.
  const bool forward = world.random.one_in(2);
  for (std::uint64_t steps = 1 + world.random.below(world.random.one_in(10) ? 40 : 4); steps > 0;
       --steps) {
    const std::size_t place = at.rank();
    world.call(forward ? "next" : "prev", at.name, place);
    if (forward) {
      at.moved_to(at.cursor->next(), place + (at.valid() ? 1 : 0));
    } else {
      at.moved_before(at.cursor->prev(), place);
    }
  }
}

void place_cursor(World& world) {
  CursorTarget at(world);
  if (!at) return;
  const std::string key = some_key(world, at);
  const engine::Bytes bytes = as_bytes(key);
  const std::size_t lower = at.table->lower(key);
  const std::size_t upper = at.table->upper(key);
  switch (world.random.below(8)) {
    case 0:
      world.call("first", at.name);
      return at.moved_to(at.cursor->first(), 0);
    case 1:
      world.call("last", at.name);
      if (at.table->empty()) return at.moved(at.cursor->last(), false, Position::start());
      return at.moved_to(at.cursor->last(), at.table->size() - 1);
    case 2:
    case 3:
      world.call("seek_exact", at.name, key);
      if (lower < upper) return at.moved_to(at.cursor->seek_exact(bytes), lower);
      return at.moved(at.cursor->seek_exact(bytes), false, Position::at(key));
    case 4:
      world.call("seek", at.name, key);
      return at.moved_to(at.cursor->seek(bytes), lower);
    case 5:
      world.call("seek_after", at.name, key);
      return at.moved_to(at.cursor->seek_after(bytes), upper);
    case 6:
      world.call("seek_back", at.name, key);
      return at.moved_before(at.cursor->seek_back(bytes), upper);
    default:
      world.call("seek_before", at.name, key);
      return at.moved_before(at.cursor->seek_before(bytes), lower);
  }
}

void place_cursor_by_pair(World& world) {
  CursorTarget at(world);
  if (!at) return;
  const Pair pair = world.words.pair(*at.table);
  const engine::Bytes key = as_bytes(pair.key);
  const engine::Bytes value = as_bytes(pair.value);
  const std::size_t lower = at.table->lower(pair.key, pair.value);
  const std::size_t upper = at.table->upper(pair.key, pair.value);
  switch (world.random.below(5)) {
    case 0:
      world.call("seek_pair_exact", at.name, pair.key, pair.value);
      if (lower < upper) return at.moved_to(at.cursor->seek_pair_exact(key, value), lower);
      return at.moved(at.cursor->seek_pair_exact(key, value), false,
                      Position::at(pair.key, pair.value));
    case 1:
      world.call("seek_pair", at.name, pair.key, pair.value);
      return at.moved_to(at.cursor->seek_pair(key, value), lower);
    case 2:
      world.call("seek_pair_after", at.name, pair.key, pair.value);
      return at.moved_to(at.cursor->seek_pair_after(key, value), upper);
    case 3:
      world.call("seek_pair_back", at.name, pair.key, pair.value);
      return at.moved_before(at.cursor->seek_pair_back(key, value), upper);
    default:
      world.call("seek_pair_before", at.name, pair.key, pair.value);
      return at.moved_before(at.cursor->seek_pair_before(key, value), lower);
  }
}

void scroll_cursor(World& world) {
  CursorTarget at(world);
  if (!at) return;
  const std::size_t size = at.table->size();
  if (world.random.one_in(2)) {
    const std::size_t n = world.random.below(size + 2);
    world.call("seek_nth", at.name, n);
    return at.moved_to(at.cursor->seek_nth(n), n);
  }
  const std::int64_t reach = world.random.one_in(3) ? static_cast<std::int64_t>(size) + 2 : 5;
  const std::int64_t n =
      static_cast<std::int64_t>(world.random.below(static_cast<std::uint64_t>(2 * reach + 1))) -
      reach;
  world.call("scroll", at.name, n);
  const Result<bool> got = at.cursor->scroll(n);
  if (n == 0) return at.moved(got, at.valid(), at.at->position);
  // Between two records, the next one is one step away, and so is the previous.
  const auto place = static_cast<std::int64_t>(at.rank());
  const std::int64_t to = place + n - (n > 0 && !at.valid() ? 1 : 0);
  if (to < 0) return at.moved(got, false, Position::start());
  if (to >= static_cast<std::int64_t>(size)) return at.moved(got, false, Position::end());
  at.moved_to(got, static_cast<std::size_t>(to));
}

void step_cursor_by_key(World& world) {
  CursorTarget at(world);
  if (!at) return;
  const Position& position = at.at->position;
  const bool placed = position.place == Position::Place::kAt;
  if (world.random.one_in(2)) {
    world.call("next_key", at.name, at.rank());
    return at.moved_to(at.cursor->next_key(), placed ? at.table->upper(position.key) : at.rank());
  }
  world.call("prev_key", at.name, at.rank());
  return at.moved_before(at.cursor->prev_key(), placed ? at.table->lower(position.key) : at.rank());
}

void step_cursor_in_group(World& world) {
  CursorTarget at(world);
  if (!at) return;
  const auto which = world.random.below(6);
  static constexpr const char* kNames[] = {"first_value", "last_value", "next_value",
                                           "prev_value",  "seek_value", "value_count"};
  const std::string value =
      at.valid() ? world.words.value(*at.table, at.record().key) : std::string();
  world.call(kNames[which], at.name, at.rank(), value);
  const auto move = [&]() -> Result<bool> {
    switch (which) {
      case 0:
        return at.cursor->first_value();
      case 1:
        return at.cursor->last_value();
      case 2:
        return at.cursor->next_value();
      case 3:
        return at.cursor->prev_value();
      default:
        return at.cursor->seek_value(as_bytes(value));
    }
  };
  if (!at.valid()) {
    if (which == 5) return refused(at.cursor->value_count(), ErrorCode::kCursorInvalid);
    return refused(move(), ErrorCode::kCursorInvalid);
  }
  const std::string& key = at.record().key;
  const std::size_t begin = at.table->lower(key);
  const std::size_t end = at.table->upper(key);
  if (which == 5) return same(at.cursor->value_count(), end - begin);
  const std::size_t place = at.rank();
  const std::size_t to = which == 0   ? begin
                         : which == 1 ? end - 1
                         : which == 2 ? place + 1
                         : which == 3 ? place - 1  // wraps around at 0: in no group
                                      : at.table->lower(key, value);
  const Result<bool> got = move();
  if (to >= begin && to < end) return at.moved_to(got, to);
  at.moved(got, false, Position(at.at->position));
}

}  // namespace kist::test::model
