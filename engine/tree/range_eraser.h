#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <kist/engine/error.h>

#include "engine/tree/branch_edit.h"
#include "engine/tree/search.h"
#include "engine/tree/write_context.h"

namespace kist::engine {

/// Removes a range of keys from one tree. Subtrees that lie inside the range are given up whole:
/// their leaves are not visited unless they hold large values or nested trees. Only the pages on
/// the two borders are read and changed; where they become small they are joined with each other,
/// and border branches with their neighbours.
class RangeEraser {
 public:
  /// `values` is the shape of the trees of values of a multimap. All must outlive the eraser.
  /// REQUIRES shape.comparable().
  RangeEraser(WriteContext& context, const TreeShape& shape, const TreeShape& values)
      : context_(context), shape_(shape), values_(values) {}

  /// Removes all records with from <= key and key < to, where these are given, from the tree behind
  /// `root`. Errors: kDamaged; the tree may be half changed then.
  Result<void> erase(Ref& root, std::optional<Bytes> from, std::optional<Bytes> to);

  /// Joins two neighbouring branches of `level`, which `separator` divides, when one page has room
  /// for both: `right` is empty then. Whether it was done. Needs no comparator.
  Result<bool> merge_branches(Ref& left, Ref& right, std::uint8_t level, Bytes separator);

 private:
  /// The part of a subtree to remove; nothing: as far as the subtree goes.
  struct Bounds {
    std::optional<Bytes> from;
    std::optional<Bytes> to;
  };

  /// What is left of the subtree behind `ref`: itself when nothing was removed, an empty Ref when
  /// everything was.
  Result<Ref> trim(const Ref& ref, std::uint8_t level, const Bounds& bounds);
  Result<Ref> trim_leaf(const Ref& ref, const Bounds& bounds);
  Result<Ref> trim_branch(const Ref& ref, std::uint8_t level, const Bounds& bounds);
  /// Removes what lies between children `first` and `last` and what of those is inside the bounds.
  /// False when there was nothing.
  Result<bool> cut(BranchEntries& branch, std::uint8_t level, std::size_t first, std::size_t last,
                   const Bounds& bounds);

  /// Joins two neighbouring subtrees at the pages that touch, from the leaves up. `right` becomes
  /// empty when all of it went to the left; `separator`, which divides them, becomes another when a
  /// part did. Nothing is joined that would need a separator that does not pass `fits`: the branch
  /// above has no room for it. `behind` is the separator that would come next if `right` became
  /// empty; nothing when none would be needed.
  using Fits = std::function<bool(Bytes separator)>;
  Result<void> join(Ref& left, Ref& right, std::uint8_t level, std::string& separator,
                    std::optional<Bytes> behind, const Fits& fits);
  Result<void> join_leaves(Ref& left, Ref& right);
  /// Joins branch `index`, when it is small, with a neighbour under the same parent; their children
  /// stay as they are.
  Result<void> mend(std::vector<BranchEntry>& entries, std::uint8_t level, std::size_t index);

  Result<BranchEntries> entries_of(const Ref& ref, std::uint8_t level, Bytes first_separator);
  /// Writes a leaf of `records`, or a branch of `entries`, in place of the page behind `ref`.
  Ref rebuild(const Ref& ref, std::span<const LeafRecord> records);
  Ref rebuild(const Ref& ref, std::uint8_t level, std::span<const BranchEntry> entries);
  /// Whether a branch of these entries should be joined with a neighbour.
  bool is_small(std::span<const BranchEntry> entries) const {
    return branch_size(shape_, entries) < page_size() / 4;
  }
  std::size_t page_size() const { return context_.view.page_size(); }

  WriteContext& context_;
  const TreeShape& shape_;
  const TreeShape& values_;
};

}  // namespace kist::engine
