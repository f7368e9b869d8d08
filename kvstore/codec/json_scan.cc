#include "kvstore/codec/json_scan.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace kist::codec {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kEndsOfWords = " \t\r\n,:[]{}\"";

/// Four hexadecimal digits at a place.
std::optional<std::uint32_t> hex4(std::string_view text, std::size_t at) {
  if (text.size() < at + 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(at, 4)) {
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool digit = lower >= '0' && lower <= '9';
    if (!digit && (lower < 'a' || lower > 'f')) return std::nullopt;
    value = value << 4 | static_cast<std::uint32_t>(digit ? lower - '0' : lower - 'a' + 10);
  }
  return value;
}

void append_utf8(std::uint32_t code, std::string& out) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

/// What a string without its quotes stands for, or nothing.
std::optional<std::string> decoded(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      out += raw[i];
      continue;
    }
    if (++i == raw.size()) return std::nullopt;
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (const std::size_t known = kNames.find(raw[i]); known != std::string_view::npos) {
      out += kMeanings[known];
      continue;
    }
    if (raw[i] != 'u') return std::nullopt;
    std::optional<std::uint32_t> code = hex4(raw, i + 1);
    if (!code) return std::nullopt;
    i += 4;
    if (*code >= 0xD800 && *code < 0xE000) {
      const bool pair = *code < 0xDC00 && raw.substr(i + 1).starts_with("\\u");
      const std::optional<std::uint32_t> low = pair ? hex4(raw, i + 3) : std::nullopt;
      if (!low || *low < 0xDC00 || *low >= 0xE000) return std::nullopt;
      code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
      i += 6;
    }
    append_utf8(*code, out);
  }
  return out;
}

}  // namespace

std::unexpected<Error> JsonScan::invalid(std::string_view what) const {
  return fail(ErrorCode::kInvalidJson, fmt::format("invalid JSON at byte {}: {}", at_ + 1, what));
}

char JsonScan::peek() {
  at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size());
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonScan::take(char c) {
  if (peek() != c || at_ == text_.size()) return false;
  ++at_;
  return true;
}

Result<std::string_view> JsonScan::raw_string() {
  if (!take('"')) return invalid("a string was expected");
  const std::size_t begin = at_;
  for (;;) {
    at_ = std::min(text_.find_first_of("\"\\", at_), text_.size());
    if (at_ == text_.size()) return invalid("a string does not end");
    if (text_[at_] == '"') break;
    at_ = std::min(at_ + 2, text_.size());  // the escape and what it is about
  }
  return text_.substr(begin, at_++ - begin);
}

Result<std::string> JsonScan::string() {
  KIST_ASSIGN(const std::string_view raw, raw_string());
  std::optional<std::string> text = decoded(raw);
  if (!text) return invalid("the string before it has an escape that is none");
  return *std::move(text);
}

Result<std::string_view> JsonScan::value() {
  peek();
  const std::size_t begin = at_;
  std::size_t depth = 0;
  do {
    switch (peek()) {
      case '\0':
        return invalid("a value was expected");
      case '{':
      case '[':
        ++depth;
        ++at_;
        break;
      case '}':
      case ']':
        if (depth == 0) return invalid("a value was expected");
        --depth;
        ++at_;
        break;
      case ',':
      case ':':
        if (depth == 0) return invalid("a value was expected");
        ++at_;
        break;
      case '"':
        KIST_TRY(raw_string());
        break;
      default:
        at_ = std::min(text_.find_first_of(kEndsOfWords, at_), text_.size());
    }
  } while (depth != 0);
  return text_.substr(begin, at_ - begin);
}

Result<bool> JsonScan::more(bool first, char end) {
  if (take(end)) return false;
  if (!first && !take(',')) return invalid(fmt::format("a comma or {} was expected", end));
  return true;
}

Result<void> JsonScan::colon() {
  if (take(':')) return {};
  return invalid("a colon was expected");
}

}  // namespace kist::codec
