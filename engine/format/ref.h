#pragma once

#include <cstdint>

#include "engine/base/byte_order.h"

namespace kist::engine {

/// A reference to a page or run, and what must be found there. Stored in 24 bytes in branch
/// entries, leaf records (large values), table records and meta slots.
struct Ref {
  std::uint64_t page = 0;      ///< Page number; 0 refers to nothing. In a dirty ref an arena index.
  std::uint64_t birth = 0;     ///< Transaction that wrote it.
  std::uint64_t count = 0;     ///< Records below (tree page; pairs, in a multimap), bytes (runs).
  std::uint32_t checksum = 0;  ///< Low 32 bits of the page's checksum.
  std::uint16_t flags = 0;     ///< Level in the low byte, kRef... bits above it.
  /// Distinct keys below; equals `count` except in the main tree of a multimap. Stored only there,
  /// in branches, and in table records.
  std::uint64_t keys = 0;

  bool empty() const { return page == 0 && (flags & 0x8000U) == 0; }
  std::uint8_t level() const { return static_cast<std::uint8_t>(flags); }
  friend bool operator==(const Ref&, const Ref&) = default;
};

/// The leaves below, or this leaf, refer to overflow runs or nested trees. Without it a subtree is
/// freed without visiting its leaves.
inline constexpr std::uint16_t kRefIndirect = 0x0100;
/// In a record of a multimap's main tree: the value is the root of a nested tree whose keys are the
/// values of the record's key.
inline constexpr std::uint16_t kRefNested = 0x0200;
/// Memory only: `page` is the index of an arena page or pending large value of the write
/// transaction.
inline constexpr std::uint16_t kRefDirty = 0x8000;
/// Flag bits that may appear in a file; in records of leaves also kRefNested.
inline constexpr std::uint16_t kRefStoredFlags = 0x01FF;

namespace ref_layout {
inline constexpr std::size_t kPage = 0;
inline constexpr std::size_t kBirth = 6;
inline constexpr std::size_t kCount = 12;
inline constexpr std::size_t kChecksum = 18;
inline constexpr std::size_t kFlags = 22;
inline constexpr std::size_t kSize = 24;
inline constexpr std::size_t kKeys = 24;       ///< in branches of multimaps only
inline constexpr std::size_t kMultiSize = 30;  ///< there
static_assert(kFlags + sizeof(Ref::flags) == kSize);
}  // namespace ref_layout

inline Ref load_ref(const std::uint8_t* p) {
  const std::uint64_t count = load48(p + ref_layout::kCount);
  return {load48(p + ref_layout::kPage),     load48(p + ref_layout::kBirth), count,
          load32(p + ref_layout::kChecksum), load16(p + ref_layout::kFlags), count};
}

/// Whether a stored ref has kRefDirty.
inline bool stored_ref_dirty(const std::uint8_t* p) {
  static_assert(kRefDirty == 0x8000);
  return (pinned_in_register(p[ref_layout::kFlags + 1]) & 0x80U) != 0;
}

inline void store_ref(std::uint8_t* p, const Ref& ref) {
  store48(p + ref_layout::kPage, ref.page);
  store48(p + ref_layout::kBirth, ref.birth);
  store48(p + ref_layout::kCount, ref.count);
  store32(p + ref_layout::kChecksum, ref.checksum);
  store16(p + ref_layout::kFlags, ref.flags);
}

/// The same with the count of keys behind it, as branches of multimaps have it.
inline Ref load_multi_ref(const std::uint8_t* p) {
  Ref ref = load_ref(p);
  ref.keys = load48(p + ref_layout::kKeys);
  return ref;
}

inline void store_multi_ref(std::uint8_t* p, const Ref& ref) {
  store_ref(p, ref);
  store48(p + ref_layout::kKeys, ref.keys);
}

}  // namespace kist::engine
