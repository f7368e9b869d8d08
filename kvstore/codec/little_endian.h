#pragma once

#include <cstddef>
#include <cstdint>

namespace kist::codec {

/// Reads eight bytes, lowest first.
inline std::uint64_t load_u64(const std::uint8_t* from) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value |= static_cast<std::uint64_t>(from[i]) << (8 * i);
  return value;
}

/// Writes eight bytes, lowest first.
inline void store_u64(std::uint64_t value, std::uint8_t* to) {
  for (std::size_t i = 0; i < 8; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

}  // namespace kist::codec
