#include "kvstore/codec/json_check.h"

#include <string>

#include <gtest/gtest.h>

namespace kist::codec {
namespace {

TEST(JsonCheck, TakesDocuments) {
  for (const char* text :
       {"null", "true", "0", "-1.5e10", "\"\"", "[]", "{}", " [1, 2] ", R"({"a":{"b":[null]}})",
        R"("\u0000\ud83d\ude00")", "18446744073709551616", "\"\xF0\x9F\x98\x80\""}) {
    EXPECT_TRUE(check_json(text)) << text;
  }
}

TEST(JsonCheck, RefusesEverythingElse) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[1,]",
                           "{\"a\"}",
                           "{a:1}",
                           "'a'",
                           "nul",
                           "NaN",
                           "01",
                           "1 2",
                           "[1]]",
                           "\"\t\"",
                           "// c\n1",
                           R"("\ud800")",
                           R"("\udc00")",
                           "\"\xED\xA0\x80\"",
                           "\"\xFF\"",
                           "1e999",
                           "\xEF\xBB\xBF{}"}) {
    const auto result = check_json(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidJson);
  }
}

TEST(JsonCheck, RefusesNulAfterADocument) {
  const auto result = check_json(std::string("{}\0{}", 5));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "invalid JSON at byte 3: NUL");
}

TEST(JsonCheck, NamesThePosition) {
  const auto result = check_json("[1, 2, x]");
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().message.starts_with("invalid JSON at byte 8: "))
      << result.error().message;
}

TEST(JsonCheck, DepthTakesNoStack) {
  const std::size_t depth = 1'000'000;
  EXPECT_TRUE(check_json(std::string(depth, '[') + std::string(depth, ']')));
  EXPECT_FALSE(check_json(std::string(depth, '[')));
}

}  // namespace
}  // namespace kist::codec
