#include "kvstore/codec/utf8.h"

#include <cstdint>
#include <cstring>

#include <fmt/format.h>

namespace kist::codec {

namespace {

/// What may follow a lead byte: how many bytes, and the bounds of the first of them, which exclude
/// overlong forms, surrogates and numbers beyond U+10FFFF. The others are 80..BF.
struct Sequence {
  std::size_t continuations;
  std::uint8_t low;
  std::uint8_t high;
};

std::optional<Sequence> sequence_after(std::uint8_t lead) {
  if (lead < 0xC2) return std::nullopt;
  if (lead < 0xE0) return Sequence{1, 0x80, 0xBF};
  if (lead == 0xE0) return Sequence{2, 0xA0, 0xBF};
  if (lead == 0xED) return Sequence{2, 0x80, 0x9F};
  if (lead < 0xF0) return Sequence{2, 0x80, 0xBF};
  if (lead == 0xF0) return Sequence{3, 0x90, 0xBF};
  if (lead < 0xF4) return Sequence{3, 0x80, 0xBF};
  if (lead == 0xF4) return Sequence{3, 0x80, 0x8F};
  return std::nullopt;
}

/// Number of leading ASCII bytes, counted in steps of eight: a lower bound.
std::size_t ascii_run(const char* data, std::size_t size) {
  std::size_t done = 0;
  while (size - done >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data + done, sizeof word);
    if ((word & 0x8080'8080'8080'8080U) != 0) break;
    done += 8;
  }
  return done;
}

}  // namespace

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  std::size_t at = ascii_run(text.data(), text.size());
  while (at < text.size()) {
    const auto lead = static_cast<std::uint8_t>(text[at]);
    if (lead < 0x80) {
      ++at;
      at += ascii_run(text.data() + at, text.size() - at);
      continue;
    }
    const auto sequence = sequence_after(lead);
    if (!sequence || text.size() - at <= sequence->continuations) return at;
    for (std::size_t i = 1; i <= sequence->continuations; ++i) {
      const auto byte = static_cast<std::uint8_t>(text[at + i]);
      const std::uint8_t low = i == 1 ? sequence->low : 0x80;
      const std::uint8_t high = i == 1 ? sequence->high : 0xBF;
      if (byte < low || byte > high) return at;
    }
    at += 1 + sequence->continuations;
  }
  return std::nullopt;
}

Result<void> check_utf8(std::string_view text, std::string_view what) {
  const auto bad = first_invalid_utf8(text);
  if (!bad) [[likely]]
    return {};
  return fail(ErrorCode::kInvalidText,
              fmt::format("{} is not valid UTF-8 at byte {} (0x{:02x})", what, *bad,
                          static_cast<std::uint8_t>(text[*bad])));
}

}  // namespace kist::codec
