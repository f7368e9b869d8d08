// Cursors in the values of one key, and reading of many records at once.

#include <kist/engine/cursor.h>

#include "engine/txn/cursor_state.h"
#include "engine/txn/environment.h"

namespace kist::engine {

/// For what needs a record to stand on.
Result<CursorState*> Cursor::standing() const {
  KIST_ASSIGN(CursorState * at, settled());
  if (!at->valid) return fail(ErrorCode::kCursorInvalid, "the cursor stands on no record");
  return at;
}

Result<bool> Cursor::next_key() {
  KIST_ASSIGN(CursorState * at, settled());
  if (at->valid) return at->land(at->path.next_key(), Place::kEnd);
  if (at->place == Place::kAtKey) return seek_after(as_bytes(at->held_key));
  return step(true);
}

Result<bool> Cursor::prev_key() {
  KIST_ASSIGN(CursorState * at, settled());
  if (at->valid) return at->land(at->path.prev_key(), Place::kStart);
  if (at->place == Place::kAtKey) return seek_before(as_bytes(at->held_key));
  return step(false);
}

Result<bool> Cursor::first_value() {
  KIST_ASSIGN(CursorState * at, standing());
  if (!at->path.multi()) return true;
  return at->land(at->path.group().first(), Place::kStart);
}

Result<bool> Cursor::last_value() {
  KIST_ASSIGN(CursorState * at, standing());
  if (!at->path.multi()) return true;
  return at->land(at->path.group().last(), Place::kStart);
}

Result<bool> Cursor::next_value() {
  KIST_ASSIGN(CursorState * at, standing());
  return at->path.multi() ? at->land_or_stay(at->path.group().forward()) : Result<bool>(false);
}

Result<bool> Cursor::prev_value() {
  KIST_ASSIGN(CursorState * at, standing());
  return at->path.multi() ? at->land_or_stay(at->path.group().back()) : Result<bool>(false);
}

Result<bool> Cursor::seek_value(Bytes value) {
  KIST_ASSIGN(CursorState * at, standing());
  KIST_ASSIGN(const Bytes present, at->whole_value());
  if (!at->path.multi()) {
    return compare_keys(present.data(), present.size(), value.data(), value.size()) >= 0;
  }
  GroupPath& group = at->path.group();
  Result<bool> moved = group.lower_bound(value);
  if (moved && !*moved) moved = group.settle();
  if (moved && !*moved) {  // back to where it stood
    moved = group.lower_bound(present);
    if (moved) moved = false;
  }
  return at->land_or_stay(std::move(moved));
}

Result<std::uint64_t> Cursor::value_count() const {
  KIST_ASSIGN(CursorState * at, standing());
  return at->path.multi() ? at->path.group().count() : 1;
}

Result<std::size_t> Cursor::read(std::span<Record> records) {
  std::size_t done = 0;
  while (done < records.size()) {
    bool moved = advance(*spot_, spot_->index + 1);
    if (!moved && done == 0) {
      KIST_ASSIGN(moved, next());
    } else if (!moved) {
      KIST_ASSIGN(CursorState * at, settled());
      KIST_ASSIGN(moved, at->land_or_stay(at->path.forward()));
    }
    if (!moved) break;
    KIST_ASSIGN(const Bytes bytes, value());
    records[done++] = {spot_->key, bytes};
  }
  return done;
}

Result<std::size_t> Cursor::read_values(std::span<Bytes> values) {
  KIST_ASSIGN(CursorState * at, standing());
  if (values.empty()) return 0;
  KIST_ASSIGN(values[0], at->whole_value());
  std::size_t done = 1;
  for (; at->path.multi() && done < values.size(); ++done) {
    KIST_ASSIGN(const bool moved, at->land_or_stay(at->path.group().forward()));
    if (!moved) break;
    KIST_ASSIGN(values[done], at->whole_value());
  }
  return done;
}

Result<Bytes> Cursor::read_value_block() {
  KIST_ASSIGN(CursorState * at, standing());
  if (!at->path.multi() || at->path.values().dense == 0) {
    return fail(ErrorCode::kMisuse, "read_value_block: the table's values have no common size");
  }
  GroupPath& group = at->path.group();
  const std::uint64_t run = group.run_length();
  const Bytes block(at->value.data(), run * at->path.values().dense);
  group.skip(run - 1);
  KIST_TRY(at->land(true, Place::kStart));
  return block;
}

}  // namespace kist::engine
