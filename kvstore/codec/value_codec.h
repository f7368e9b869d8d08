#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <kist/engine/error.h>
#include <kist/value.h>

namespace kist::codec {

/// Bytes before the payload of a string, JSON or blob: the tag and a u64 length.
inline constexpr std::size_t kTextHeaderSize = 9;
/// Bit of the tag byte that announces an extended header, which no version writes yet.
inline constexpr std::uint8_t kExtendedTagBit = 0x80;

/// Encodes values into a buffer that it keeps from one value to the next. The encoding is rkv's,
/// byte for byte: kvstore/docs/format.md.
class ValueEncoder {
 public:
  /// Encodes `value`. The bytes live until the next call or the end of the encoder.
  /// Errors: kInvalidText (a string that is not UTF-8), kInvalidJson, kOutOfMemory.
  Result<Bytes> encode(const ValueView& value);

 private:
  Bytes fixed(ValueTag tag, std::uint64_t payload);
  Result<Bytes> text(ValueTag tag, Bytes payload);

  std::array<std::uint8_t, 17> fixed_{};
  std::string text_;
};

/// Decodes one value that takes up all of `bytes`, which may hold anything. Strings, JSON and blobs
/// are borrowed from it. Strings and JSON are checked to be UTF-8; JSON is not parsed again.
/// Errors: kBadValue (no such tag, too short, bytes after the value, a bool other than 0 and 1, not
/// UTF-8), kNewerFormat (an extended header).
Result<ValueView> decode_value(Bytes bytes);

}  // namespace kist::codec
