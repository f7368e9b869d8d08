#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <kist/engine/error.h>
#include <kist/key.h>

namespace kist::codec {

using engine::Bytes;

/// Bytes of a key of that type; 0 for kBytes, whose keys have any length.
constexpr std::size_t key_width(KeyType type) {
  const auto number = static_cast<std::size_t>(type);
  return number == 0 ? 0 : std::size_t{1} << ((number - 1) % 4);
}

/// Whether the numbers of that type may be negative.
constexpr bool is_signed(KeyType type) {
  return type >= KeyType::kI8;
}

/// Room for an encoded number.
using KeyBuffer = std::array<std::uint8_t, 8>;

/// An integer key: big-endian, with the sign bit turned where the type has one, so that the order
/// of the bytes is that of the numbers. Errors: kOutOfRange, kWrongKind, kInvalidArgument (encoded
/// bytes of another width).
Result<Bytes> encode_number_key(const Key& key, KeyType type, KeyBuffer& buffer);

/// The bytes under which `key` stands in a store whose keys are of that type; in `buffer`, or where
/// the key has them. Errors: those of encode_number_key().
inline Result<Bytes> encode_key(const Key& key, KeyType type, KeyBuffer& buffer) {
  const bool bytes = key.form() == Key::Form::kBytes || key.form() == Key::Form::kEncoded;
  if (type == KeyType::kBytes && bytes) [[likely]]
    return engine::as_bytes(key.bytes());
  return encode_number_key(key, type, buffer);
}

/// The number of an encoded key, in two's complement where the type has a sign; nothing when the
/// key has not the width of the type.
std::optional<std::uint64_t> decode_number_key(Bytes key, KeyType type);

}  // namespace kist::codec
