#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <kist/engine/bytes.h>

namespace kist::engine {

/// Comparing keys without a call: most of them are short, and those that a search compares are the
/// same but for their last bytes. Bytes that lie in the map may change meanwhile; then the outcome
/// means nothing, and no more was read than the sizes say.

namespace key_internal {

inline std::uint64_t big_endian64(const std::uint8_t* p) {
  std::uint64_t value = 0;
  std::memcpy(&value, p, sizeof value);
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap64(value);
  return value;
}

inline std::uint32_t big_endian32(const std::uint8_t* p) {
  std::uint32_t value = 0;
  std::memcpy(&value, p, sizeof value);
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap32(value);
  return value;
}

/// Longer ones are left to memcmp().
constexpr std::size_t kInlineBytes = 32;

}  // namespace key_internal

/// Whether two keys of `size` bytes are the same.
inline bool same_bytes(const std::uint8_t* a, const std::uint8_t* b, std::size_t size) {
  using key_internal::big_endian32;
  using key_internal::big_endian64;
  if (size >= 8) {
    if (size > key_internal::kInlineBytes) return std::memcmp(a, b, size) == 0;
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      if (big_endian64(a + at) != big_endian64(b + at)) return false;
    }
    return big_endian64(a + size - 8) == big_endian64(b + size - 8);
  }
  if (size >= 4) {
    return big_endian32(a) == big_endian32(b) &&
           big_endian32(a + size - 4) == big_endian32(b + size - 4);
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

/// Orders the first `size` bytes of two keys, byte by byte from the first, unsigned.
inline int compare_bytes(const std::uint8_t* a, const std::uint8_t* b, std::size_t size) {
  using key_internal::big_endian32;
  using key_internal::big_endian64;
  if (size >= 8) {
    if (size > key_internal::kInlineBytes) return std::memcmp(a, b, size);
    // The last word overlaps the one before, in bytes that are the same.
    for (std::size_t at = 0;; at += 8) {
      if (at + 8 > size) at = size - 8;
      const std::uint64_t x = big_endian64(a + at);
      const std::uint64_t y = big_endian64(b + at);
      if (x != y) return x < y ? -1 : 1;
      if (at + 8 == size) return 0;
    }
  }
  if (size >= 4) {
    const std::uint64_t x = std::uint64_t{big_endian32(a)} << 32 | big_endian32(a + size - 4);
    const std::uint64_t y = std::uint64_t{big_endian32(b)} << 32 | big_endian32(b + size - 4);
    return x == y ? 0 : (x < y ? -1 : 1);
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

/// Byte order; a prefix sorts before what it begins.
inline int compare_keys(const std::uint8_t* a, std::size_t a_size, const std::uint8_t* b,
                        std::size_t b_size) {
  const int order = compare_bytes(a, b, a_size < b_size ? a_size : b_size);
  if (order != 0) return order;
  return a_size < b_size ? -1 : (a_size > b_size ? 1 : 0);
}

/// The four bytes of `key` after `skip`, as a number that orders as the bytes do; a key that ends
/// earlier is filled with zeros.
inline std::uint32_t key_head(const std::uint8_t* key, std::size_t size, std::size_t skip) {
  if (size >= skip + 4) return key_internal::big_endian32(key + skip);
  if (size <= skip) return 0;
  const std::size_t missing = 8 * (skip + 4 - size);  // bits, less than 32
  if (size >= 4) return key_internal::big_endian32(key + size - 4) << missing;
  std::uint32_t head = 0;
  for (std::size_t i = skip; i < size; ++i) head = head << 8 | key[i];
  return head << missing;
}

/// Orders the start of `key` against the `size` bytes that end at `end` and have at least eight
/// bytes that may be read before that: negative also when the key is shorter and equal so far.
inline int compare_start(Bytes key, const std::uint8_t* end, std::size_t size) {
  if (size - 1 < 8 && key.size() >= 8) [[likely]] {
    const std::size_t unused = 64 - 8 * size;
    const std::uint64_t x = key_internal::big_endian64(key.data()) >> unused;
    const std::uint64_t y = key_internal::big_endian64(end - 8) << unused >> unused;
    return x == y ? 0 : (x < y ? -1 : 1);
  }
  if (size == 0) return 0;
  const std::size_t common = key.size() < size ? key.size() : size;
  const int order = compare_bytes(key.data(), end - size, common);
  return order != 0 ? order : (common < size ? -1 : 0);
}

}  // namespace kist::engine
