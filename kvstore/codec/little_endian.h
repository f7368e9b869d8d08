#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace kist::codec {

/// Reads eight bytes, lowest first.
inline std::uint64_t load_u64(const std::uint8_t* from) {
  std::uint64_t value = 0;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  return value;
}

/// Writes eight bytes, lowest first.
inline void store_u64(std::uint64_t value, std::uint8_t* to) {
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace kist::codec
