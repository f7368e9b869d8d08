#include "engine/upkeep/slots.h"

#include <algorithm>

#include <fmt/format.h>

namespace kist::engine {
namespace {

// Slots of one transaction: confirmed vouches for more than durable, durable for more than relaxed.
int sureness(const MetaSlot& slot) {
  switch (slot.state) {
    case SlotState::kConfirmed:
      return 3;
    case SlotState::kDurable:
      return 2;
    case SlotState::kRelaxed:
      return 1;
    case SlotState::kPrepared:
      return 0;
  }
  return 0;
}

}  // namespace

std::vector<MetaSlot> SlotSet::newest_first() const {
  std::vector<MetaSlot> valid;
  for (const DecodedSlot& decoded : slots) {
    if (decoded.verdict == SlotVerdict::kValid && decoded.slot.state != SlotState::kPrepared) {
      valid.push_back(decoded.slot);
    }
  }
  std::sort(valid.begin(), valid.end(), [](const MetaSlot& a, const MetaSlot& b) {
    if (a.id != b.id) return a.id > b.id;
    if (sureness(a) != sureness(b)) return sureness(a) > sureness(b);
    // The next slot goes behind the one that is taken. It must not go over the only one that knows
    // which ids were used.
    return a.id_ceiling > b.id_ceiling;
  });
  return valid;
}

std::optional<MetaSlot> SlotSet::prepared_after(std::uint64_t committed) const {
  for (const DecodedSlot& decoded : slots) {
    if (decoded.verdict == SlotVerdict::kValid && decoded.slot.state == SlotState::kPrepared &&
        decoded.slot.id > committed) {
      return decoded.slot;
    }
  }
  return std::nullopt;
}

std::uint64_t SlotSet::id_ceiling() const {
  std::uint64_t ceiling = 0;
  for (const DecodedSlot& decoded : slots) {
    if (decoded.verdict == SlotVerdict::kValid) {
      ceiling = std::max(ceiling, decoded.slot.id_ceiling);
    }
  }
  return ceiling;
}

std::uint64_t SlotSet::confirmed() const {
  std::uint64_t confirmed = 0;
  for (const DecodedSlot& decoded : slots) {
    if (decoded.verdict == SlotVerdict::kValid) {
      confirmed = std::max(confirmed, decoded.slot.confirmed);
    }
  }
  return confirmed;
}

Result<SlotSet> read_slots(const os::File& file) {
  SlotSet set;
  KIST_ASSIGN(set.file_size, file.size());
  for (std::uint32_t i = 0; i < kMetaSlots; ++i) {
    MetaSlotBytes bytes{};
    KIST_TRY(file.read_at(i * kMetaSlotStride, bytes));
    set.blank = set.blank && std::ranges::all_of(bytes, [](std::uint8_t b) { return b == 0; });
    set.slots[i] = decode_meta_slot(bytes, i);
  }
  // A live file may have grown before the slots were read, or shrunk after: either length will do.
  KIST_ASSIGN(const std::uint64_t size, file.size());
  set.file_size = std::max(set.file_size, size);
  return set;
}

Result<void> judge_slots(const SlotSet& set, const std::string& path) {
  bool magic = false;
  for (const DecodedSlot& decoded : set.slots) {
    magic = magic || decoded.verdict != SlotVerdict::kNotAStore;
    if (decoded.verdict != SlotVerdict::kNewer) continue;
    if (decoded.version > kFormatVersion) {
      return fail(ErrorCode::kNewerFormat,
                  fmt::format("{}: format version {}, this library knows up to {}", path,
                              decoded.version, kFormatVersion));
    }
    return fail(ErrorCode::kNewerFormat,
                fmt::format("{}: needs features {:#x} that this library does not know", path,
                            decoded.features));
  }
  if (set.blank) {
    return fail(ErrorCode::kDamaged, fmt::format("{}: {}", path,
                                                 set.file_size == 0 ? "the file is empty"
                                                                    : "the file holds zeros only"));
  }
  if (!magic) return fail(ErrorCode::kNotAStore, path + ": is not a Kist store");
  const std::vector<MetaSlot> valid = set.newest_first();
  if (valid.empty()) {
    return fail(ErrorCode::kDamaged, path + ": none of the four meta slots is whole");
  }
  for (const MetaSlot& slot : valid) {
    const MetaSlot& first = valid.front();
    if (slot.nonce_high != first.nonce_high || slot.nonce_low != first.nonce_low ||
        slot.seed != first.seed || slot.page_size != first.page_size) {
      return fail(ErrorCode::kDamaged, path + ": meta slots are of different stores");
    }
  }
  const std::uint64_t bytes = valid.front().file_pages * valid.front().page_size;
  if (set.file_size < bytes) {
    return fail(ErrorCode::kDamaged, fmt::format("{}: cut short: {} bytes, its newest slot says {}",
                                                 path, set.file_size, bytes));
  }
  return {};
}

Result<void> erase_slot(os::File& file, std::uint32_t index) {
  const MetaSlotBytes zeros{};
  return file.write_at(index * kMetaSlotStride, Bytes(zeros));
}

Result<void> store_slot(os::File& file, const MetaSlot& slot) {
  const MetaSlotBytes bytes = encode_meta_slot(slot);
  return file.write_at(slot.index * kMetaSlotStride, Bytes(bytes));
}

Result<void> store_again(os::File& file, const SlotSet& set,
                         const std::vector<std::uint32_t>& rejected) {
  for (std::uint32_t i = 0; i < kMetaSlots; ++i) {
    const bool keeps = set.slots[i].verdict == SlotVerdict::kValid &&
                       std::ranges::find(rejected, i) == rejected.end();
    KIST_TRY(keeps ? store_slot(file, set.slots[i].slot) : erase_slot(file, i));
  }
  return {};
}

}  // namespace kist::engine
