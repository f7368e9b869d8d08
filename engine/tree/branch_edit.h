#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "engine/tree/leaf_edit.h"
#include "engine/tree/node.h"

namespace kist::engine {

/// Changes to branch pages in private memory. REQUIRES of every page given: branch_is_sound(), so
/// that its header tells its shape.

/// A child and the separator in front of it, whole. The separator of a page's first child means
/// nothing and is stored empty.
struct BranchEntry {
  Bytes separator;
  Ref ref;
};

/// The entries of a branch with room for separators put together from prefix and rest.
struct BranchEntries {
  std::vector<BranchEntry> entries;
  std::deque<std::string> owned;  ///< Elements never move.

  /// Keeps a copy of `separator` for as long as the entries live.
  Bytes keep(Bytes separator) { return as_bytes(owned.emplace_back(as_text(separator))); }
  /// Appends all entries of `page`; the first with `first_separator`.
  void append(const std::uint8_t* page, std::size_t page_size, Bytes first_separator);
};

/// The branch `page` in private memory.
inline BranchView private_branch(const std::uint8_t* page, std::size_t page_size) {
  return {page, page_size, page_shape(page).ref_size()};
}

/// Less than branch_is_sound(), and faster: whether refs may be replaced.
bool branch_is_bounded(const std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                       std::uint8_t level);
/// Whether the page is a branch of `shape` at `level`, all separators lie inside the heap and sizes
/// add up; see leaf_is_sound(). Also that no stored ref claims to be in memory, unless `dirty`.
bool branch_is_sound(const std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                     std::uint8_t level, bool dirty);

/// Bytes that a branch of these entries takes, its header included.
std::size_t branch_size(const TreeShape& shape, std::span<const BranchEntry> entries);
/// Bytes of a branch that its entries take.
std::size_t branch_used(const std::uint8_t* page);
/// Writes a branch of `entries`, with the longest common prefix and every unused byte zero.
/// Separators must not lie in `page`; the entries must fit.
void branch_build(std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                  std::uint8_t level, std::span<const BranchEntry> entries);
/// Inserts an entry at `index` >= 1. False, and no change, when the free space is too small or the
/// separator lacks the page's prefix.
bool branch_insert(std::uint8_t* page, std::size_t page_size, std::size_t index,
                   const BranchEntry& entry);
/// Replaces the ref at `index`.
void branch_set_ref(std::uint8_t* page, std::size_t index, const Ref& ref);
/// Adds to the counts of the ref at `index`.
void branch_add_count(std::uint8_t* page, std::size_t index, std::int64_t pairs, std::int64_t keys);

/// The shortest separator s with left < s <= right. Borrowed from `right`.
/// (Prefix B-trees: Bayer and Unterauer, 1977.)
Bytes shortest_separator(Bytes left, Bytes right);
/// What divides two neighbouring leaf keys in a tree of `shape`: that, or the whole right one where
/// a comparator orders. Of long keys, what the leaf keeps of them. Borrowed from `right`.
inline Bytes separator_between(const TreeShape& shape, Bytes left, Bytes right) {
  return shape.by_comparator ? right : shortest_separator(left, right);
}

}  // namespace kist::engine
