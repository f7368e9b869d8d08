#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

namespace kist {

using engine::Bytes;

/// Types of value, with the numbers that stand for them in a file.
enum class ValueTag : std::uint8_t {
  kBool = 1,
  kU64 = 2,
  kI64 = 3,
  kF64 = 4,
  kInstant = 5,
  kUuid = 6,
  kString = 7,
  kJson = 8,
  kBlob = 9,
};

/// Name of a type as messages, tools and schemas write it: bool, u64, i64, f64, instant, uuid,
/// string, json, blob.
std::string_view type_name(ValueTag tag);
/// The type of that name, or nothing.
std::optional<ValueTag> type_from_name(std::string_view name);

/// A point in time: milliseconds since 1970-01-01 00:00 UTC, negative before it.
struct Instant {
  std::int64_t milliseconds = 0;
  friend bool operator==(const Instant&, const Instant&) = default;
};

/// A UUID, its bytes in the order in which they are written as text.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  friend bool operator==(const Uuid&, const Uuid&) = default;
};

/// A JSON document as text (UTF-8), kept exactly as it was written.
struct Json {
  std::string text;
  friend bool operator==(const Json&, const Json&) = default;
};

/// Bytes without a meaning to Kist.
struct Blob {
  std::vector<std::uint8_t> bytes;
  friend bool operator==(const Blob&, const Blob&) = default;
};

/// A borrowed Json.
struct JsonView {
  std::string_view text;
};

/// A borrowed Blob.
struct BlobView {
  Bytes bytes;
};

class Value;

/// A typed value whose string, JSON or blob is borrowed. One that was read from a Reader points
/// into the map and lives as long as the Reader; one that was made from arguments lives as long as
/// they do. Cheap to copy; never allocates.
class ValueView {
 public:
  /// Alternatives in the order of ValueTag, starting with kBool.
  using Data = std::variant<bool, std::uint64_t, std::int64_t, double, Instant, Uuid,
                            std::string_view, JsonView, BlobView>;

  static ValueView boolean(bool value) { return ValueView(Data(std::in_place_index<0>, value)); }
  static ValueView u64(std::uint64_t value) { return make<1>(value); }
  static ValueView i64(std::int64_t value) { return make<2>(value); }
  static ValueView f64(double value) { return make<3>(value); }
  static ValueView instant(Instant value) { return make<4>(value); }
  static ValueView uuid(const Uuid& value) { return make<5>(value); }
  /// UTF-8, NUL allowed; checked when it is written.
  static ValueView string(std::string_view text) { return make<6>(text); }
  /// A JSON document; checked when it is written.
  static ValueView json(std::string_view text) { return make<7>(JsonView{text}); }
  static ValueView blob(Bytes bytes) { return make<8>(BlobView{bytes}); }

  /// Borrows from `value`, which must outlive the view.
  ValueView(const Value& value);  // NOLINT(google-explicit-constructor)

  ValueTag type() const { return static_cast<ValueTag>(data_.index() + 1); }
  const Data& data() const { return data_; }

  /// The value as a T: bool, uint64_t, int64_t, double, Instant, Uuid, std::string_view, JsonView,
  /// BlobView (borrowed as this view is), std::string, Json or Blob (copied). A u64 is given as an
  /// int64_t, and an i64 as a uint64_t, when the number fits; nothing else is converted.
  /// Errors: kWrongType, naming the type wanted and the type found.
  template <typename T>
  Result<T> as() const;

  /// A copy that owns its bytes.
  Value to_value() const;

  /// Same type and same encoding: a NaN equals itself bit for bit, and 0.0 differs from -0.0.
  friend bool operator==(const ValueView& a, const ValueView& b);

 private:
  explicit ValueView(Data data) : data_(data) {}
  template <std::size_t kIndex, typename T>
  static ValueView make(const T& value) {
    return ValueView(Data(std::in_place_index<kIndex>, value));
  }
  Data data_;
};

/// A typed value that owns its bytes. Passed wherever a ValueView is expected.
class Value {
 public:
  /// Alternatives in the order of ValueTag, starting with kBool.
  using Data = std::variant<bool, std::uint64_t, std::int64_t, double, Instant, Uuid, std::string,
                            Json, Blob>;

  static Value boolean(bool value) { return Value(Data(std::in_place_index<0>, value)); }
  static Value u64(std::uint64_t value) { return make<1>(value); }
  static Value i64(std::int64_t value) { return make<2>(value); }
  static Value f64(double value) { return make<3>(value); }
  static Value instant(Instant value) { return make<4>(value); }
  static Value uuid(const Uuid& value) { return make<5>(value); }
  /// UTF-8, NUL allowed; checked when it is written.
  static Value string(std::string text) { return make<6>(std::move(text)); }
  /// A JSON document; checked when it is written.
  static Value json(std::string text) { return make<7>(Json{std::move(text)}); }
  static Value blob(std::vector<std::uint8_t> bytes) { return make<8>(Blob{std::move(bytes)}); }
  static Value blob(Bytes bytes) { return make<8>(Blob{{bytes.begin(), bytes.end()}}); }

  ValueTag type() const { return static_cast<ValueTag>(data_.index() + 1); }
  const Data& data() const { return data_; }

  /// As ValueView::as(); a borrowed T lives as long as this value.
  template <typename T>
  Result<T> as() const& {
    return ValueView(*this).as<T>();
  }

  friend bool operator==(const Value& a, const Value& b) { return ValueView(a) == ValueView(b); }

 private:
  friend class ValueView;
  explicit Value(Data data) : data_(std::move(data)) {}
  template <std::size_t kIndex, typename T>
  static Value make(T value) {
    return Value(Data(std::in_place_index<kIndex>, std::move(value)));
  }
  Data data_;
};

}  // namespace kist
