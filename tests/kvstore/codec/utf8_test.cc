#include "kvstore/codec/utf8.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace kist::codec {
namespace {

/// UTF-8 of a code point, by the definition; surrogates are encoded too.
std::string encoded(std::uint32_t point) {
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | point >> 6), byte(0x80 | (point & 0x3F))};
  if (point < 0x10000) {
    return {byte(0xE0 | point >> 12), byte(0x80 | (point >> 6 & 0x3F)),
            byte(0x80 | (point & 0x3F))};
  }
  return {byte(0xF0 | point >> 18), byte(0x80 | (point >> 12 & 0x3F)),
          byte(0x80 | (point >> 6 & 0x3F)), byte(0x80 | (point & 0x3F))};
}

TEST(Utf8, TakesEveryCodePointButSurrogates) {
  for (std::uint32_t point = 0; point < 0x11'1000; ++point) {
    const bool valid = point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
    ASSERT_EQ(!first_invalid_utf8(encoded(point)), valid) << std::hex << point;
  }
}

TEST(Utf8, TakesOnlyTheShortestFormOfTwoAndThreeBytes) {
  // Every sequence of two bytes and of three with a given tail, against the count of code points.
  std::size_t two = 0;
  std::size_t three = 0;
  for (unsigned a = 0x80; a < 0x100; ++a) {
    for (unsigned b = 0; b < 0x100; ++b) {
      const std::string pair{static_cast<char>(a), static_cast<char>(b)};
      two += first_invalid_utf8(pair) ? 0U : 1U;
      three += first_invalid_utf8(pair + '\x80') ? 0U : 1U;
    }
  }
  EXPECT_EQ(two, 0x800U - 0x80U);
  EXPECT_EQ(three, (0x10000U - 0x800U - 0x800U) / 0x40U);
}

TEST(Utf8, GivesTheOffsetOfTheFirstBadByteAtEveryAlignment) {
  for (std::size_t offset = 0; offset < 40; ++offset) {
    const std::string good(offset, 'a');
    EXPECT_EQ(first_invalid_utf8(good + '\xFF' + "bc"), offset);
    EXPECT_EQ(first_invalid_utf8(good + "\xE2\x82"), offset);
    EXPECT_EQ(first_invalid_utf8(good + "\xE2\x82\xAC"), std::nullopt);
  }
}

TEST(Utf8, NulIsACharacter) {
  EXPECT_EQ(first_invalid_utf8({"a\0b", 3}), std::nullopt);
}

TEST(Utf8, CheckNamesWhatIsChecked) {
  EXPECT_TRUE(check_utf8("", "name"));
  const auto bad = check_utf8("x\xC0", "store name");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalidText);
  EXPECT_EQ(bad.error().message, "store name is not valid UTF-8 at byte 1 (0xc0)");
}

}  // namespace
}  // namespace kist::codec
