#include "tests/demo/sources.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

namespace kist::demo {

namespace {

constexpr std::string_view kSpace = " \t\r\v\f";

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.good() && !file.eof()) return fail(ErrorCode::kIo, path.string() + " cannot be read");
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator, std::size_t most) {
  std::vector<std::string_view> parts;
  while (parts.size() + 1 < most && text.find(separator) != text.npos) {
    parts.push_back(text.substr(0, text.find(separator)));
    text.remove_prefix(parts.back().size() + 1);
  }
  parts.push_back(text);
  return parts;
}

template <typename T>
std::optional<T> number(std::string_view text, int base = 10) {
  T result{};
  const char* end = text.data() + text.size();
  std::from_chars_result parsed;
  if constexpr (std::is_floating_point_v<T>) {
    parsed = std::from_chars(text.data(), end, result);
  } else {
    parsed = std::from_chars(text.data(), end, result, base);
  }
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return result;
}

std::optional<std::vector<std::uint8_t>> from_hexadecimal(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto byte = number<std::uint8_t>(text.substr(i, 2), 16);
    if (!byte) return std::nullopt;
    bytes.push_back(*byte);
  }
  return bytes;
}

std::optional<Uuid> uuid(std::string_view text) {
  std::string digits;
  for (const std::string_view group : split(text, '-', 5)) digits += group;
  const auto bytes = from_hexadecimal(digits);
  Uuid result;
  if (!bytes || bytes->size() != result.bytes.size()) return std::nullopt;
  std::ranges::copy(*bytes, result.bytes.begin());
  return result;
}

void append_utf8(std::string& text, std::uint32_t character) {
  const auto byte = [&text](std::uint32_t bits) { text += static_cast<char>(bits); };
  if (character < 0x80) {
    byte(character);
    return;
  }
  if (character < 0x800) {
    byte(0xc0 | character >> 6);
  } else {
    if (character < 0x10000) {
      byte(0xe0 | character >> 12);
    } else {
      byte(0xf0 | character >> 18);
      byte(0x80 | (character >> 12 & 0x3f));
    }
    byte(0x80 | (character >> 6 & 0x3f));
  }
  byte(0x80 | (character & 0x3f));
}

/// Text with \n, \t, \\ and \u{...} replaced by what they mean.
std::optional<std::string> unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      result += text[i];
      continue;
    }
    switch (++i < text.size() ? text[i] : '\0') {
      case 'n':
        result += '\n';
        break;
      case 't':
        result += '\t';
        break;
      case '\\':
        result += '\\';
        break;
      case 'u': {
        const std::size_t close = text.find('}', i);
        if (close == text.npos || close < i + 3) return std::nullopt;
        const auto character = number<std::uint32_t>(text.substr(i + 2, close - i - 2), 16);
        if (!character) return std::nullopt;
        append_utf8(result, *character);
        i = close;
        break;
      }
      default:
        return std::nullopt;
    }
  }
  return result;
}

std::optional<Value> preference(std::string_view type, std::string_view text) {
  const auto milliseconds = [](std::int64_t count) { return Value::instant({count}); };
  const auto blob = [](std::vector<std::uint8_t> bytes) { return Value::blob(std::move(bytes)); };
  const auto make = [](const auto& parsed, const auto& maker) -> std::optional<Value> {
    if (!parsed) return std::nullopt;
    return maker(*parsed);
  };
  switch (type_from_name(type).value_or(ValueTag{})) {
    case ValueTag::kBool:
      if (text != "true" && text != "false") return std::nullopt;
      return Value::boolean(text == "true");
    case ValueTag::kU64:
      return make(number<std::uint64_t>(text), Value::u64);
    case ValueTag::kI64:
      return make(number<std::int64_t>(text), Value::i64);
    case ValueTag::kF64:
      return make(number<double>(text), Value::f64);
    case ValueTag::kInstant:
      return make(number<std::int64_t>(text), milliseconds);
    case ValueTag::kUuid:
      return make(uuid(text), Value::uuid);
    case ValueTag::kString:
      return make(unescape(text), Value::string);
    case ValueTag::kJson:
      return Value::json(std::string(text));
    case ValueTag::kBlob:
      return make(from_hexadecimal(text), blob);
  }
  return std::nullopt;
}

}  // namespace

Result<Dataset> read_suffixes(const std::filesystem::path& file) {
  KIST_ASSIGN(const std::string text, read_file(file));
  Dataset dataset;
  std::string section;
  for (std::string_view line : split(text, '\n', text.npos)) {
    line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
    if (line.starts_with("//")) {
      if (line.find("===BEGIN ICANN DOMAINS===") != line.npos) section = "icann";
      if (line.find("===BEGIN PRIVATE DOMAINS===") != line.npos) section = "private";
    } else if (!line.empty()) {
      dataset.insert_or_assign(std::string(line.substr(0, line.find_first_of(kSpace))),
                               Value::string(section));
    }
  }
  return dataset;
}

Result<Dataset> read_preferences(const std::filesystem::path& file) {
  KIST_ASSIGN(const std::string text, read_file(file));
  Dataset dataset;
  for (const std::string_view line : split(text, '\n', text.npos)) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::vector<std::string_view> fields = split(line, '\t', 3);
    std::optional<Value> value;
    if (fields.size() == 3) value = preference(fields[1], fields[2]);
    if (!value) {
      return fail(ErrorCode::kBadValue,
                  file.string() + ": cannot read '" + std::string(line) + "'");
    }
    dataset.insert_or_assign(std::string(fields[0]), *std::move(value));
  }
  return dataset;
}

}  // namespace kist::demo
