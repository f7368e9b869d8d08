#include "kvstore/codec/json_scan.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/support/checked_profile.h"

namespace kist::codec {
namespace {

using test::code_of;
using test::must;

TEST(JsonScan, PassesOverOneValue) {
  const auto value = [](std::string_view text) {
    return std::string(must(JsonScan(text).value()));
  };
  EXPECT_EQ(value(" 12.5e3 "), "12.5e3");
  EXPECT_EQ(value("true,1"), "true");
  EXPECT_EQ(value(R"("a\"]" 1)"), R"("a\"]")");
  EXPECT_EQ(value(R"( {"a" : [1, {"]":"}"}] } x)"), R"({"a" : [1, {"]":"}"}] })");
  EXPECT_EQ(value("[]"), "[]");
}

TEST(JsonScan, StringsStandForWhatTheyMean) {
  const auto text = [](std::string_view quoted) { return must(JsonScan(quoted).string()); };
  EXPECT_EQ(text(R"("plain")"), "plain");
  EXPECT_EQ(text(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(text(R"("\u0041\u00fC\u20AC\ud83d\uDE00")"), "A\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(text(R"("\u0000")"), std::string(1, '\0'));
  for (const char* bad : {R"("\x")", R"("\u12")", R"("\ud83d")", R"("\ud83d\u0041")", R"("\ude00")",
                          R"("open)", R"("\)", "x", ""}) {
    EXPECT_EQ(code_of(JsonScan(bad).string()), ErrorCode::kInvalidJson) << bad;
  }
}

TEST(JsonScan, WhatIsNoValueIsNamedWithItsPosition) {
  for (const char* bad : {"", "  ", "}", ",", ":", "[", "[1", R"({"a":)", R"(["x)"}) {
    EXPECT_EQ(code_of(JsonScan(bad).value()), ErrorCode::kInvalidJson) << bad;
  }
  EXPECT_TRUE(test::failed_with(JsonScan("  }").value(), ErrorCode::kInvalidJson, "byte 3"));
  EXPECT_EQ(
      must(JsonScan(std::string(1'000'000, '[') + std::string(1'000'000, ']')).value()).size(),
      2'000'000U)
      << "depth takes no stack";
}

TEST(JsonScan, EndsOnAnyBytes) {
  std::mt19937 random(5);
  constexpr std::string_view kAlphabet("{}[]\",:\\u01ae tn\0\xFF", 19);
  int values = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto i = random() % 30; i > 0; --i) text += kAlphabet[random() % kAlphabet.size()];
    const auto value = JsonScan(text).value();
    values += value ? 1 : 0;
    EXPECT_TRUE(!value || text.contains(*value));
    (void)JsonScan(text).string();
  }
  EXPECT_GT(values, 1000);
}

}  // namespace
}  // namespace kist::codec
