#include "engine/upkeep/increment.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "engine/base/byte_order.h"
#include "engine/base/checksum.h"

namespace kist::engine {
namespace {

constexpr std::string_view kMagic = "KistIncr";
constexpr std::uint32_t kVersion = 1;

namespace layout {
constexpr std::size_t kMagicAt = 0;
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kSince = 16;
constexpr std::size_t kSinceNonce = 24;
constexpr std::size_t kPieces = 32;
constexpr std::size_t kPages = 40;
constexpr std::size_t kSlot = 64;
constexpr std::size_t kChecksum = 576;
static_assert(kSlot + kMetaSlotSize == kChecksum && kChecksum + 8 <= kIncrementHeaderSize);
}  // namespace layout

}  // namespace

IncrementHeaderBytes encode_increment_header(const IncrementHeader& header) {
  IncrementHeaderBytes bytes{};
  std::ranges::copy(kMagic, bytes.begin() + layout::kMagicAt);
  store32(bytes.data() + layout::kVersionAt, kVersion);
  store64(bytes.data() + layout::kSince, header.since);
  store64(bytes.data() + layout::kSinceNonce, header.since_nonce);
  store64(bytes.data() + layout::kPieces, header.pieces);
  store64(bytes.data() + layout::kPages, header.pages);
  MetaSlot slot = header.slot;
  slot.index = 0;
  std::ranges::copy(encode_meta_slot(slot), bytes.begin() + layout::kSlot);
  store64(bytes.data() + layout::kChecksum, checksum(bytes.data(), layout::kChecksum, 0));
  return bytes;
}

Result<IncrementHeader> decode_increment_header(const IncrementHeaderBytes& bytes,
                                                const std::string& path) {
  if (!std::ranges::equal(kMagic, std::span(bytes).first(kMagic.size()))) {
    return fail(ErrorCode::kNotAStore, path + ": is no incremental backup");
  }
  if (load64(bytes.data() + layout::kChecksum) != checksum(bytes.data(), layout::kChecksum, 0)) {
    return fail(ErrorCode::kDamaged, path + ": its header does not match its checksum");
  }
  if (const std::uint32_t version = load32(bytes.data() + layout::kVersionAt);
      version != kVersion) {
    return fail(ErrorCode::kNewerFormat,
                fmt::format("{}: incremental backup of version {}, this library knows {}", path,
                            version, kVersion));
  }
  const DecodedSlot decoded =
      decode_meta_slot(std::span(bytes).subspan<layout::kSlot, kMetaSlotSize>(), 0);
  if (decoded.verdict == SlotVerdict::kNewer) {
    return fail(ErrorCode::kNewerFormat, path + ": its environment needs a newer version");
  }
  if (decoded.verdict != SlotVerdict::kValid) {
    return fail(ErrorCode::kDamaged, path + ": its meta slot is not whole");
  }
  IncrementHeader header;
  header.since = load64(bytes.data() + layout::kSince);
  header.since_nonce = load64(bytes.data() + layout::kSinceNonce);
  header.pieces = load64(bytes.data() + layout::kPieces);
  header.pages = load64(bytes.data() + layout::kPages);
  header.slot = decoded.slot;
  return header;
}

IncrementPieceBytes encode_increment_piece(const IncrementPiece& piece) {
  IncrementPieceBytes bytes{};
  store64(bytes.data(), piece.run.start);
  store64(bytes.data() + 8, piece.run.pages);
  store64(bytes.data() + 16, piece.checksum);
  return bytes;
}

IncrementPiece decode_increment_piece(const IncrementPieceBytes& bytes) {
  return {{load64(bytes.data()), load64(bytes.data() + 8)}, load64(bytes.data() + 16)};
}

std::uint64_t increment_checksum(const Run& run, std::span<const std::uint8_t> pages,
                                 std::uint64_t seed) {
  constexpr std::uint64_t kPlace = 0x9E3779B97F4A7C15U;
  return checksum(pages.data(), pages.size(), seed + run.start * kPlace + run.pages);
}

}  // namespace kist::engine
