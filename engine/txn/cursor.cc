#include <utility>

#include <kist/engine/cursor.h>

#include "engine/txn/cursor_state.h"
#include "engine/txn/environment.h"

namespace kist::engine {

/// The state of every cursor that was moved from. It is never fresh, so that all calls take the
/// way on which they learn that.
Cursor::Spot* Cursor::nowhere() {
  static constexpr std::uint64_t kWrites = 0;
  static Spot spot{.writes = &kWrites, .write_count = 1};
  return &spot;
}

Cursor::Cursor(CursorState* state) : spot_(state) {}

Cursor::Cursor(const Cursor& other)
    : spot_(other.spot_ == nowhere() ? nowhere()
                                     : new CursorState(static_cast<CursorState&>(*other.spot_))) {}

Cursor::Cursor(Cursor&& other) noexcept : spot_(std::exchange(other.spot_, nowhere())) {}

Cursor& Cursor::operator=(const Cursor& other) {
  if (this != &other) *this = Cursor(other);
  return *this;
}

Cursor& Cursor::operator=(Cursor&& other) noexcept {
  std::swap(spot_, other.spot_);
  return *this;
}

Cursor::~Cursor() {
  if (spot_ != nowhere()) delete static_cast<CursorState*>(spot_);
}

Result<CursorState*> Cursor::state() const {
  if (spot_ == nowhere()) return fail(ErrorCode::kMisuse, "the cursor was moved from");
  return static_cast<CursorState*>(spot_);
}

/// For what depends on the position.
Result<CursorState*> Cursor::settled() const {
  KIST_ASSIGN(CursorState * at, state());
  KIST_TRY(at->settle());
  return at;
}

/// For what does not.
Result<CursorState*> Cursor::restarted() const {
  KIST_ASSIGN(CursorState * at, state());
  KIST_TRY(at->restart());
  return at;
}

Result<void> Cursor::rebind(const Txn& txn) {
  KIST_ASSIGN(CursorState * at, state());
  return at->rebind(txn.snapshot_);
}

Result<bool> Cursor::first() {
  KIST_ASSIGN(CursorState * at, restarted());
  return at->land(at->path.first(), Place::kEnd);
}

Result<bool> Cursor::last() {
  KIST_ASSIGN(CursorState * at, restarted());
  return at->land(at->path.last(), Place::kStart);
}

/// One record on, or back.
Result<bool> Cursor::step(bool forward) {
  if (spot_->count != 0 && fresh() && static_cast<CursorState*>(spot_)->cross(forward)) [[likely]]
    return true;
  KIST_ASSIGN(CursorState * at, settled());
  RecordPath& path = at->path;
  const Place end = forward ? Place::kEnd : Place::kStart;
  if (at->valid) return at->land(forward ? path.forward() : path.back(), end);
  if (at->place == Place::kAtKey) return at->land(forward ? path.settle() : path.back(), end);
  if (at->place == end) return false;
  return forward ? first() : last();
}

Result<bool> Cursor::seek_exact(Bytes key) {
  KIST_ASSIGN(CursorState * at, restarted());
  return at->land_exact(at->path.lower_bound(key), key, std::nullopt);
}

Result<bool> Cursor::seek(Bytes key) {
  KIST_ASSIGN(CursorState * at, restarted());
  Result<bool> moved = at->path.lower_bound(key);
  if (moved) moved = at->path.settle();
  return at->land(std::move(moved), Place::kEnd);
}

Result<bool> Cursor::seek_after(Bytes key) {
  KIST_ASSIGN(CursorState * at, restarted());
  Result<bool> moved = at->path.lower_bound(key);
  if (moved) moved = *moved ? at->path.next_key() : at->path.settle();
  return at->land(std::move(moved), Place::kEnd);
}

Result<bool> Cursor::seek_back(Bytes key) {
  KIST_ASSIGN(CursorState * at, restarted());
  Result<bool> moved = at->path.lower_bound(key);
  if (moved) moved = *moved ? at->path.last_of_key() : at->path.prev_key();
  return at->land(std::move(moved), Place::kStart);
}

Result<bool> Cursor::seek_before(Bytes key) {
  KIST_ASSIGN(CursorState * at, restarted());
  Result<bool> moved = at->path.lower_bound(key);
  if (moved) moved = at->path.prev_key();
  return at->land(std::move(moved), Place::kStart);
}

Result<bool> Cursor::seek_pair_exact(Bytes key, Bytes value) {
  KIST_ASSIGN(CursorState * at, restarted());
  return at->land_exact(at->path.lower_bound(key, value), key, value);
}

Result<bool> Cursor::seek_pair(Bytes key, Bytes value) {
  KIST_ASSIGN(CursorState * at, restarted());
  Result<bool> moved = at->path.lower_bound(key, value);
  if (moved) moved = at->path.settle();
  return at->land(std::move(moved), Place::kEnd);
}

Result<bool> Cursor::seek_pair_after(Bytes key, Bytes value) {
  KIST_ASSIGN(CursorState * at, restarted());
  Result<bool> moved = at->path.lower_bound(key, value);
  if (moved) moved = *moved ? at->path.forward() : at->path.settle();
  return at->land(std::move(moved), Place::kEnd);
}

Result<bool> Cursor::seek_pair_back(Bytes key, Bytes value) {
  KIST_ASSIGN(CursorState * at, restarted());
  Result<bool> moved = at->path.lower_bound(key, value);
  if (moved && !*moved) moved = at->path.back();
  return at->land(std::move(moved), Place::kStart);
}

Result<bool> Cursor::seek_pair_before(Bytes key, Bytes value) {
  KIST_ASSIGN(CursorState * at, restarted());
  Result<bool> moved = at->path.lower_bound(key, value);
  if (moved) moved = at->path.back();
  return at->land(std::move(moved), Place::kStart);
}

bool Cursor::valid_slow() const {
  return settled() && spot_->valid;
}

Bytes Cursor::key_slow() const {
  return settled() ? spot_->key : Bytes{};
}

Result<Bytes> Cursor::value_slow() const {
  KIST_ASSIGN(const CursorState* at, settled());
  if (!at->valid) return fail(ErrorCode::kCursorInvalid, "the cursor stands on no record");
  return at->whole_value();
}

}  // namespace kist::engine
