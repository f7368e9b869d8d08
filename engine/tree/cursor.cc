#include <fmt/format.h>

#include <kist/engine/cursor.h>

#include "engine/tree/node.h"
#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"

namespace kist::engine {

Cursor::Cursor(Snapshot* snapshot, std::uint32_t table)
    : snapshot_(snapshot),
      table_(table),
      writes_(&snapshot->write_count()),
      page_size_(static_cast<std::uint32_t>(snapshot->view.page_size())),
      map_damaged_(snapshot->view.damaged_flag()) {}

/// Forgets the position and finds the root of the table as it is now.
Result<const Ref*> Cursor::restart() {
  valid_ = false;
  depth_ = 0;
  key_ = {};
  raw_value_ = {};
  write_count_ = snapshot_->write_count();
  if (table_ == kCatalog) return &snapshot_->catalog.root;
  const Table table = snapshot_->environment->handle(table_);
  if (const Ref* root = snapshot_->root(table)) return root;
  KIST_ASSIGN(TableState * state, snapshot_->present(table));
  if (state->plain) return &state->record.root;
  return fail(ErrorCode::kUnsupported, "cursors over tables of this order or kind");
}

Result<bool> Cursor::off(Off side) {
  valid_ = false;
  off_ = side;
  key_ = {};
  raw_value_ = {};
  if (snapshot_->view.map_damaged()) return std::unexpected(snapshot_->unreadable());
  return false;
}

/// Takes record `index` of the leaf. False when the page contradicts itself or the map is damaged.
inline bool Cursor::take(std::uint32_t index) {
  const LeafRecord record = leaf_record(leaf_, page_size_, slots_, index);
  if (record.key == nullptr || map_damaged_->load(std::memory_order_relaxed) != 0) [[unlikely]] {
    return false;
  }
  index_ = index;
  key_ = record.key_bytes();
  raw_value_ = record.value_bytes();
  indirect_ = record.indirect;
  return true;
}

/// Steps inside the leaf, which is nearly every step. False leaves everything to step(), a
/// transaction that came through fork(), too: its maps are marked as damaged.
bool Cursor::advance(bool forward) {
  const std::uint32_t index = forward ? index_ + 1 : index_ - 1;
  if (!valid_ || write_count_ != *writes_ || index >= count_) [[unlikely]]
    return false;
  return take(index);
}

/// Takes the record at the end of the path.
Result<bool> Cursor::load() {
  const Step& step = path_[depth_ - 1];
  const LeafView leaf(step.page, page_size_);
  leaf_ = step.page;
  slots_ = leaf.slots();
  count_ = static_cast<std::uint32_t>(leaf.count());
  valid_ = step.index < count_ && take(step.index);
  if (valid_) [[likely]]
    return true;
  if (snapshot_->view.map_damaged()) return std::unexpected(snapshot_->unreadable());
  return std::unexpected(snapshot_->view.damaged_page(leaf_, "a record lies outside the page"));
}

/// Walks from `from` down to the first or last record below it, adding to the path.
Result<bool> Cursor::descend_edge(const Ref& from, std::uint8_t level, bool rightmost) {
  const PageView& view = snapshot_->view;
  Ref ref = from;
  for (;; --level) {
    const std::uint8_t* page = view.fetch(ref, level);
    if (page == nullptr) return std::unexpected(view.take_error());
    const std::size_t count = level == 0 ? LeafView(page, view.page_size()).count()
                                         : BranchView(page, view.page_size()).count();
    if (count == 0 || depth_ >= kMaxDepth) {
      return std::unexpected(view.damaged_page(page, "is empty, or the tree is too deep"));
    }
    const std::size_t index = rightmost ? count - 1 : 0;
    path_[depth_++] = {page, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(count)};
    if (level == 0) return load();
    ref = BranchView(page, view.page_size()).ref(index);
  }
}

/// Walks from the root to the leaf where `key` is or would be; its index may be one past the last.
/// False when the table is empty.
Result<bool> Cursor::descend_to(Bytes key, bool& found) {
  KIST_ASSIGN(const Ref* root, restart());
  if (root->empty()) return false;
  const PageView& view = snapshot_->view;
  Ref ref = *root;
  for (std::uint8_t level = ref.level();; --level) {
    const std::uint8_t* page = view.fetch(ref, level);
    if (page == nullptr) return std::unexpected(view.take_error());
    Position at;
    std::size_t count = 0;
    if (level == 0) {
      const LeafView leaf(page, view.page_size());
      count = leaf.count();
      at = leaf.lower_bound(key);
    } else {
      const BranchView branch(page, view.page_size());
      count = branch.count();
      at = branch.child_of(key);
    }
    if (at.damaged || depth_ >= kMaxDepth) {
      return std::unexpected(view.damaged_page(page, "contradicts itself"));
    }
    path_[depth_++] = {page, static_cast<std::uint32_t>(at.index),
                       static_cast<std::uint32_t>(count)};
    if (level == 0) {
      found = at.found;
      return true;
    }
    ref = BranchView(page, view.page_size()).ref(at.index);
  }
}

/// Leaves the leaf for its neighbour.
Result<bool> Cursor::step_across(bool forward) {
  std::uint8_t level = 0;
  while (depth_ > 1) {
    --depth_;
    ++level;
    Step& branch = path_[depth_ - 1];
    if (forward ? branch.index + 1 >= branch.count : branch.index == 0) continue;
    branch.index = forward ? branch.index + 1 : branch.index - 1;
    const BranchView view(branch.page, snapshot_->view.page_size());
    if (branch.index >= view.count()) {
      return std::unexpected(snapshot_->view.damaged_page(branch.page, "changed while being read"));
    }
    return descend_edge(view.ref(branch.index), static_cast<std::uint8_t>(level - 1), !forward);
  }
  return off(forward ? Off::kEnd : Off::kStart);
}

Result<bool> Cursor::first() {
  KIST_ASSIGN(const Ref* root, restart());
  if (root->empty()) return off(Off::kEnd);
  return descend_edge(*root, root->level(), false);
}

Result<bool> Cursor::last() {
  KIST_ASSIGN(const Ref* root, restart());
  if (root->empty()) return off(Off::kStart);
  return descend_edge(*root, root->level(), true);
}

/// One record on, or back.
Result<bool> Cursor::step(bool forward) {
  if (!valid_) {
    if (forward && off_ == Off::kStart) return first();
    if (!forward && off_ == Off::kEnd) return last();
  }
  const bool written = write_count_ != snapshot_->write_count();
  if (!valid_ && !(written && off_ == Off::kNone)) return false;
  if (written || snapshot_->stale()) [[unlikely]] {
    valid_ = false;
    off_ = Off::kNone;
    return fail(ErrorCode::kCursorInvalid,
                "the transaction has written since the cursor was placed; place it again");
  }
  const std::uint32_t index = forward ? index_ + 1 : index_ - 1;
  if (index < count_) {
    path_[depth_ - 1].index = index;
    return load();
  }
  return step_across(forward);
}

Result<bool> Cursor::seek_exact(Bytes key) {
  bool found = false;
  KIST_ASSIGN(const bool any, descend_to(key, found));
  if (any && found) return load();
  return off(Off::kNone);
}

Result<bool> Cursor::seek(Bytes key) {
  bool found = false;
  KIST_ASSIGN(const bool any, descend_to(key, found));
  if (!any) return off(Off::kEnd);
  const Step& leaf = path_[depth_ - 1];
  return leaf.index < leaf.count ? load() : step_across(true);
}

Result<bool> Cursor::seek_back(Bytes key) {
  bool found = false;
  KIST_ASSIGN(const bool any, descend_to(key, found));
  if (!any) return off(Off::kStart);
  Step& leaf = path_[depth_ - 1];
  if (found) return load();
  if (leaf.index == 0) return step_across(false);
  --leaf.index;
  return load();
}

Result<Bytes> Cursor::value_slow() const {
  if (!valid_) return fail(ErrorCode::kCursorInvalid, "the cursor stands on no record");
  if (write_count_ != snapshot_->write_count()) {
    return fail(ErrorCode::kCursorInvalid,
                "the transaction has written since the cursor was placed; place it again");
  }
  if (snapshot_->view.map_damaged()) return std::unexpected(snapshot_->unreadable());
  if (!indirect_) return raw_value_;
  return snapshot_->view.large_value(raw_value_.data());
}

}  // namespace kist::engine
