#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <kist/engine/bytes.h>

namespace kist::engine {

/// The keys that a page may hold: lower <= key < upper. No upper bound: to the end.
struct KeyRange {
  Bytes lower;
  std::optional<Bytes> upper;
};

/// Holds the content of one leaf against the rules of engine/docs/format.md, whatever its checksum
/// says: header, heads, exact prefix, slots and heap without overlap or gap, zeroed slack, key
/// order, keys inside `range`, what is inline and what is not. Appends what is wrong to `faults`.
/// Reads nothing outside the page, which is `page.size()` bytes long.
void check_leaf_page(Bytes page, const KeyRange& range, std::vector<std::string>& faults);

/// The same for a branch. What its refs say is judged by the caller, who sees the children.
void check_branch_page(Bytes page, const KeyRange& range, std::vector<std::string>& faults);

/// Separator `index` of a branch, whole; empty for the first and where the page contradicts itself.
std::string whole_separator(Bytes page, std::size_t index);

/// Whether all bytes are zero.
bool all_zero(Bytes bytes);

}  // namespace kist::engine
