#pragma once

#include <array>
#include <cstdint>

#include <kist/engine/error.h>
#include <kist/engine/table.h>

#include "engine/pager/page_view.h"
#include "engine/tree/node.h"
#include "engine/tree/shape.h"

namespace kist::engine {

/// A position in one tree: the pages from its root down to a leaf and the index taken in each.
///
/// It stands on a record, or behind the last record of a leaf, or, before it was placed and in an
/// empty tree, nowhere. It borrows the pages: it is good until the transaction writes. Pages are
/// untrusted; whatever they hold, a path goes down kMaxDepth pages at most and stays inside them.
class TreePath {
 public:
  TreePath() = default;
  TreePath(const TreePath& other) { *this = other; }
  TreePath& operator=(const TreePath& other);
  ~TreePath() = default;

  /// Forgets the position and takes the tree behind `root`, which is copied. `view` is kept.
  void reset(const PageView& view, const TreeShape& shape, const Ref& root) {
    view_ = &view;
    shape_ = shape;
    root_ = root;
    depth_ = 0;
  }

  // Moves. After an error (kDamaged) the path stands nowhere.

  /// To the first record; false when there is none.
  Result<bool> first() { return edge(false); }
  /// To the last record; false when there is none.
  Result<bool> last() { return edge(true); }
  /// To the first record whose key is >= `key`, or behind the last record of a leaf when that comes
  /// just before it. Returns whether the key itself is there.
  Result<bool> lower_bound(Bytes key);
  /// To the record that holds number `n` from 0 of what is counted; `n` becomes what is left of it
  /// there, which is 0 but in a multimap. False, and nowhere, when there are not so many.
  Result<bool> nth(std::uint64_t& n, CountOf what);
  /// From behind the last record of a leaf to the next one. False, and no move, at the end of the
  /// tree; nothing to do on a record.
  Result<bool> settle() {
    if (depth_ == 0) return false;
    return index() < count() ? Result<bool>(true) : across(true);
  }
  /// To the next record. False, and no move, when there is none.
  Result<bool> forward() {
    if (depth_ == 0) return false;
    if (index() + 1 >= count()) return across(true);
    ++leaf().index;
    return true;
  }
  /// To the record before. False, and no move, when there is none.
  Result<bool> back() {
    if (depth_ == 0) return false;
    if (index() == 0) return across(false);
    --leaf().index;
    return true;
  }

  /// A page on the path and the entry taken in it.
  struct Step {
    const std::uint8_t* page;  // null: none
    std::uint32_t index;
    std::uint32_t count;
  };

  /// The leaf that comes after, or before, that of the position below the same branch, its first
  /// or last record taken. No page where there is none, or none that can be had that simply.
  /// REQUIRES: placed(), a tree without dense leaves.
  Step sibling(bool forward) const;
  /// Goes to what sibling() gave.
  void go_to_sibling(bool forward, const Step& sibling) {
    path_[depth_ - 2].index += forward ? 1U : static_cast<std::uint32_t>(-1);
    leaf() = sibling;
  }

  // Where it is.

  bool placed() const { return depth_ != 0; }
  bool on_record() const { return depth_ != 0 && index() < count(); }
  /// Whether nothing comes before the position.
  bool at_first() const;
  /// Whether it stands on the last record.
  bool at_last() const;
  /// How many of what is counted come before the position: the sum of what the pages' refs tell,
  /// so O(log n).
  Result<std::uint64_t> rank(CountOf what) const;

  // The leaf at its end. REQUIRES: placed().

  /// The record it stands on; no key when the page contradicts itself. REQUIRES: on_record().
  LeafRecord record() const;
  const std::uint8_t* page() const { return path_[depth_ - 1].page; }
  std::uint32_t index() const { return path_[depth_ - 1].index; }
  /// Records of the leaf.
  std::uint32_t count() const { return path_[depth_ - 1].count; }
  /// Moves within the leaf. REQUIRES: index <= count().
  void set_index(std::uint32_t index) { leaf().index = index; }

  const TreeShape& shape() const { return shape_; }
  const Ref& root() const { return root_; }

  /// The error of a page that contradicts itself.
  Error damaged(const char* what) const { return view_->damaged_page(page(), what); }

 private:
  Step& leaf() { return path_[depth_ - 1]; }
  Result<bool> start();
  Result<Step> enter(const Ref& ref, std::uint8_t level) const;
  Result<void> descend_edge(Ref ref, std::uint8_t level, bool rightmost, Step* steps) const;
  Result<bool> edge(bool rightmost);
  Result<bool> across(bool forward);
  std::uint64_t pairs_of(const std::uint8_t* leaf, std::uint32_t index) const;
  std::unexpected<Error> miscounted(const std::uint8_t* page) const;

  const PageView* view_ = nullptr;
  TreeShape shape_;
  Ref root_;
  std::uint32_t depth_ = 0;           // pages on path_: 0, or levels of the tree
  std::array<Step, kMaxDepth> path_;  // from the root to the leaf; only the first depth_ count
};

}  // namespace kist::engine
