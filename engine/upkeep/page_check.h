#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <kist/engine/bytes.h>

#include "engine/tree/node.h"
#include "engine/tree/shape.h"

namespace kist::engine {

/// The keys that a page may hold: lower <= key < upper. No upper bound: to the end.
struct KeyRange {
  Bytes lower;
  std::optional<Bytes> upper;
};

/// What the pages of one tree are held against. Order is judged where shape.comparable().
struct PageRules {
  TreeShape shape = {};
  TreeShape values = {};  ///< Of a multimap's groups.
  /// Not 0: every key has so many bytes; in a multimap, every value.
  std::size_t key_size = 0;
  std::size_t value_size = 0;
  /// The whole of a key that lies in an overflow run, in trees with long keys; nothing when it
  /// cannot be read. It stays good as long as the page.
  std::function<std::optional<Bytes>(const LeafRecord&)> whole_key = {};
};

/// Holds the content of one leaf against the rules of engine/docs/format.md, whatever its checksum
/// says: header, heads, exact prefix, slots and heap without overlap or gap, zeroed slack, key
/// order, keys inside `range`, what is inline and what is not, groups of values. `before` is the
/// last key of the leaf before it, if any, and becomes that of this one. Appends what is wrong to
/// `faults`. Reads nothing outside the page, which is `page.size()` bytes long.
void check_leaf_page(Bytes page, const PageRules& rules, const KeyRange& range,
                     std::optional<Bytes>& before, std::vector<std::string>& faults);

/// The same for a branch. What its refs say is judged by the caller, who sees the children.
void check_branch_page(Bytes page, const PageRules& rules, const KeyRange& range,
                       std::vector<std::string>& faults);

/// Separator `index` of a branch, whole; empty for the first and where the page contradicts itself.
std::string whole_separator(Bytes page, const TreeShape& shape, std::size_t index);

/// Whether all bytes are zero.
bool all_zero(Bytes bytes);

}  // namespace kist::engine
