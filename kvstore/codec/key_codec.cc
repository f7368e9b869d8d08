#include "kvstore/codec/key_codec.h"

#include <array>
#include <limits>
#include <string>

#include <fmt/format.h>

namespace kist {

namespace {

constexpr std::array<std::string_view, 9> kKeyTypeNames = {"bytes", "u8",  "u16", "u32", "u64",
                                                           "i8",    "i16", "i32", "i64"};

}  // namespace

std::string_view type_name(KeyType type) {
  const auto index = static_cast<std::size_t>(type);
  return index < kKeyTypeNames.size() ? kKeyTypeNames[index] : "unknown";
}

std::optional<KeyType> key_type_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kKeyTypeNames.size(); ++i) {
    if (kKeyTypeNames[i] == name) return static_cast<KeyType>(i);
  }
  return std::nullopt;
}

namespace codec {

namespace {

/// Of a type of integer: its sign bit, where it has one.
std::uint64_t sign_bit(KeyType type) {
  return is_signed(type) ? std::uint64_t{1} << (8 * key_width(type) - 1) : 0;
}

bool fits(const Key& key, KeyType type) {
  const auto bits = static_cast<unsigned>(8 * key_width(type));
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() >> (64 - bits);
  if (key.form() == Key::Form::kUnsigned) {
    return key.number() <= (is_signed(type) ? most >> 1 : most);
  }
  const auto number = static_cast<std::int64_t>(key.number());
  if (!is_signed(type)) return number >= 0 && key.number() <= most;
  const auto greatest = static_cast<std::int64_t>(most >> 1);
  return number >= -greatest - 1 && number <= greatest;
}

std::string number_text(const Key& key) {
  return key.form() == Key::Form::kSigned ? std::to_string(static_cast<std::int64_t>(key.number()))
                                          : std::to_string(key.number());
}

}  // namespace

Result<Bytes> encode_number_key(const Key& key, KeyType type, KeyBuffer& buffer) {
  const std::size_t width = key_width(type);
  if (key.form() == Key::Form::kEncoded) {
    if (key.bytes().size() == width) return engine::as_bytes(key.bytes());
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("key has {} bytes, those of type {} have {}", key.bytes().size(),
                            type_name(type), width));
  }
  if (key.form() == Key::Form::kBytes) {
    return fail(ErrorCode::kWrongKind,
                fmt::format("the keys are of type {}, the key given is bytes", type_name(type)));
  }
  if (width == 0) {
    return fail(
        ErrorCode::kWrongKind,
        fmt::format("the keys are bytes, the key given is the number {}", number_text(key)));
  }
  if (!fits(key, type)) {
    return fail(ErrorCode::kOutOfRange, fmt::format("the keys are of type {}, {} does not fit",
                                                    type_name(type), number_text(key)));
  }
  std::uint64_t bits = key.number() ^ sign_bit(type);
  for (std::size_t i = width; i-- > 0; bits >>= 8) buffer[i] = static_cast<std::uint8_t>(bits);
  return Bytes(buffer).first(width);
}

std::optional<std::uint64_t> decode_number_key(Bytes key, KeyType type) {
  const std::size_t width = key_width(type);
  if (width == 0 || key.size() != width) return std::nullopt;
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : key) bits = bits << 8 | byte;
  bits ^= sign_bit(type);
  // Sign-extended to 64 bits.
  if ((bits & sign_bit(type)) != 0) bits |= ~(sign_bit(type) - 1);
  return bits;
}

}  // namespace codec

}  // namespace kist
