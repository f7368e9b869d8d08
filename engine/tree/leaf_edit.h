#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/tree/node.h"

namespace kist::engine {

/// Changes to leaf pages in private memory. REQUIRES of every page given: leaf_is_sound(), so that
/// its header tells its shape.

/// What the header of a page in private memory tells of its tree: everything that changing the page
/// needs.
inline TreeShape page_shape(const std::uint8_t* page) {
  const auto type = static_cast<PageType>(page[page_layout::kType]);
  return {
      .by_comparator = (page[page_layout::kFlags] & kPageByComparator) != 0,
      .multi = type == PageType::kMultiBranch,
      .dense = static_cast<std::uint16_t>(type == PageType::kDenseLeaf ? page_prefix(page) : 0)};
}

/// Bytes of a page that entries can take.
constexpr std::size_t page_capacity(std::size_t page_size) {
  return page_size - page_layout::kHeaderSize;
}
/// Bytes that a record takes in a leaf: head, slot and heap, or in a dense one its key alone.
inline std::size_t leaf_entry_size(const TreeShape& shape, const LeafRecord& record) {
  if (shape.dense != 0) return shape.dense;
  return page_layout::kHeadSize + page_layout::kSlotSize + record.heap_size();
}
/// Bytes that the page's entries take.
std::size_t leaf_used(const std::uint8_t* page);

/// Whether a record's value is a reference. The page need not be sound.
bool leaf_has_indirect(const std::uint8_t* page, std::size_t page_size);
/// Less than leaf_is_sound(), and faster: whether values may be replaced by others of their size.
bool leaf_is_bounded(const std::uint8_t* page, std::size_t page_size, const TreeShape& shape);

/// Whether the page is a leaf of `shape`, all records lie inside the heap and their sizes add up,
/// so that editing and rebuilding the page stays inside it; also that no stored ref claims to be in
/// memory, unless `dirty`. Asked once of each page, after it was copied into private memory.
bool leaf_is_sound(const std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                   bool dirty);

/// Writes an empty leaf.
void leaf_init(std::uint8_t* page, std::size_t page_size, const TreeShape& shape);
/// Writes a leaf of `records` in the given order, with the longest common prefix, heads after it,
/// and every unused byte zero. The records must not lie in `page` and must fit.
void leaf_build(std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                std::span<const LeafRecord> records);
/// Appends the page's records, in order, to `records`.
void leaf_gather(const std::uint8_t* page, std::size_t page_size, std::vector<LeafRecord>& records);

/// Inserts `record` (which lies outside the page) at `index`. False, and no change, when the free
/// space between slots and heap is too small.
bool leaf_insert(std::uint8_t* page, std::size_t page_size, std::size_t index,
                 const LeafRecord& record);
/// Bytes that leaf_build() of the page's records would win for leaf_insert().
std::size_t leaf_holes(const std::uint8_t* page);
/// Removes the record at `index`.
void leaf_erase(std::uint8_t* page, std::size_t page_size, std::size_t index);
/// Overwrites the value at `index` with as many bytes.
void leaf_overwrite(std::uint8_t* page, std::size_t page_size, std::size_t index, Bytes value,
                    bool indirect);

}  // namespace kist::engine
