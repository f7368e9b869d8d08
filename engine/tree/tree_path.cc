#include "engine/tree/tree_path.h"

#include <algorithm>

#include "engine/tree/group.h"
#include "engine/tree/search.h"

namespace kist::engine {

TreePath& TreePath::operator=(const TreePath& other) {
  view_ = other.view_;
  shape_ = other.shape_;
  root_ = other.root_;
  depth_ = other.depth_;
  if (this != &other) std::copy_n(other.path_.begin(), depth_, path_.begin());
  return *this;
}

/// Forgets the position. False when the tree is empty. The level of a root bounds the way down,
/// because every page is held against the level of its parent.
Result<bool> TreePath::start() {
  depth_ = 0;
  if (root_.empty()) return false;
  if (root_.level() >= kMaxDepth) {
    return std::unexpected(view_->pager().damage(root_.page, "is the root of a tree too deep"));
  }
  return true;
}

/// The page behind `ref`, its first entry taken.
Result<TreePath::Step> TreePath::enter(const Ref& ref, std::uint8_t level) const {
  const std::uint8_t* page = fetch_page(*view_, ref, level, shape_);
  if (page == nullptr) return std::unexpected(view_->take_error());
  const std::size_t count = level == 0 ? LeafReader(page, view_->page_size(), shape_).count()
                                       : branch_view(*view_, page, shape_).count();
  if (count == 0) return std::unexpected(view_->damaged_page(page, "holds nothing"));
  return Step{page, 0, static_cast<std::uint32_t>(count)};
}

/// Walks from `ref` down to the first or last record below it; `steps` gets one step a level.
Result<void> TreePath::descend_edge(Ref ref, std::uint8_t level, bool rightmost,
                                    Step* steps) const {
  for (;; --level, ++steps) {
    KIST_ASSIGN(*steps, enter(ref, level));
    if (rightmost) steps->index = steps->count - 1;
    if (level == 0) return {};
    ref = branch_view(*view_, steps->page, shape_).ref(steps->index);
  }
}

Result<bool> TreePath::edge(bool rightmost) {
  KIST_ASSIGN(const bool any, start());
  if (!any) return false;
  KIST_TRY(descend_edge(root_, root_.level(), rightmost, path_.data()));
  depth_ = root_.level() + 1U;
  return true;
}

Result<bool> TreePath::lower_bound(Bytes key) {
  KIST_ASSIGN(const bool any, start());
  if (!any) return false;
  Ref ref = root_;
  Step* step = path_.data();
  for (std::uint8_t level = root_.level();; --level, ++step) {
    KIST_ASSIGN(*step, enter(ref, level));
    const Position at = level == 0 ? leaf_lower_bound(*view_, step->page, shape_, key)
                                   : branch_child_of(*view_, step->page, level, shape_, key);
    if (at.damaged) return std::unexpected(view_->take_error());
    if (at.index >= step->count + (level == 0 ? 1U : 0U)) {
      return std::unexpected(view_->damaged_page(step->page, "changed while being read"));
    }
    step->index = static_cast<std::uint32_t>(at.index);
    if (level == 0) {
      depth_ = root_.level() + 1U;
      return at.found && on_record();
    }
    ref = branch_view(*view_, step->page, shape_).ref(step->index);
  }
}

/// Leaves the leaf for its neighbour.
Result<bool> TreePath::across(bool forward) {
  const std::uint32_t levels = depth_;
  for (std::uint32_t depth = levels - 1; depth-- > 0;) {
    Step& branch = path_[depth];
    if (forward ? branch.index + 1 >= branch.count : branch.index == 0) continue;
    branch.index = forward ? branch.index + 1 : branch.index - 1;
    const Ref child = branch_view(*view_, branch.page, shape_).ref(branch.index);
    depth_ = 0;
    KIST_TRY(descend_edge(child, static_cast<std::uint8_t>(levels - 2 - depth), !forward,
                          path_.data() + depth + 1));
    depth_ = levels;
    return true;
  }
  return false;
}

TreePath::Step TreePath::sibling(bool forward) const {
  constexpr Step kNone{nullptr, 0, 0};
  if (depth_ < 2) return kNone;
  const Step& above = path_[depth_ - 2];
  const BranchView branch = branch_view(*view_, above.page, shape_);
  const std::size_t last = branch.count() - 1;  // of an empty branch no child is the last
  const std::size_t index = above.index + (forward ? 1 : static_cast<std::size_t>(-1));
  if (index > last || branch.count() != above.count) return kNone;
  const std::uint8_t* const page = view_->fetch_child(branch.stored_ref(index), shape_.kind(0));
  if (page == nullptr) return kNone;
  if (!forward) view_->prefetch_end(page);
  const auto count = static_cast<std::uint32_t>(LeafView(page, view_->page_size()).count());
  if (count == 0) return kNone;
  return {page, forward ? 0 : count - 1, count};
}

Result<bool> TreePath::nth(std::uint64_t& n, CountOf what) {
  const auto size = [&](const Ref& ref) { return what == CountOf::kKeys ? ref.keys : ref.count; };
  KIST_ASSIGN(const bool any, start());
  if (!any || n >= size(root_)) return false;
  Ref ref = root_;
  Step* step = path_.data();
  for (std::uint8_t level = root_.level(); level > 0; --level, ++step) {
    KIST_ASSIGN(*step, enter(ref, level));
    const BranchView branch = branch_view(*view_, step->page, shape_);
    for (;; ++step->index) {
      if (step->index >= branch.count()) return miscounted(step->page);
      ref = branch.ref(step->index);
      if (n < size(ref)) break;
      n -= size(ref);
    }
  }
  KIST_ASSIGN(*step, enter(ref, 0));
  if (shape_.multi && what == CountOf::kPairs) {
    for (;; ++step->index) {
      if (step->index >= step->count) return miscounted(step->page);
      const std::uint64_t pairs = pairs_of(step->page, step->index);
      if (n < pairs) break;
      n -= pairs;
    }
  } else {
    if (n >= step->count) return miscounted(step->page);
    step->index = static_cast<std::uint32_t>(n);
    n = 0;
  }
  depth_ = root_.level() + 1U;
  return true;
}

Result<std::uint64_t> TreePath::rank(CountOf what) const {
  std::uint64_t before = 0;
  for (std::uint32_t depth = 0; depth + 1 < depth_; ++depth) {
    const BranchView branch = branch_view(*view_, path_[depth].page, shape_);
    for (std::uint32_t i = 0; i < path_[depth].index; ++i) {
      const Ref ref = branch.ref(i);
      before += what == CountOf::kKeys ? ref.keys : ref.count;
    }
  }
  if (!placed()) return before;
  if (!shape_.multi || what == CountOf::kKeys) return before + index();
  for (std::uint32_t i = 0; i < index(); ++i) before += pairs_of(page(), i);
  return before;
}

/// Number of values of a record of a multimap's leaf; of a damaged one, none.
std::uint64_t TreePath::pairs_of(const std::uint8_t* leaf, std::uint32_t index) const {
  const LeafView view(leaf, view_->page_size());
  return index < view.count() ? group_count(view.record(index)) : 0;
}

std::unexpected<Error> TreePath::miscounted(const std::uint8_t* page) const {
  return std::unexpected(view_->damaged_page(page, "holds fewer records than its parent counts"));
}

LeafRecord TreePath::record() const {
  const LeafReader leaf(page(), view_->page_size(), shape_);
  // The page may have changed since the path came here.
  return index() < leaf.count() ? leaf.record(index()) : LeafRecord{};
}

bool TreePath::at_first() const {
  return std::all_of(path_.begin(), path_.begin() + depth_,
                     [](const Step& step) { return step.index == 0; });
}

bool TreePath::at_last() const {
  return placed() && std::all_of(path_.begin(), path_.begin() + depth_,
                                 [](const Step& step) { return step.index + 1 == step.count; });
}

}  // namespace kist::engine
