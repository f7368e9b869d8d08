#pragma once

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

}  // namespace kist::engine
