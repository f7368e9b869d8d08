#include "kvstore/codec/scalar_text.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

#include <fmt/format.h>

#include "kvstore/codec/byte_text.h"

namespace kist::codec {
namespace {

/// A number that takes up all of the text.
template <typename T, typename... Format>
std::optional<T> number(std::string_view text, Format... format) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, format...);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

std::string format_double(double value) {
  if (!std::isnan(value)) return fmt::format("{}", value);
  return fmt::format("0x{:016x}", std::bit_cast<std::uint64_t>(value));
}

std::optional<double> parse_double(std::string_view text) {
  if (text.starts_with("0x")) {
    const auto bits = number<std::uint64_t>(text.substr(2), 16);
    if (!bits || text.size() != 18) return std::nullopt;
    return std::bit_cast<double>(*bits);
  }
  return number<double>(text);
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string hex;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (!dash) hex += text[i];
  }
  const auto bytes = from_hex(hex);
  Uuid uuid;
  if (!bytes || bytes->size() != uuid.bytes.size()) return std::nullopt;
  std::ranges::copy(*bytes, uuid.bytes.begin());
  return uuid;
}

std::string format_uuid(const Uuid& uuid) {
  std::string text = to_hex(uuid.bytes);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, 1, '-');
  return text;
}

}  // namespace kist::codec
