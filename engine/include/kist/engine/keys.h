#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include <kist/engine/bytes.h>

namespace kist::engine {

/// Numbers as keys: big-endian, so that the order of the bytes is the order of the numbers, and the
/// same on every machine. Signed numbers have their sign bit turned; doubles have it turned when
/// positive and every bit turned when negative (IEEE 754 totalOrder).

template <std::size_t N>
using KeyBytes = std::array<std::uint8_t, N>;

namespace keys_detail {
template <typename Unsigned>
constexpr KeyBytes<sizeof(Unsigned)> big_endian(Unsigned number) {
  KeyBytes<sizeof(Unsigned)> bytes{};
  for (std::size_t i = bytes.size(); i-- > 0; number = static_cast<Unsigned>(number >> 8)) {
    bytes[i] = static_cast<std::uint8_t>(number);
  }
  return bytes;
}
template <typename Unsigned>
constexpr Unsigned from_big_endian(Bytes bytes) {
  Unsigned number = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned) && i < bytes.size(); ++i) {
    number = static_cast<Unsigned>(number << 8 | bytes[i]);
  }
  return number;
}
inline constexpr std::uint32_t kSign32 = 0x80000000U;
inline constexpr std::uint64_t kSign64 = 0x8000000000000000U;
}  // namespace keys_detail

/// The key of a number, for tables of the Order of that name.
constexpr KeyBytes<4> key_of(std::uint32_t number) {
  return keys_detail::big_endian(number);
}
constexpr KeyBytes<8> key_of(std::uint64_t number) {
  return keys_detail::big_endian(number);
}
constexpr KeyBytes<4> key_of(std::int32_t number) {
  return keys_detail::big_endian(static_cast<std::uint32_t>(number) ^ keys_detail::kSign32);
}
constexpr KeyBytes<8> key_of(std::int64_t number) {
  return keys_detail::big_endian(static_cast<std::uint64_t>(number) ^ keys_detail::kSign64);
}
constexpr KeyBytes<8> key_of(double number) {
  const auto bits = std::bit_cast<std::uint64_t>(number);
  const bool negative = (bits & keys_detail::kSign64) != 0;
  return keys_detail::big_endian(bits ^ (negative ? ~std::uint64_t{0} : keys_detail::kSign64));
}

/// The number of a key of exactly that many bytes; of other keys, some number.
constexpr std::uint32_t uint32_of(Bytes key) {
  return keys_detail::from_big_endian<std::uint32_t>(key);
}
constexpr std::uint64_t uint64_of(Bytes key) {
  return keys_detail::from_big_endian<std::uint64_t>(key);
}
constexpr std::int32_t int32_of(Bytes key) {
  return static_cast<std::int32_t>(uint32_of(key) ^ keys_detail::kSign32);
}
constexpr std::int64_t int64_of(Bytes key) {
  return static_cast<std::int64_t>(uint64_of(key) ^ keys_detail::kSign64);
}
constexpr double double_of(Bytes key) {
  const std::uint64_t bits = uint64_of(key);
  const bool negative = (bits & keys_detail::kSign64) == 0;
  return std::bit_cast<double>(bits ^ (negative ? ~std::uint64_t{0} : keys_detail::kSign64));
}

}  // namespace kist::engine
