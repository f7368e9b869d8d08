#include "engine/format/meta_slot.h"

#include <cstring>

#include "engine/base/checksum.h"
#include "engine/format/page.h"

namespace kist::engine {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic = {'K', 'i', 's', 't', 0x1A, 'D', 'B', 0x0A};

// Offsets inside a slot; see engine/docs/format.md.
constexpr std::size_t kChecksum = 0;
constexpr std::size_t kMagicAt = 8;
constexpr std::size_t kVersion = 16;
constexpr std::size_t kZero = 20;
constexpr std::size_t kFeatures = 24;       // a reader must know every bit
constexpr std::size_t kWriteFeatures = 32;  // a writer must know every bit
constexpr std::size_t kNonce = 40;
constexpr std::size_t kSeed = 56;
constexpr std::size_t kPageSize = 64;
constexpr std::size_t kPageReserve = 68;
constexpr std::size_t kFilePages = 72;
constexpr std::size_t kId = 80;
constexpr std::size_t kCommitNonce = 88;
constexpr std::size_t kBase = 96;
constexpr std::size_t kIdCeiling = 104;
constexpr std::size_t kConfirmed = 112;
constexpr std::size_t kState = 120;
constexpr std::size_t kIndex = 124;
constexpr std::size_t kCatalog = 128;
constexpr std::size_t kMain = kCatalog + TableRecord::kSize;
constexpr std::size_t kSpace = kMain + TableRecord::kSize;
constexpr std::size_t kDomainVersion = kSpace + ref_layout::kSize;
constexpr std::size_t kMarkers = kDomainVersion + 8;
constexpr std::size_t kMetadataSize = kMarkers + 24;
constexpr std::size_t kMetadata = kMetadataSize + 2;
constexpr std::size_t kEnd = kMetadata + Metadata::kMost;
static_assert(kMain == 192 && kSpace == 256 && kDomainVersion == 280 && kMetadataSize == 312);
static_assert(kEnd == 442);
static_assert(kEnd <= kMetaSlotSize);

// Offsets inside a table record.
constexpr std::size_t kTableRoot = 0;
constexpr std::size_t kTableKeys = 24;
constexpr std::size_t kTableSequence = 32;
constexpr std::size_t kTableCreated = 40;
constexpr std::size_t kTableKeyOrder = 48;
constexpr std::size_t kTableKind = 49;
constexpr std::size_t kTableValueOrder = 50;
constexpr std::size_t kTableZero = 51;
constexpr std::size_t kTableValueSize = 52;
constexpr std::size_t kTableKeyComparator = 54;
constexpr std::size_t kTableValueComparator = 55;
constexpr std::size_t kTableEnd = 56;

bool all_zero(std::span<const std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) {
    if (byte != 0) return false;
  }
  return true;
}

bool comparator_fits(std::uint8_t order, std::size_t name) {
  return order == static_cast<std::uint8_t>(Order::kCustom)
             ? name >= 1 && name <= kMaxComparatorName
             : order >= 1 && order < static_cast<std::uint8_t>(Order::kCustom) && name == 0;
}

bool consistent(const TableRecord& record) {
  if ((record.root.flags & ~kRefStoredFlags) != 0 ||
      !comparator_fits(static_cast<std::uint8_t>(record.key_order), record.key_comparator_size)) {
    return false;
  }
  if (!record.multi) {
    return record.value_order == 0 && record.value_size == 0 && record.value_comparator_size == 0;
  }
  const std::uint16_t implied = number_size(static_cast<Order>(record.value_order));
  return comparator_fits(record.value_order, record.value_comparator_size) &&
         (implied == 0 || implied == record.value_size);
}

bool consistent(const MetaSlot& slot, std::uint32_t index) {
  const auto state = static_cast<std::uint32_t>(slot.state);
  return valid_page_size(slot.page_size) && slot.index == index && state >= 1 && state <= 4 &&
         slot.id >= kFirstTransaction && slot.id <= kMax48 && slot.base <= slot.id &&
         slot.id < slot.id_ceiling && slot.metadata.size <= Metadata::kMost &&
         slot.id_ceiling <= kMax48 && slot.confirmed <= slot.id &&
         slot.file_pages >= first_page(slot.page_size) && slot.file_pages <= kMax48 &&
         slot.file_pages <= (std::uint64_t{1} << 62) / slot.page_size;
}

}  // namespace

void encode_table_record(const TableRecord& record, std::uint8_t* out) {
  std::memset(out, 0, TableRecord::kSize);
  store_ref(out + kTableRoot, record.root);
  store64(out + kTableKeys, record.root.keys);
  store64(out + kTableSequence, record.sequence);
  store64(out + kTableCreated, record.created);
  out[kTableKeyOrder] = static_cast<std::uint8_t>(record.key_order);
  out[kTableKind] = record.multi ? 1 : 0;
  out[kTableValueOrder] = record.value_order;
  store16(out + kTableValueSize, record.value_size);
  out[kTableKeyComparator] = record.key_comparator_size;
  out[kTableValueComparator] = record.value_comparator_size;
}

std::optional<TableRecord> decode_table_record(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < TableRecord::kSize) return std::nullopt;
  const std::uint8_t* p = bytes.data();
  TableRecord record{.root = load_ref(p + kTableRoot),
                     .sequence = load64(p + kTableSequence),
                     .created = load64(p + kTableCreated),
                     .key_order = static_cast<Order>(p[kTableKeyOrder]),
                     .multi = p[kTableKind] == 1,
                     .value_order = p[kTableValueOrder],
                     .value_size = load16(p + kTableValueSize),
                     .key_comparator_size = p[kTableKeyComparator],
                     .value_comparator_size = p[kTableValueComparator]};
  record.root.keys = load64(p + kTableKeys);
  const bool zeros =
      p[kTableZero] == 0 && all_zero(bytes.first(TableRecord::kSize).subspan(kTableEnd));
  if (p[kTableKind] > 1 || !zeros || !consistent(record) ||
      bytes.size() != TableRecord::kSize + record.names_size()) {
    return std::nullopt;
  }
  return record;
}

MetaSlotBytes encode_meta_slot(const MetaSlot& slot) {
  MetaSlotBytes bytes{};
  std::uint8_t* p = bytes.data();
  std::memcpy(p + kMagicAt, kMagic.data(), kMagic.size());
  store32(p + kVersion, kFormatVersion);
  store64(p + kNonce, slot.nonce_high);
  store64(p + kNonce + 8, slot.nonce_low);
  store64(p + kSeed, slot.seed);
  store32(p + kPageSize, slot.page_size);
  store64(p + kFilePages, slot.file_pages);
  store64(p + kId, slot.id);
  store64(p + kCommitNonce, slot.commit_nonce);
  store64(p + kBase, slot.base);
  store64(p + kIdCeiling, slot.id_ceiling);
  store64(p + kConfirmed, slot.confirmed);
  store32(p + kState, static_cast<std::uint32_t>(slot.state));
  store32(p + kIndex, slot.index);
  encode_table_record(slot.catalog, p + kCatalog);
  encode_table_record(slot.main, p + kMain);
  store_ref(p + kSpace, slot.space);
  store64(p + kDomainVersion, slot.domain_version);
  for (std::size_t i = 0; i < slot.markers.size(); ++i)
    store64(p + kMarkers + 8 * i, slot.markers[i]);
  store16(p + kMetadataSize, slot.metadata.size);
  std::memcpy(p + kMetadata, slot.metadata.bytes.data(), Metadata::kMost);
  store64(p + kChecksum, checksum(p + kMagicAt, kMetaSlotSize - kMagicAt, 0));
  return bytes;
}

DecodedSlot decode_meta_slot(std::span<const std::uint8_t, kMetaSlotSize> bytes,
                             std::uint32_t index) {
  DecodedSlot decoded;
  const std::uint8_t* p = bytes.data();
  if (std::memcmp(p + kMagicAt, kMagic.data(), kMagic.size()) != 0) {
    decoded.verdict = SlotVerdict::kNotAStore;
    return decoded;
  }
  if (load64(p + kChecksum) != checksum(p + kMagicAt, kMetaSlotSize - kMagicAt, 0)) return decoded;
  decoded.version = load32(p + kVersion);
  decoded.features = load64(p + kFeatures) | load64(p + kWriteFeatures);
  if (decoded.version > kFormatVersion || decoded.features != 0) {
    decoded.verdict = SlotVerdict::kNewer;
    return decoded;
  }
  const auto catalog = decode_table_record(bytes.subspan<kCatalog, TableRecord::kSize>());
  const auto main = decode_table_record(bytes.subspan<kMain, TableRecord::kSize>());
  if (!catalog || !main || !catalog->plain() || !main->plain() || load32(p + kZero) != 0 ||
      load32(p + kPageReserve) != 0)
    return decoded;
  MetaSlot& slot = decoded.slot;
  slot.nonce_high = load64(p + kNonce);
  slot.nonce_low = load64(p + kNonce + 8);
  slot.seed = load64(p + kSeed);
  slot.page_size = load32(p + kPageSize);
  slot.file_pages = load64(p + kFilePages);
  slot.id = load64(p + kId);
  slot.commit_nonce = load64(p + kCommitNonce);
  slot.base = load64(p + kBase);
  slot.id_ceiling = load64(p + kIdCeiling);
  slot.confirmed = load64(p + kConfirmed);
  slot.state = static_cast<SlotState>(load32(p + kState));
  slot.index = load32(p + kIndex);
  slot.catalog = *catalog;
  slot.main = *main;
  slot.space = load_ref(p + kSpace);
  slot.domain_version = load64(p + kDomainVersion);
  for (std::size_t i = 0; i < slot.markers.size(); ++i)
    slot.markers[i] = load64(p + kMarkers + 8 * i);
  slot.metadata.size = load16(p + kMetadataSize);
  std::memcpy(slot.metadata.bytes.data(), p + kMetadata, Metadata::kMost);
  if (decoded.version == kFormatVersion && consistent(slot, index)) {
    decoded.verdict = SlotVerdict::kValid;
  }
  return decoded;
}

}  // namespace kist::engine
