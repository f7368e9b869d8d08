#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "engine/base/byte_order.h"
#include "engine/format/ref.h"

namespace kist::engine {

inline constexpr std::uint32_t kMinPageSize = 256;
inline constexpr std::uint32_t kMaxPageSize = 65536;
inline constexpr std::uint32_t kDefaultPageSize = 4096;

/// Deepest tree that is accepted. A tree of 256-byte pages reaches it only with hostile keys.
inline constexpr std::size_t kMaxDepth = 48;

constexpr bool valid_page_size(std::uint64_t size) {
  return size >= kMinPageSize && size <= kMaxPageSize && std::has_single_bit(size);
}

enum class PageType : std::uint8_t {
  kLeaf = 1,
  kBranch = 2,
  kOverflow = 3,
  kSpace = 4,
  kDenseLeaf = 5,    ///< keys of one size, back to back, without values
  kMultiBranch = 6,  ///< branch whose entries count distinct keys, too
};

/// Page flag: the keys are ordered by a comparator, so that heads are 0 and nothing has a prefix.
inline constexpr std::uint8_t kPageByComparator = 0x01;

/// Header of every page but the meta slots (of the first page of a run, for runs).
namespace page_layout {
inline constexpr std::size_t kChecksum = 0;  ///< u64 over the bytes behind it, keyed by the seed
inline constexpr std::size_t kNumber = 8;    ///< u48, this page's own number
inline constexpr std::size_t kBirth = 14;    ///< u48, transaction that wrote it
inline constexpr std::size_t kType = 20;     ///< u8 PageType
inline constexpr std::size_t kVersion = 21;  ///< u8 version of the type, 1
inline constexpr std::size_t kLevel = 22;    ///< u8, 0 for leaves and runs
inline constexpr std::size_t kFlags = 23;    ///< u8 kPage... bits
inline constexpr std::size_t kCount = 24;    ///< u16 entries
inline constexpr std::size_t kPrefix =
    26;  ///< u16 length of the prefix of all keys; dense: of a key
inline constexpr std::size_t kHeapSize = 28;  ///< u16 bytes used at the end of the page
inline constexpr std::size_t kHoles = 30;     ///< u16 unused bytes inside the heap; zero in a file
inline constexpr std::size_t kHeaderSize = 32;

inline constexpr std::size_t kHeadSize = 4;         ///< one key head
inline constexpr std::size_t kSlotSize = 2;         ///< one heap offset
inline constexpr std::size_t kRecordHeader = 4;     ///< leaf: u16 key size, u16 value size | flag
inline constexpr std::size_t kSeparatorHeader = 2;  ///< branch: u16 size of the separator's rest
inline constexpr std::uint16_t kIndirectValue = 0x8000;  ///< value bytes are a 24-byte Ref
}  // namespace page_layout

/// Type, version, level and flags as one word, for one compare at each touch of a page.
constexpr std::uint32_t page_kind(PageType type, std::uint8_t level, std::uint8_t flags = 0) {
  return static_cast<std::uint32_t>(type) | (1U << 8) | (std::uint32_t{level} << 16) |
         (std::uint32_t{flags} << 24);
}
/// Of a tree in byte order with one value a key; others: TreeShape::kind().
constexpr std::uint32_t tree_page_kind(std::uint8_t level) {
  return page_kind(level == 0 ? PageType::kLeaf : PageType::kBranch, level);
}

inline std::size_t page_count(const std::uint8_t* p) {
  return load16(p + page_layout::kCount);
}
inline std::size_t page_prefix(const std::uint8_t* p) {
  return load16(p + page_layout::kPrefix);
}

/// Longest key: two longest separators never share a branch, but one always fits.
constexpr std::size_t max_key_size(std::uint32_t page_size) {
  return page_size / 2 - 26;
}

/// Largest leaf entry (head, slot, record header, key, value) kept inline; longer values go to an
/// overflow run. Two of them fill a page.
constexpr std::size_t max_inline_entry(std::uint32_t page_size) {
  return (page_size - page_layout::kHeaderSize) / 2;
}
inline constexpr std::size_t kLeafEntryOverhead =
    page_layout::kHeadSize + page_layout::kSlotSize + page_layout::kRecordHeader;
inline constexpr std::size_t kBranchEntryOverhead = page_layout::kHeadSize +
                                                    page_layout::kSlotSize + ref_layout::kSize +
                                                    page_layout::kSeparatorHeader;

constexpr bool value_fits_inline(std::uint32_t page_size, std::size_t key, std::size_t value) {
  return value < 0x8000 && kLeafEntryOverhead + key + value <= max_inline_entry(page_size);
}

/// Longest value of a multimap that lies whole in a page: in a tree of values it is a key, and two
/// of the entries that longer ones leave behind, of so many bytes and a Ref, fill a leaf.
constexpr std::size_t inline_value_limit(std::uint32_t page_size) {
  return page_size / 2 - 50;
}
static_assert(kLeafEntryOverhead + inline_value_limit(256) + ref_layout::kSize ==
              max_inline_entry(256));

/// Longest name of a table: its record must stay inline.
constexpr std::size_t max_table_name_size(std::uint32_t page_size) {
  return max_inline_entry(page_size) - kLeafEntryOverhead - 64;
}

/// Longest value: bounded by the 48 bits of a Ref and by the page numbers.
inline constexpr std::uint64_t kMaxValueSize = std::uint64_t{1} << 40;

/// First page behind the four meta slots.
constexpr std::uint64_t first_page(std::uint32_t page_size) {
  return (16384 + page_size - 1) / page_size;
}

// The worst leaf and the worst branch fit at every page size.
static_assert(page_layout::kHeaderSize + kLeafEntryOverhead + max_key_size(256) +
                  ref_layout::kSize <=
              256);
static_assert(page_layout::kHeaderSize + 2 * kBranchEntryOverhead + max_key_size(256) <= 256);
static_assert(page_layout::kHeaderSize + 2 * (kBranchEntryOverhead + 6) + max_key_size(256) <= 256);
static_assert(max_key_size(4096) >= 2022 && max_key_size(65536) >= 32742);
static_assert(max_inline_entry(65536) < 0x8000);

}  // namespace kist::engine
