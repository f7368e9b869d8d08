#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <kist/engine/error.h>

#include "engine/format/meta_slot.h"
#include "engine/space/run.h"

namespace kist::engine {

/// An incremental backup: this header, then pieces, each a piece header and the pages it names.
struct IncrementHeader {
  std::uint64_t since = 0;        ///< Transaction of the state that it continues.
  std::uint64_t since_nonce = 0;  ///< Nonce of that commit.
  std::uint64_t pieces = 0;
  std::uint64_t pages = 0;  ///< In all pieces.
  MetaSlot slot;            ///< Of the state that it leads to.
};

/// Consecutive pages. Of no more than kIncrementPieceBytes bytes, or one page.
struct IncrementPiece {
  Run run;
  std::uint64_t checksum = 0;
};

inline constexpr std::uint64_t kIncrementPieceBytes = std::uint64_t{1} << 20;
inline constexpr std::size_t kIncrementHeaderSize = 640;
inline constexpr std::size_t kIncrementPieceSize = 24;
using IncrementHeaderBytes = std::array<std::uint8_t, kIncrementHeaderSize>;
using IncrementPieceBytes = std::array<std::uint8_t, kIncrementPieceSize>;

IncrementHeaderBytes encode_increment_header(const IncrementHeader& header);
/// Errors: kNotAStore when it is none, kNewerFormat, kDamaged. Messages begin with `path`.
Result<IncrementHeader> decode_increment_header(const IncrementHeaderBytes& bytes,
                                                const std::string& path);

IncrementPieceBytes encode_increment_piece(const IncrementPiece& piece);
IncrementPiece decode_increment_piece(const IncrementPieceBytes& bytes);
/// Checksum of the pages of `run`, bound to their place.
std::uint64_t increment_checksum(const Run& run, std::span<const std::uint8_t> pages,
                                 std::uint64_t seed);

}  // namespace kist::engine
