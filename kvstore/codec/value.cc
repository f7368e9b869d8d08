#include <bit>
#include <limits>
#include <type_traits>

#include <fmt/format.h>

#include <kist/value.h>

namespace kist {

namespace {

constexpr std::array<std::string_view, 9> kTypeNames = {"bool", "u64",    "i64",  "f64", "instant",
                                                        "uuid", "string", "json", "blob"};

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

std::unexpected<Error> wrong_type(std::string_view wanted, std::string_view found) {
  return fail(ErrorCode::kWrongType, fmt::format("wanted {}, found {}", wanted, found));
}

/// The alternative that a T is read from: its index in ValueView::Data.
template <typename T>
constexpr std::size_t index_of() {
  if constexpr (std::is_same_v<T, bool>) return 0;
  if constexpr (std::is_same_v<T, std::uint64_t>) return 1;
  if constexpr (std::is_same_v<T, std::int64_t>) return 2;
  if constexpr (std::is_same_v<T, double>) return 3;
  if constexpr (std::is_same_v<T, Instant>) return 4;
  if constexpr (std::is_same_v<T, Uuid>) return 5;
  if constexpr (std::is_same_v<T, std::string_view> || std::is_same_v<T, std::string>) return 6;
  if constexpr (std::is_same_v<T, JsonView> || std::is_same_v<T, Json>) return 7;
  if constexpr (std::is_same_v<T, BlobView> || std::is_same_v<T, Blob>) return 8;
}

template <typename T, typename Found>
T convert(const Found& found) {
  if constexpr (std::is_same_v<T, std::string>) {
    return std::string(found);
  } else if constexpr (std::is_same_v<T, Json>) {
    return Json{std::string(found.text)};
  } else if constexpr (std::is_same_v<T, Blob>) {
    return Blob{{found.bytes.begin(), found.bytes.end()}};
  } else {
    return found;
  }
}

/// The other integer type, where the number fits.
Result<std::uint64_t> widen(std::int64_t found) {
  if (found >= 0) return static_cast<std::uint64_t>(found);
  return wrong_type("u64", fmt::format("i64 {}, which does not fit", found));
}

Result<std::int64_t> widen(std::uint64_t found) {
  if (found <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return static_cast<std::int64_t>(found);
  }
  return wrong_type("i64", fmt::format("u64 {}, which does not fit", found));
}

bool same(Bytes a, Bytes b) {
  return engine::as_text(a) == engine::as_text(b);
}

}  // namespace

std::string_view type_name(ValueTag tag) {
  const auto index = static_cast<std::size_t>(tag) - 1;
  return index < kTypeNames.size() ? kTypeNames[index] : "unknown";
}

std::optional<ValueTag> type_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kTypeNames.size(); ++i) {
    if (kTypeNames[i] == name) return static_cast<ValueTag>(i + 1);
  }
  return std::nullopt;
}

ValueView::ValueView(const Value& value)
    : data_(std::visit(Overloaded{
                           [](const std::string& text) { return Data(std::string_view(text)); },
                           [](const Json& json) { return Data(JsonView{json.text}); },
                           [](const Blob& blob) { return Data(BlobView{blob.bytes}); },
                           [](const auto& scalar) {
                             return Data(std::in_place_type<std::remove_cvref_t<decltype(scalar)>>,
                                         scalar);
                           },
                       },
                       value.data())) {}

template <typename T>
Result<T> ValueView::as() const {
  constexpr std::size_t kIndex = index_of<T>();
  if (const auto* found = std::get_if<kIndex>(&data_)) [[likely]]
    return convert<T>(*found);
  if constexpr (std::is_same_v<T, std::uint64_t>) {
    if (const auto* found = std::get_if<std::int64_t>(&data_)) return widen(*found);
  }
  if constexpr (std::is_same_v<T, std::int64_t>) {
    if (const auto* found = std::get_if<std::uint64_t>(&data_)) return widen(*found);
  }
  return wrong_type(kTypeNames[kIndex], type_name(type()));
}

template Result<bool> ValueView::as() const;
template Result<std::uint64_t> ValueView::as() const;
template Result<std::int64_t> ValueView::as() const;
template Result<double> ValueView::as() const;
template Result<Instant> ValueView::as() const;
template Result<Uuid> ValueView::as() const;
template Result<std::string_view> ValueView::as() const;
template Result<JsonView> ValueView::as() const;
template Result<BlobView> ValueView::as() const;
template Result<std::string> ValueView::as() const;
template Result<Json> ValueView::as() const;
template Result<Blob> ValueView::as() const;

Value ValueView::to_value() const {
  return std::visit(Overloaded{
                        [](std::string_view text) { return Value::string(std::string(text)); },
                        [](const JsonView& json) { return Value::json(std::string(json.text)); },
                        [](const BlobView& blob) { return Value::blob(blob.bytes); },
                        [](const auto& scalar) {
                          return Value(Value::Data(
                              std::in_place_type<std::remove_cvref_t<decltype(scalar)>>, scalar));
                        },
                    },
                    data_);
}

bool operator==(const ValueView& a, const ValueView& b) {
  if (a.type() != b.type()) return false;
  return std::visit(
      [&b](const auto& left) {
        using T = std::remove_cvref_t<decltype(left)>;
        const T& right = *std::get_if<T>(&b.data_);
        if constexpr (std::is_same_v<T, double>) {
          return std::bit_cast<std::uint64_t>(left) == std::bit_cast<std::uint64_t>(right);
        } else if constexpr (std::is_same_v<T, JsonView>) {
          return left.text == right.text;
        } else if constexpr (std::is_same_v<T, BlobView>) {
          return same(left.bytes, right.bytes);
        } else {
          return left == right;
        }
      },
      a.data_);
}

}  // namespace kist
