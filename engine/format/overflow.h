#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/format/page.h"

namespace kist::engine {

/// Overflow run: page header, u64 value length, u64 checksum of the chunk table, the value, padding
/// to 8 bytes, one u64 checksum per 64 KiB of value, zeros to the end of the last page. The
/// header's checksum covers only the header itself.
namespace overflow_layout {
inline constexpr std::size_t kLength = 32;
inline constexpr std::size_t kTableChecksum = 40;
inline constexpr std::size_t kValue = 48;
inline constexpr std::size_t kChunk = 65536;
}  // namespace overflow_layout

constexpr std::uint64_t overflow_chunks(std::uint64_t length) {
  return (length + overflow_layout::kChunk - 1) / overflow_layout::kChunk;
}
/// Offset of the chunk table from the start of the run.
constexpr std::uint64_t overflow_table_offset(std::uint64_t length) {
  return (overflow_layout::kValue + length + 7) / 8 * 8;
}
/// Pages of the run that holds a value of `length` bytes (at most kMaxValueSize).
constexpr std::uint64_t overflow_pages(std::uint64_t length, std::uint32_t page_size) {
  const std::uint64_t bytes = overflow_table_offset(length) + 8 * overflow_chunks(length);
  return (bytes + page_size - 1) / page_size;
}
/// Key of the checksum of one chunk: bound to the run's place, birth and the chunk's index, so that
/// a chunk of another run or another time does not pass.
constexpr std::uint64_t overflow_chunk_seed(std::uint64_t seed, std::uint64_t page,
                                            std::uint64_t birth, std::uint64_t index) {
  return seed + page * 0x9E3779B97F4A7C15U + birth * 0xC2B2AE3D27D4EB4FU +
         index * 0x165667B19E3779F9U;
}

}  // namespace kist::engine
