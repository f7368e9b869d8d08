#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <kist/engine/bytes.h>

namespace kist {

/// What the keys of a store are; chosen when it is created. Numbers as stand in a file.
enum class KeyType : std::uint8_t {
  kBytes = 0,  ///< Any bytes, ordered byte by byte.
  kU8 = 1,     ///< Integers of 8 to 64 bits, ordered as numbers.
  kU16 = 2,
  kU32 = 3,
  kU64 = 4,
  kI8 = 5,
  kI16 = 6,
  kI32 = 7,
  kI64 = 8,
};

/// Name of a type of key as messages and tools write it: bytes, u8, u16, u32, u64, i8, i16, i32,
/// i64.
std::string_view type_name(KeyType type);
/// The type of that name, or nothing.
std::optional<KeyType> key_type_from_name(std::string_view name);

namespace key_detail {
template <typename T>
concept Number = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                 !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                 !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;
}  // namespace key_detail

/// A key as calls take it: bytes (or text), or an integer of any width. Made where it is passed:
/// `store.get("theme")`, `store.get(17)`. Borrows its bytes, which must outlive the call.
///
/// A store takes keys of its own type only: kWrongKind when it is asked for a number under bytes or
/// for bytes under a number, kOutOfRange when a number does not fit the width of its keys.
class Key {
 public:
  enum class Form : std::uint8_t { kBytes, kUnsigned, kSigned, kEncoded };

  // All implicit: a key is written as what it is. NOLINTBEGIN(google-explicit-constructor)
  Key(std::string_view bytes) : bytes_(bytes) {}
  Key(const std::string& bytes) : bytes_(bytes) {}
  Key(const char* text) : bytes_(text) {}
  Key(engine::Bytes bytes) : bytes_(engine::as_text(bytes)) {}
  template <key_detail::Number T>
  Key(T number)
      : number_(static_cast<std::uint64_t>(number)),
        form_(std::is_signed_v<T> ? Form::kSigned : Form::kUnsigned) {}
  // NOLINTEND(google-explicit-constructor)

  /// The bytes under which the key stands in the file, as Iterator::key() gives them: of a store of
  /// bytes the key itself, of a store of integers exactly as many bytes as its keys have.
  static Key encoded(std::string_view bytes) {
    Key key(bytes);
    key.form_ = Form::kEncoded;
    return key;
  }

  Form form() const { return form_; }
  /// Of kBytes and kEncoded.
  std::string_view bytes() const { return bytes_; }
  /// Of kUnsigned; of kSigned in two's complement.
  std::uint64_t number() const { return number_; }

 private:
  std::string_view bytes_ = {};
  std::uint64_t number_ = 0;
  Form form_ = Form::kBytes;
};

}  // namespace kist
