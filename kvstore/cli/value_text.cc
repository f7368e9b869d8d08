#include "kvstore/cli/value_text.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>

#include "kvstore/codec/byte_text.h"
#include "kvstore/codec/scalar_text.h"
#include "kvstore/codec/utf8.h"

namespace kist::cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::sys_days;

std::unexpected<Error> not_a(ValueTag type, std::string_view text, std::string_view expected) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}' is no {}: expected {}", text, type_name(type), expected));
}

/// A number that takes up all of the text.
template <typename T, typename... Format>
std::optional<T> number(std::string_view text, Format... format) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, format...);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return value;
}

Result<std::string> read_all(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::kNotFound, fmt::format("cannot open {}", path));
  std::string content(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) return fail(ErrorCode::kIo, fmt::format("cannot read {}", path));
  return content;
}

/// Two or more digits at a place, as part of a time.
std::optional<unsigned> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  return number<unsigned>(text.substr(at, count));
}

std::optional<Instant> parse_instant(std::string_view text) {
  if (const auto ms = number<std::int64_t>(text)) return Instant{*ms};
  // YYYY-MM-DDTHH:MM:SS[.mmm]Z
  const bool fraction = text.size() == 24 && text[19] == '.';
  if ((text.size() != 20 && !fraction) || !text.ends_with('Z')) return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  const auto ms = fraction ? digits(text, 20, 3) : std::optional(0U);
  if (!year || !month || !day || !hour || !minute || !second || !ms) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const milliseconds since = sys_days(date).time_since_epoch() + std::chrono::hours(*hour) +
                             std::chrono::minutes(*minute) + std::chrono::seconds(*second) +
                             milliseconds(*ms);
  return Instant{since.count()};
}

std::string format_instant(Instant instant) {
  // The years 0 to 9999, which the form has room for.
  constexpr std::int64_t kFirst = -62'167'219'200'000;
  constexpr std::int64_t kLast = 253'402'300'799'999;
  if (instant.milliseconds < kFirst || instant.milliseconds > kLast) {
    return fmt::format("{}", instant.milliseconds);
  }
  const std::chrono::sys_time<milliseconds> time{milliseconds(instant.milliseconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::int64_t ms = (time - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

Result<Value> parse_blob(std::string_view text) {
  if (text.starts_with('@')) {
    KIST_ASSIGN(const std::string content, read_all(std::string(text.substr(1))));
    return Value::blob(engine::as_bytes(content));
  }
  std::optional<std::vector<std::uint8_t>> bytes;
  if (text.starts_with("base64:")) bytes = codec::from_base64(text.substr(7));
  if (text.starts_with("hex:")) bytes = codec::from_hex(text.substr(4));
  if (!bytes) return not_a(ValueTag::kBlob, text, "base64:..., hex:... or @file");
  return Value::blob(*std::move(bytes));
}

Result<Value> parse_json(std::string_view text) {
  if (!text.starts_with('@')) return Value::json(std::string(text));
  KIST_ASSIGN(std::string content, read_all(std::string(text.substr(1))));
  return Value::json(std::move(content));
}

}  // namespace

Result<Value> parse_value(ValueTag type, std::string_view text) {
  switch (type) {
    case ValueTag::kBool:
      if (text != "true" && text != "false") return not_a(type, text, "true or false");
      return Value::boolean(text == "true");
    case ValueTag::kU64:
      if (const auto value = number<std::uint64_t>(text)) return Value::u64(*value);
      return not_a(type, text, "a whole number from 0 to 18446744073709551615");
    case ValueTag::kI64:
      if (const auto value = number<std::int64_t>(text)) return Value::i64(*value);
      return not_a(type, text, "a whole number from -9223372036854775808 to 9223372036854775807");
    case ValueTag::kF64:
      if (const auto value = codec::parse_double(text)) return Value::f64(*value);
      return not_a(type, text, "a decimal number, inf, -inf, nan, or 0x and 16 digits of its bits");
    case ValueTag::kInstant:
      if (const auto value = parse_instant(text)) return Value::instant(*value);
      return not_a(type, text, "milliseconds since 1970 or YYYY-MM-DDTHH:MM:SS.mmmZ");
    case ValueTag::kUuid:
      if (const auto value = codec::parse_uuid(text)) return Value::uuid(*value);
      return not_a(type, text, "8-4-4-4-12 hexadecimal digits");
    case ValueTag::kString:
      return Value::string(std::string(text));
    case ValueTag::kJson:
      return parse_json(text);
    case ValueTag::kBlob:
      return parse_blob(text);
  }
  return fail(ErrorCode::kInternal, "value of no type");
}

std::string format_value(const ValueView& value) {
  const ValueView::Data& data = value.data();
  switch (value.type()) {
    case ValueTag::kBool:
      return std::get<0>(data) ? "true" : "false";
    case ValueTag::kU64:
      return fmt::format("{}", std::get<1>(data));
    case ValueTag::kI64:
      return fmt::format("{}", std::get<2>(data));
    case ValueTag::kF64:
      return codec::format_double(std::get<3>(data));
    case ValueTag::kInstant:
      return format_instant(std::get<4>(data));
    case ValueTag::kUuid:
      return codec::format_uuid(std::get<5>(data));
    case ValueTag::kString:
      return std::string(std::get<6>(data));
    case ValueTag::kJson:
      return std::string(std::get<7>(data).text);
    case ValueTag::kBlob:
      return "base64:" + codec::to_base64(std::get<8>(data).bytes);
  }
  return {};
}

nlohmann::json json_of(const ValueView& value) {
  const ValueView::Data& data = value.data();
  switch (value.type()) {
    case ValueTag::kBool:
      return std::get<0>(data);
    case ValueTag::kU64:
      return std::get<1>(data);
    case ValueTag::kI64:
      return std::get<2>(data);
    case ValueTag::kF64:
      if (std::isfinite(std::get<3>(data))) return std::get<3>(data);
      return codec::format_double(std::get<3>(data));
    case ValueTag::kInstant:
      return std::get<4>(data).milliseconds;
    case ValueTag::kBlob:
      return codec::to_base64(std::get<8>(data).bytes);
    case ValueTag::kUuid:
    case ValueTag::kString:
    case ValueTag::kJson:
      break;
  }
  return format_value(value);
}

std::string one_line(std::string_view text) {
  std::string line;
  const bool utf8 = !codec::first_invalid_utf8(text);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\') {
      line += "\\\\";
    } else if (c == '\n') {
      line += "\\n";
    } else if (c == '\t') {
      line += "\\t";
    } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !utf8)) {
      fmt::format_to(std::back_inserter(line), "\\x{:02x}", byte);
    } else {
      line += c;
    }
  }
  return line;
}

}  // namespace kist::cli
