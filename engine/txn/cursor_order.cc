// Where a cursor is, by the counts that pages keep of what is below them.

#include <kist/engine/cursor.h>

#include "engine/tree/search.h"
#include "engine/txn/cursor_state.h"
#include "engine/txn/environment.h"

namespace kist::engine {
Result<int> CursorState::compare(const CursorState& other) const {
  const bool at_end = !valid && place != Place::kAtKey;
  const bool other_at_end = !other.valid && other.place != Place::kAtKey;
  if (at_end || other_at_end) {
    const auto side = [](bool end, Place where) {
      return end ? (where == Place::kStart ? -1 : 1) : 0;
    };
    return side(at_end, place) - side(other_at_end, other.place);
  }
  const Bytes a = valid ? key : as_bytes(held_key);
  const Bytes b = other.valid ? other.key : as_bytes(other.held_key);
  const int by_key = compare_by(path.main().shape(), a, b);
  if (by_key != 0) return by_key;
  // Of one key: without a value it lies before all values; with one, by value. In a table of one
  // value a key only a pair that was sought and not found has one to tell it apart.
  if (!path.multi() && (valid || !held_value) && (other.valid || !other.held_value)) return 0;
  const bool has = valid || held_value.has_value();
  const bool other_has = other.valid || other.held_value.has_value();
  if (!has || !other_has) return (has ? 1 : 0) - (other_has ? 1 : 0);
  KIST_ASSIGN(const Bytes v, valid ? whole_value() : Result<Bytes>(as_bytes(*held_value)));
  KIST_ASSIGN(const Bytes w,
              other.valid ? other.whole_value() : Result<Bytes>(as_bytes(*other.held_value)));
  return compare_by(path.multi() ? path.values() : kPlainShape, v, w);
}

/// Both positions, good and comparable.
Result<std::pair<CursorState*, CursorState*>> Cursor::both(const Cursor& other) const {
  KIST_ASSIGN(CursorState * a, settled());
  KIST_ASSIGN(CursorState * b, other.settled());
  if (a->snapshot != b->snapshot || a->table.index() != b->table.index()) {
    return fail(ErrorCode::kMisuse, "the cursors are of different tables or transactions");
  }
  return std::pair(a, b);
}

Result<int> Cursor::compare(const Cursor& other) const {
  KIST_ASSIGN(const auto pair, both(other));
  return pair.first->compare(*pair.second);
}

Result<std::int64_t> Cursor::distance(const Cursor& other) const {
  KIST_TRY(both(other));
  KIST_ASSIGN(const std::uint64_t from, rank());
  KIST_ASSIGN(const std::uint64_t to, other.rank());
  return static_cast<std::int64_t>(to - from);
}

Result<std::uint64_t> Cursor::rank() const {
  KIST_ASSIGN(const CursorState* at, settled());
  if (at->valid || at->place == Place::kAtKey) return at->path.rank(CountOf::kPairs);
  return at->place == Place::kStart ? 0 : at->path.main().root().count;
}

Result<bool> Cursor::on_first() const {
  KIST_ASSIGN(const CursorState* at, settled());
  return at->valid && at->path.at_first();
}

Result<bool> Cursor::on_last() const {
  KIST_ASSIGN(const CursorState* at, settled());
  return at->valid && at->path.at_last();
}

Result<bool> Cursor::seek_nth(std::uint64_t n) {
  KIST_ASSIGN(CursorState * at, restarted());
  return at->land(at->path.nth(n, CountOf::kPairs), Place::kEnd);
}

Result<bool> Cursor::scroll(std::int64_t n) {
  KIST_ASSIGN(CursorState * at, settled());
  if (n == 0) return at->valid;
  // Most ways are short, and end in the same leaf.
  if (n < at->count && n > -std::int64_t{at->count} &&
      advance(*at, static_cast<std::uint32_t>(at->index + n))) {
    return true;
  }
  KIST_ASSIGN(const std::uint64_t before, rank());
  const std::uint64_t way = n > 0 ? static_cast<std::uint64_t>(n) : -static_cast<std::uint64_t>(n);
  if (n < 0) {
    if (way > before) return at->off(Place::kStart);
    return seek_nth(before - way);
  }
  // From between two records the first step goes to record number `before`.
  return seek_nth(before + way - (at->valid ? 0 : 1));
}

}  // namespace kist::engine
