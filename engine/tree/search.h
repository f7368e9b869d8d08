#pragma once

#include <cstdint>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

#include "engine/pager/page_view.h"
#include "engine/tree/node.h"
#include "engine/tree/shape.h"
#include "engine/tree/tree_reader.h"

namespace kist::engine {

/// Search in trees of any shape. Plain trees have a faster way of their own: LeafView, BranchView
/// and find_record() of tree_reader.h. What takes a key REQUIRES shape.comparable().
///
/// A comparator that contradicts itself gives wrong places, never places outside a page.

/// The page that `ref` refers to in a tree of `shape`; null on failure, view.take_error() tells.
inline const std::uint8_t* fetch_page(const PageView& view, const Ref& ref, std::uint8_t level,
                                      const TreeShape& shape) {
  return view.fetch_kind(ref, shape.kind(level));
}

/// The branch `page` of a tree of `shape`.
inline BranchView branch_view(const PageView& view, const std::uint8_t* page,
                              const TreeShape& shape) {
  return {page, view.page_size(), shape.ref_size()};
}

/// Orders two keys as the tree does.
inline int compare_by(const TreeShape& shape, Bytes a, Bytes b) {
  if (shape.compare != nullptr) return (*shape.compare)(a, b);
  return compare_keys(a.data(), a.size(), b.data(), b.size());
}

/// The key of a leaf record, in trees with long keys the whole of it. Borrowed from the page, the
/// map, or the transaction. Errors: kDamaged.
Result<Bytes> whole_key(const PageView& view, const TreeShape& shape, const LeafRecord& record);

/// The first key below `ref`, which is not empty, whole. Errors: kDamaged.
Result<Bytes> first_key_below(const PageView& view, const Ref& ref, std::uint8_t level,
                              const TreeShape& shape);

/// First record of a leaf whose key is >= `key`; `index` is count() when there is none. `damaged`:
/// view.take_error() tells.
Position leaf_lower_bound(const PageView& view, const std::uint8_t* page, const TreeShape& shape,
                          Bytes key);

/// The child of a branch at `level` that holds `key`, or would: the last that does not begin behind
/// it. `damaged`: view.take_error() tells (an empty branch, too).
Position branch_child_of(const PageView& view, const std::uint8_t* page, std::uint8_t level,
                         const TreeShape& shape, Bytes key);

/// Looks `key` up in the tree behind `root`. The record is borrowed from the page.
Found find_record(const PageView& view, const Ref& root, const TreeShape& shape, Bytes key,
                  LeafRecord& record);

}  // namespace kist::engine
