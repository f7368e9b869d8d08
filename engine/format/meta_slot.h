#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <kist/engine/table.h>

#include "engine/format/ref.h"

namespace kist::engine {

inline constexpr std::size_t kMetaSlots = 4;
inline constexpr std::uint64_t kMetaSlotStride = 4096;  ///< each slot in a block of its own
inline constexpr std::size_t kMetaSlotSize = 512;
inline constexpr std::uint32_t kFormatVersion = 1;
/// Smallest transaction id: the empty store that creation writes. 0 and 1 mean something else where
/// snapshots are pinned.
inline constexpr std::uint64_t kFirstTransaction = 2;

/// How far a slot can be trusted.
enum class SlotState : std::uint32_t {
  kDurable = 1,  ///< Written before the one flush of its commit: proven down to `base` before use.
  kRelaxed = 2,  ///< No flush asked for; proven like a durable one.
  kConfirmed = 3,  ///< Written after a flush had vouched for everything below it.
  kPrepared = 4,   ///< First half of a two-phase commit: pinned, not opened.
};

/// What the file says of one table. In the catalog the names of its comparators stand behind it,
/// first that of the keys, then that of the values.
struct TableRecord {
  Ref root;                    ///< Counts records, or pairs, and distinct keys.
  std::uint64_t sequence = 0;  ///< Persistent sequence.
  std::uint64_t created = 0;   ///< Transaction that created the table.
  Order key_order = Order::kBytes;
  bool multi = false;                    ///< A multimap.
  std::uint8_t value_order = 0;          ///< Order of a multimap's values; 0 in other tables.
  std::uint16_t value_size = 0;          ///< Of each value of a multimap; 0: of any size.
  std::uint8_t key_comparator_size = 0;  ///< Bytes of the name; 0 but with Order::kCustom.
  std::uint8_t value_comparator_size = 0;

  /// Bytes of the comparators' names behind it.
  std::size_t names_size() const {
    return std::size_t{key_comparator_size} + value_comparator_size;
  }
  /// Byte order, one value a key, as the default table and the catalog have it.
  bool plain() const { return key_order == Order::kBytes && !multi; }

  static constexpr std::size_t kSize = 64;
  friend bool operator==(const TableRecord&, const TableRecord&) = default;
};

inline constexpr std::size_t kMaxComparatorName = 32;
/// Bytes of every key, or value, in an order of numbers; 0 in other orders.
constexpr std::uint16_t number_size(Order order) {
  switch (order) {
    case Order::kUint32:
    case Order::kInt32:
      return 4;
    case Order::kUint64:
    case Order::kInt64:
    case Order::kDouble:
      return 8;
    default:
      return 0;
  }
}

void encode_table_record(const TableRecord& record, std::uint8_t* out);
/// Reads a record from the first TableRecord::kSize bytes; behind them exactly the names of its
/// comparators must follow. Nothing when the bytes are no record this version understands.
std::optional<TableRecord> decode_table_record(std::span<const std::uint8_t> bytes);

/// Bytes of the user's own about the environment.
struct Metadata {
  static constexpr std::size_t kMost = 128;
  std::uint16_t size = 0;
  std::array<std::uint8_t, kMost> bytes{};  ///< Zero from `size` on.
  friend bool operator==(const Metadata&, const Metadata&) = default;
};

/// Everything about one committed state that is not in pages.
struct MetaSlot {
  std::uint64_t nonce_high = 0;  ///< Identity of the environment, random, same in every slot.
  std::uint64_t nonce_low = 0;
  std::uint64_t seed = 0;  ///< Key of all page checksums.
  std::uint32_t page_size = 0;
  std::uint64_t file_pages = 0;  ///< The file has at least this length; flushed before the slot.
  std::uint64_t id = 0;          ///< Transaction.
  std::uint64_t commit_nonce = 0;
  std::uint64_t base = 0;        ///< Newest transaction that was durable when this was written.
  std::uint64_t id_ceiling = 0;  ///< Ids below it may have been used after this slot was written.
  std::uint64_t confirmed = 0;   ///< Newest transaction that a clean close confirmed.
  SlotState state = SlotState::kDurable;
  std::uint32_t index = 0;  ///< Position of this slot, 0 to 3.
  TableRecord catalog;      ///< Named tables: name -> TableRecord.
  TableRecord main;         ///< The unnamed default table.
  Ref space;                ///< Newest space record; count is its length in bytes.
  std::uint64_t domain_version = 0;
  std::array<std::uint64_t, 3> markers{};
  Metadata metadata;

  friend bool operator==(const MetaSlot&, const MetaSlot&) = default;
};

using MetaSlotBytes = std::array<std::uint8_t, kMetaSlotSize>;

MetaSlotBytes encode_meta_slot(const MetaSlot& slot);

enum class SlotVerdict : std::uint8_t {
  kValid,
  kBroken,    ///< Torn, damaged or never written.
  kNewer,     ///< Whole, but of a format version or with features unknown here.
  kNotAStore  ///< No trace of the magic.
};

struct DecodedSlot {
  SlotVerdict verdict = SlotVerdict::kBroken;
  std::uint32_t version = 0;   ///< Of a kNewer slot.
  std::uint64_t features = 0;  ///< Unknown features of a kNewer slot.
  MetaSlot slot;               ///< When kValid.
};

/// Judges the 512 bytes found at the place of slot `index`.
DecodedSlot decode_meta_slot(std::span<const std::uint8_t, kMetaSlotSize> bytes,
                             std::uint32_t index);

}  // namespace kist::engine
