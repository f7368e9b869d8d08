#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <kist/engine/error.h>

#include "engine/format/meta_slot.h"
#include "engine/os/file.h"

namespace kist::engine {

/// What the four meta slots of a file hold.
struct SlotSet {
  std::array<DecodedSlot, kMetaSlots> slots;
  std::uint64_t file_size = 0;  ///< Bytes.
  bool blank = true;            ///< No byte of any slot is other than zero.

  /// The valid slots, newest first; of two with the same transaction, the surer state first, then
  /// the greater ceiling.
  std::vector<MetaSlot> newest_first() const;
  /// The prepared transaction that waits for its decision beside the newest committed one,
  /// `committed`; nothing when there is none.
  std::optional<MetaSlot> prepared_after(std::uint64_t committed) const;
  /// Ids below it may have been used, as far as any valid slot tells.
  std::uint64_t id_ceiling() const;
  /// Newest transaction that a clean close confirmed.
  std::uint64_t confirmed() const;
};

/// Reads the slots. Errors: kIo.
Result<SlotSet> read_slots(const os::File& file);

/// Nothing when the file can be opened as far as the slots tell. Errors: kNotAStore, kNewerFormat,
/// kDamaged (no valid slot, slots that contradict, or a file shorter than its newest slot says).
Result<void> judge_slots(const SlotSet& set, const std::string& path);

/// Overwrites slot `index` with zeros. Not flushed.
Result<void> erase_slot(os::File& file, std::uint32_t index);
/// Writes `slot` to its place. Not flushed.
Result<void> store_slot(os::File& file, const MetaSlot& slot);
/// Writes every slot again as it was read, and zeros to the places of `rejected` ones and of those
/// that are not valid. Not flushed. After it and a flush the device has what was read: what was
/// read may have been in the page cache only, because whoever wrote it died before its flush
/// returned, or because that flush failed.
Result<void> store_again(os::File& file, const SlotSet& set,
                         const std::vector<std::uint32_t>& rejected);

}  // namespace kist::engine
