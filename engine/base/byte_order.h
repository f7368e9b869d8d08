#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

namespace kist::engine {

/// Little-endian loads and stores at any alignment.
///
/// A loaded value passes through a register barrier, so that the compiler cannot read the memory a
/// second time: a bound checked once holds even when another process changes the mapped bytes.

template <typename T>
inline T pinned_in_register(T value) {
  asm("" : "+r"(value));
  return value;
}

template <typename T>
inline T load_le(const std::uint8_t* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  if constexpr (std::endian::native == std::endian::big && sizeof(T) > 1) {
    T swapped = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) swapped |= static_cast<T>(T{p[i]} << (8 * i));
    value = swapped;
  }
  // Pinned as a whole register, so that what is made of it need not be widened again.
  const std::uint64_t wide = pinned_in_register(std::uint64_t{value});
  if (wide > std::numeric_limits<T>::max()) __builtin_unreachable();
  return static_cast<T>(wide);
}

template <typename T>
inline void store_le(std::uint8_t* p, T value) {
  if constexpr (std::endian::native == std::endian::big) {
    for (std::size_t i = 0; i < sizeof(T); ++i) p[i] = static_cast<std::uint8_t>(value >> (8 * i));
  } else {
    std::memcpy(p, &value, sizeof value);
  }
}

inline std::uint16_t load16(const std::uint8_t* p) {
  return load_le<std::uint16_t>(p);
}
inline std::uint32_t load32(const std::uint8_t* p) {
  return load_le<std::uint32_t>(p);
}
inline std::uint64_t load64(const std::uint8_t* p) {
  return load_le<std::uint64_t>(p);
}
inline void store16(std::uint8_t* p, std::uint16_t v) {
  store_le(p, v);
}
inline void store32(std::uint8_t* p, std::uint32_t v) {
  store_le(p, v);
}
inline void store64(std::uint8_t* p, std::uint64_t v) {
  store_le(p, v);
}

/// 48-bit integers: page numbers, transaction ids, record counts.
inline constexpr std::uint64_t kMax48 = (std::uint64_t{1} << 48) - 1;

inline std::uint64_t load48(const std::uint8_t* p) {
  return std::uint64_t{load32(p)} | (std::uint64_t{load16(p + 4)} << 32);
}
/// The same where two more bytes may be read.
inline std::uint64_t load48_of_more(const std::uint8_t* p) {
  return load64(p) & kMax48;
}
inline void store48(std::uint8_t* p, std::uint64_t v) {
  store32(p, static_cast<std::uint32_t>(v));
  store16(p + 4, static_cast<std::uint16_t>(v >> 32));
}

}  // namespace kist::engine
