#include "engine/txn/cursor_state.h"

#include <cassert>
#include <limits>
#include <utility>

#include "engine/txn/environment.h"
#include "engine/txn/write_state.h"

namespace kist::engine {
namespace {

// Of a position that was not found again.
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

}  // namespace

CursorState::CursorState(std::shared_ptr<Snapshot> of, Table in)
    : snapshot(std::move(of)), table(in), environment_(snapshot->environment->serial()) {
  writes = &snapshot->write_count();
  write_count = kNever;
}

CursorState::CursorState(const CursorState& other)
    : Cursor::Spot(other),
      path(other.path),
      snapshot(other.snapshot),
      table(other.table),
      held_key(other.held_key),
      held_value(other.held_value),
      environment_(other.environment_),
      lost_(other.lost_) {
  if (other.attached_) attach();
}

void CursorState::attach() {
  if (attached_ || snapshot->write == nullptr) return;
  attached_ = true;
  attached_before_ = nullptr;
  attached_behind_ = std::exchange(snapshot->attached, this);
  if (attached_behind_ != nullptr) attached_behind_->attached_before_ = this;
}

void CursorState::detach() {
  if (!std::exchange(attached_, false)) return;
  (attached_before_ != nullptr ? attached_before_->attached_behind_ : snapshot->attached) =
      attached_behind_;
  if (attached_behind_ != nullptr) attached_behind_->attached_before_ = attached_before_;
}

void CursorState::hold() {
  detach();
  if (!valid) return;
  place = Place::kAtKey;
  held_key.assign(as_text(key));
  held_value.reset();
  if (path.multi()) {
    if (const Result<Bytes> whole = whole_value(); whole) {
      held_value.emplace(as_text(*whole));
    } else {
      lost_ = true;
    }
  }
  clear();
}

/// Stands on no record.
void CursorState::clear() {
  valid = false;
  direct = false;
  key = {};
  value = {};
  index = 0;
  count = 0;
}

Result<void> CursorState::restart() {
  clear();
  write_count = kNever;
  lost_ = false;
  KIST_TRY(snapshot->usable());
  if (const Ref* root = snapshot->root(table)) {
    path.reset(snapshot->view, kPlainShape, kPlainShape, *root);
  } else {
    KIST_ASSIGN(const TableState* state, snapshot->present(table));
    path.reset(snapshot->view, state->shape, state->values, state->record.root);
  }
  last_start = static_cast<std::uint32_t>(snapshot->view.page_size() - page_layout::kRecordHeader);
  map_damaged = snapshot->view.damaged_flag();
  write_count = snapshot->write_count();
  return {};
}

Result<void> CursorState::settle() {
  if (write_count == *writes) [[likely]] {
    if (snapshot->view.map_damaged()) return std::unexpected(snapshot->unreadable());
    if (count != 0) path.main().set_index(index);
    return {};
  }
  KIST_TRY(snapshot->usable());
  if (lost_) {
    return fail(ErrorCode::kDamaged, snapshot->environment->path +
                                         ": the value that the cursor stood on could not be read");
  }
  // Only a read transaction leaves its cursors standing: it goes over to another commit.
  assert(!valid || snapshot->write == nullptr);
  if (snapshot->write == nullptr) place = Place::kStart;
  KIST_TRY(restart());
  if (place != Place::kAtKey) return {};
  Result<bool> found = held_value ? path.lower_bound(as_bytes(held_key), as_bytes(*held_value))
                                  : path.lower_bound(as_bytes(held_key));
  if (found && *found) found = load();
  if (found) return {};
  write_count = kNever;
  return std::unexpected(std::move(found).error());
}

Result<void> CursorState::rebind(const std::shared_ptr<Snapshot>& other) {
  if (!other) return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
  KIST_TRY(other->usable());
  if (other->environment->serial() != environment_) {
    return fail(ErrorCode::kMisuse, "rebind: a transaction of another database");
  }
  detach();
  clear();
  place = Place::kStart;
  lost_ = false;
  write_count = kNever;
  snapshot = other;
  writes = &snapshot->write_count();
  return {};
}

Result<bool> CursorState::off(Place end) {
  clear();
  place = end;
  if (snapshot->view.map_damaged()) return std::unexpected(snapshot->unreadable());
  return false;
}

/// Stands on the record that the path stands on.
Result<bool> CursorState::load() {
  const LeafRecord record = path.record();
  const StoredValue stored = record.key == nullptr ? StoredValue{} : path.value();
  if (snapshot->view.map_damaged()) return std::unexpected(snapshot->unreadable());
  if (stored.bytes.data() == nullptr) {
    return std::unexpected(path.main().damaged("a record lies outside the page"));
  }
  valid = true;
  direct = !stored.indirect;
  key = record.key_bytes();
  value = stored.bytes;
  index = 0;
  count = 0;
  if (direct && !path.multi()) {
    const LeafView view(path.main().page(), snapshot->view.page_size());
    leaf = path.main().page();
    slots = view.slots();
    index = path.main().index();
    count = path.main().count();
  }
  attach();
  return true;
}

bool CursorState::cross(bool forward) {
  if (forward ? index + 1 != count : index != 0) return false;
  const PageView& view = snapshot->view;
  TreePath& main = path.main();
  const TreePath::Step sibling = main.sibling(forward);
  if (sibling.page == nullptr) return false;
  const std::uint8_t* const its_slots =
      sibling.page + page_layout::kHeaderSize + page_layout::kHeadSize * std::size_t{sibling.count};
  const LeafRecord record = leaf_record(sibling.page, view.page_size(), its_slots, sibling.index);
  if (record.key == nullptr || record.indirect || view.map_damaged()) [[unlikely]]
    return false;
  main.go_to_sibling(forward, sibling);
  key = record.key_bytes();
  value = record.value_bytes();
  leaf = sibling.page;
  slots = its_slots;
  index = sibling.index;
  count = sibling.count;
  return true;
}

Result<bool> CursorState::land(Result<bool> moved, Place otherwise) {
  if (moved && !*moved) return off(otherwise);
  return land_or_stay(std::move(moved));
}

Result<bool> CursorState::land_or_stay(Result<bool> moved) {
  if (moved && !*moved) return false;
  if (moved) moved = load();
  if (moved) return true;
  clear();
  place = Place::kStart;
  if (snapshot->view.map_damaged()) return std::unexpected(snapshot->unreadable());
  return moved;
}

Result<bool> CursorState::land_exact(Result<bool> found, Bytes wanted,
                                     std::optional<Bytes> wanted_value) {
  if (!found || *found) return land(std::move(found), Place::kStart);
  held_key.assign(as_text(wanted));
  held_value.reset();
  if (wanted_value) held_value.emplace(as_text(*wanted_value));
  return off(Place::kAtKey);
}

Result<Bytes> CursorState::whole_value() const {
  if (direct) return value;
  return snapshot->view.large_value(value.data());
}

}  // namespace kist::engine
