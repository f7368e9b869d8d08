#pragma once

#include <optional>
#include <vector>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

#include "engine/pager/page_view.h"
#include "engine/tree/group.h"
#include "engine/tree/search.h"

namespace kist::engine {

/// Reading of groups where they lie in a tree. "Shape" is always that of the tree of values.

/// What to say of a group whose bytes `at` contradict each other.
inline Error damaged_group(const PageView& view, const std::uint8_t* at) {
  return view.damaged_at(at, "a group of values contradicts itself");
}

/// The group of a record of a multimap's main tree. Never damaged(). A nested one whose root claims
/// to be in memory is one that a write transaction put there. Errors: kDamaged.
Result<Group> read_group(const PageView& view, const LeafRecord& record, const TreeShape& shape);

/// The first, or last, value of a group, borrowed from the page, the map, or the transaction.
/// Errors: kDamaged.
Result<Bytes> first_value(const PageView& view, const Group& group, const TreeShape& shape);
Result<Bytes> last_value(const PageView& view, const Group& group, const TreeShape& shape);

/// Whether a group has `value`. REQUIRES shape.comparable(). Errors: kDamaged.
Result<bool> group_holds(const PageView& view, const Group& group, const TreeShape& shape,
                         Bytes value);

/// The values of the one leaf of a tree of values, borrowed, when they have to lie inline in the
/// record of a key of `key_size` bytes; nothing when they have to stay (group_shrinks()). A tree
/// that was made smaller is asked this when it has come down to one leaf.
std::optional<std::vector<Bytes>> values_to_inline(Bytes leaf_page, const TreeShape& shape,
                                                   std::size_t key_size);

}  // namespace kist::engine
