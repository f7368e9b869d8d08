#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <kist/engine/error.h>

#include "engine/tree/branch_edit.h"
#include "engine/tree/shape.h"
#include "engine/tree/write_context.h"

namespace kist::engine {

/// Makes trees smaller: packs neighbouring leaves, joins neighbouring branches, and copies the
/// pages that lie in the part of the file that is to become free, so that the commit gives them
/// other places. The content stays as it is. Needs no comparator.
///
/// Walks in key order and stops when it has moved enough; where() then tells how to go on.
class TreeMover {
 public:
  /// Child indexes from the root to where a walk stopped, the root's first.
  using Where = std::vector<std::size_t>;

  struct Task {
    std::uint64_t from = 0;  ///< Pages from here on are to go elsewhere.
    /// Whether there is a run of that many pages before `page`.
    std::function<bool(std::uint64_t pages, std::uint64_t page)> fits_before;
    /// Keeps a large value for the commit, or writes it, and returns the ref to it.
    std::function<Result<Ref>(Bytes value)> add_value;
    /// Whether to stop; asked after each page that was moved or found to lie well.
    std::function<bool(std::uint64_t moved)> enough;
  };

  /// Both are borrowed.
  TreeMover(WriteContext& context, const Task& task) : context_(context), task_(task) {}

  /// Moves what has to be of the tree behind `root`, whose trees of values have the shape `values`.
  /// `start`: where() of the walk before through this tree, which may have changed since; empty:
  /// from its first page. Returns the root, which is dirty when something moved. Errors: kDamaged.
  Result<Ref> move(const Ref& root, const TreeShape& shape, const TreeShape& values, Where start);

  /// Pages moved or given up so far, the paths to them not counted.
  std::uint64_t moved() const { return moved_; }
  /// Whether the last walk stopped before the end of its tree.
  bool stopped() const { return stopped_; }
  const Where& where() const { return where_; }

 private:
  struct Shapes {
    const TreeShape& pages;
    const TreeShape& values;
  };
  Result<Ref> move_page(const Ref& ref, std::uint8_t level, const Shapes& shapes, std::size_t depth,
                        bool on_start);
  Result<bool> move_children(std::vector<std::uint8_t>& page, std::uint8_t level,
                             const Shapes& shapes, std::size_t depth, bool on_start);
  Result<bool> join_children(std::vector<std::uint8_t>& page, std::uint8_t level,
                             const Shapes& shapes, std::size_t first, std::size_t last);
  Result<bool> join_branches(BranchEntries& branch, std::uint8_t level, const Shapes& shapes,
                             std::size_t first, std::size_t last);
  Result<std::size_t> used_bytes(const BranchEntries& branch, const Shapes& shapes,
                                 std::size_t first, std::size_t last) const;
  Result<bool> pack_leaves(BranchEntries& branch, const Shapes& shapes, std::size_t first,
                           std::size_t last);
  Result<bool> move_values(std::uint8_t* page, const Shapes& shapes);
  Result<Ref> move_value(const Ref& ref, const std::uint8_t* stored);
  void count(std::uint64_t pages);

  WriteContext& context_;
  const Task& task_;
  std::uint64_t moved_ = 0;
  bool stopped_ = false;
  Where start_;
  Where where_;
};

}  // namespace kist::engine
