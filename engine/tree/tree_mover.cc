#include "engine/tree/tree_mover.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <deque>
#include <span>
#include <utility>

#include "engine/tree/branch_edit.h"
#include "engine/tree/leaf_edit.h"
#include "engine/tree/private_page.h"
#include "engine/tree/range_eraser.h"
#include "engine/tree/search.h"

namespace kist::engine {
namespace {

// Leaves are packed when at least one of so many is saved.
constexpr std::size_t kWorthSaving = 16;

}  // namespace

Result<Ref> TreeMover::move(const Ref& root, const TreeShape& shape, const TreeShape& values,
                            Where start) {
  assert(context_.changes > 0);
  stopped_ = false;
  start_ = std::move(start);
  where_.clear();
  if (root.empty()) return root;
  KIST_ASSIGN(Ref moved, move_page(root, root.level(), {shape, values}, 0, true));
  // A root with a single child gives way to it.
  while ((moved.flags & kRefDirty) != 0 && moved.level() > 0) {
    const BranchView branch =
        private_branch(context_.arena.page(moved.page), context_.view.page_size());
    if (branch.count() > 1) break;
    const Ref child = branch.ref(0);
    context_.free_page(moved);
    moved = child;
  }
  return moved;
}

void TreeMover::count(std::uint64_t pages) {
  moved_ += pages;
  stopped_ |= task_.enough(moved_);
}

/// The page behind `ref`, moved if it lies too far back or something below it was moved.
/// `on_start`: the walk before stopped somewhere below it.
Result<Ref> TreeMover::move_page(const Ref& ref, std::uint8_t level, const Shapes& shapes,
                                 std::size_t depth, bool on_start) {
  if ((ref.flags & kRefDirty) != 0) return ref;  // has no place yet
  const bool far = ref.page >= task_.from;
  const bool refers = level > 0 || (ref.flags & kRefIndirect) != 0;
  if (!far && !refers) return ref;
  std::vector<std::uint8_t> copy;
  KIST_TRY(private_page(context_, ref, level, shapes.pages, copy));
  bool changed = far;
  if (refers) {
    KIST_ASSIGN(const bool below, level > 0 ? move_children(copy, level, shapes, depth, on_start)
                                            : move_values(copy.data(), shapes));
    changed |= below;
  }
  if (!changed) return ref;
  if (far) count(1);
  const std::uint32_t index = context_.arena.allocate();
  std::uint8_t* page = context_.arena.page(index);
  std::memcpy(page, copy.data(), copy.size());
  store64(page + page_layout::kChecksum, 0);  // not edited
  context_.free_page(ref);
  return Ref{.page = index,
             .count = ref.count,
             .flags = static_cast<std::uint16_t>(kRefDirty | level),
             .keys = ref.keys};
}

Result<bool> TreeMover::move_children(std::vector<std::uint8_t>& page, std::uint8_t level,
                                      const Shapes& shapes, std::size_t depth, bool on_start) {
  const BranchView branch = private_branch(page.data(), page.size());
  // What was changed since the walk before may have put other children there: the next walk through
  // the whole tree finds them.
  const std::size_t start = on_start && depth < start_.size() ? start_[depth] : 0;
  bool changed = false;
  std::size_t i = start;
  while (i < branch.count()) {
    const Ref child = branch.ref(i);
    KIST_ASSIGN(const Ref moved, move_page(child, static_cast<std::uint8_t>(level - 1), shapes,
                                           depth + 1, on_start && i == start));
    if (moved != child) {
      branch_set_ref(page.data(), i, moved);
      changed = true;
    }
    const bool inside = stopped_ && where_.size() > depth;  // it stopped below the child
    if (level == 1) stopped_ |= task_.enough(moved_);
    if (!inside) ++i;
    if (stopped_) break;
  }
  const std::size_t before = branch.count();
  // The one in front of the first, too: that is where the step before stopped.
  KIST_ASSIGN(const bool joined, join_children(page, level, shapes, start == 0 ? 0 : start - 1, i));
  if (stopped_) {
    if (where_.size() <= depth) where_.resize(depth + 1);
    const std::size_t gone = before - private_branch(page.data(), page.size()).count();
    where_[depth] = i - std::min(i, gone);
  }
  return changed || joined;
}

/// Joins neighbours among children [first, last) of a branch in private memory.
Result<bool> TreeMover::join_children(std::vector<std::uint8_t>& page, std::uint8_t level,
                                      const Shapes& shapes, std::size_t first, std::size_t last) {
  BranchEntries branch;
  branch.append(page.data(), page.size(), {});
  KIST_ASSIGN(const bool joined, level == 1 ? pack_leaves(branch, shapes, first, last)
                                            : join_branches(branch, level, shapes, first, last));
  if (!joined) return false;
  std::vector<std::uint8_t> built(page.size());
  branch_build(built.data(), built.size(), shapes.pages, level, branch.entries);
  page = std::move(built);
  return true;
}

Result<bool> TreeMover::join_branches(BranchEntries& branch, std::uint8_t level,
                                      const Shapes& shapes, std::size_t first, std::size_t last) {
  std::vector<BranchEntry>& entries = branch.entries;
  RangeEraser joiner(context_, shapes.pages, shapes.values);
  bool joined = false;
  for (std::size_t i = first; i + 1 < std::min(last, entries.size());) {
    Ref& left = entries[i].ref;
    Ref& right = entries[i + 1].ref;
    // Of branches that did not change it is known already.
    bool merged = false;
    if ((left.flags & kRefDirty) != 0 || (right.flags & kRefDirty) != 0) {
      KIST_ASSIGN(merged, joiner.merge_branches(left, right, static_cast<std::uint8_t>(level - 1),
                                                entries[i + 1].separator));
    }
    if (!merged) {
      ++i;
      continue;
    }
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i + 1));
    --last;
    count(1);
    joined = true;
  }
  return joined;
}

/// Bytes that the records of leaves [first, last) take. From what may be any bytes: packing judges
/// the pages.
Result<std::size_t> TreeMover::used_bytes(const BranchEntries& branch, const Shapes& shapes,
                                          std::size_t first, std::size_t last) const {
  std::size_t used = 0;
  for (std::size_t i = first; i < last; ++i) {
    const std::uint8_t* page = fetch_page(context_.view, branch.entries[i].ref, 0, shapes.pages);
    if (page == nullptr) return std::unexpected(context_.view.take_error());
    used += leaf_used(page);
  }
  return used;
}

/// Puts the records of leaves [first, last) into as few leaves as they need, where that saves
/// enough.
Result<bool> TreeMover::pack_leaves(BranchEntries& branch, const Shapes& shapes, std::size_t first,
                                    std::size_t last) {
  const std::size_t page_size = context_.view.page_size();
  const std::size_t capacity = page_capacity(page_size);
  const std::size_t leaves = last - first;
  KIST_ASSIGN(const std::size_t used, used_bytes(branch, shapes, first, last));
  if ((used + capacity - 1) / capacity + leaves / kWorthSaving + 1 > leaves) return false;

  std::deque<std::vector<std::uint8_t>> copies;
  std::vector<LeafRecord> records;
  for (std::size_t i = first; i < last; ++i) {
    KIST_ASSIGN(const std::uint8_t* page, private_page(context_, branch.entries[i].ref, 0,
                                                       shapes.pages, copies.emplace_back()));
    leaf_gather(page, page_size, records);
  }
  std::vector<std::size_t> starts;  // of each new leaf, in `records`
  std::size_t room = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::size_t size = leaf_entry_size(shapes.pages, records[i]);
    if (size > room) {
      starts.push_back(i);
      room = capacity;
    }
    room -= size;
  }
  if (starts.empty() || starts.size() >= leaves) return false;

  std::vector<BranchEntry> entries(branch.entries.begin(),
                                   branch.entries.begin() + static_cast<std::ptrdiff_t>(first));
  for (const std::size_t start : starts) {
    const Bytes separator =
        start == 0 ? branch.entries[first].separator
                   : branch.keep(separator_between(shapes.pages, records[start - 1].key_bytes(),
                                                   records[start].key_bytes()));
    entries.push_back({separator, {}});
  }
  entries.insert(entries.end(), branch.entries.begin() + static_cast<std::ptrdiff_t>(last),
                 branch.entries.end());
  // Fewer entries, but perhaps with longer separators.
  if (branch_size(shapes.pages, entries) > page_size) return false;

  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t end = i + 1 < starts.size() ? starts[i + 1] : records.size();
    const std::span part = std::span(records).subspan(starts[i], end - starts[i]);
    const std::uint32_t index = context_.arena.allocate();
    leaf_build(context_.arena.page(index), page_size, shapes.pages, part);
    std::uint64_t pairs = 0;
    for (const LeafRecord& record : part) pairs += record_pairs(shapes.pages, record);
    entries[first + i].ref = {
        .page = index, .count = pairs, .flags = kRefDirty, .keys = part.size()};
  }
  for (std::size_t i = first; i < last; ++i) context_.free_page(branch.entries[i].ref);
  branch.entries = std::move(entries);
  count(leaves);
  return true;
}

/// What the records of a leaf refer to. A leaf is done in one go, so that a walk that goes on there
/// always comes further.
Result<bool> TreeMover::move_values(std::uint8_t* page, const Shapes& shapes) {
  const LeafReader leaf(page, context_.view.page_size(), shapes.pages);
  bool changed = false;
  for (std::size_t i = 0; i < leaf.count(); ++i) {
    const LeafRecord record = leaf.record(i);
    if (!record.indirect) continue;
    const Ref ref = load_ref(record.value());
    Ref moved = ref;
    if (shapes.pages.multi && (ref.flags & kRefNested) != 0) {
      Ref root = ref;
      root.flags &= static_cast<std::uint16_t>(~kRefNested);
      // A tree of values is walked whole, for the same reason.
      const Task whole{.from = task_.from,
                       .fits_before = task_.fits_before,
                       .add_value = task_.add_value,
                       .enough = [](std::uint64_t) { return false; }};
      TreeMover within(context_, whole);
      KIST_ASSIGN(moved, within.move(root, shapes.values, {}, {}));
      if (moved != root) count(within.moved());
      moved.flags |= kRefNested;
    } else {
      KIST_ASSIGN(moved, move_value(ref, record.value()));
    }
    if (moved == ref) continue;
    std::uint8_t stored[ref_layout::kSize];
    store_ref(stored, moved);
    leaf_overwrite(page, context_.view.page_size(), i, stored, true);
    changed = true;
  }
  return changed;
}

Result<Ref> TreeMover::move_value(const Ref& ref, const std::uint8_t* stored) {
  const std::uint64_t pages =
      overflow_pages(ref.count, static_cast<std::uint32_t>(context_.view.page_size()));
  // To a place before the one it has, or not at all: what is long may fit nowhere else.
  if (ref.page + pages <= task_.from || !task_.fits_before(pages, ref.page)) return ref;
  KIST_ASSIGN(const Bytes value, context_.view.large_value(stored));
  KIST_ASSIGN(const Ref moved, task_.add_value(value));
  context_.free_value(ref);
  count(pages);
  return moved;
}

}  // namespace kist::engine
