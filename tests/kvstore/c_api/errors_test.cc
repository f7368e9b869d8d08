#include "kvstore/c_api/errors.h"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "kvstore/c_api/values.h"

namespace kist::c_api {
namespace {

TEST(CErrors, MessagesAreMadePrintable) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(printable("plain \xC3\xA9 \xF0\x9F\x98\x80"), "plain \xC3\xA9 \xF0\x9F\x98\x80");
  EXPECT_EQ(printable("a\0b"sv), "a\\x00b");
  EXPECT_EQ(printable("\xFFz"), "\\xffz");
  EXPECT_EQ(printable("z\xED\xA0\x80"), "z\\xed\\xa0\\x80");
  EXPECT_EQ(printable("cut \xE2\x82"), "cut \\xe2\\x82");
  EXPECT_EQ(printable(""), "");
}

TEST(CErrors, NoExceptionLeavesAFunction) {
  kist_error error;
  EXPECT_EQ(guarded(&error, []() -> Result<void> { throw std::bad_alloc(); }),
            KIST_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(error.code, KIST_ERROR_OUT_OF_MEMORY);
  kist_error_free(&error);
  EXPECT_EQ(guarded(&error, []() -> Result<void> { throw std::runtime_error("what it says"); }),
            KIST_ERROR_INTERNAL);
  EXPECT_STREQ(error.message, "what it says");
  kist_error_free(&error);
  EXPECT_EQ(guarded(&error, []() -> Result<void> { throw 5; }), KIST_ERROR_INTERNAL);
  kist_error_free(&error);
  EXPECT_EQ(guarded(nullptr, []() -> Result<void> { return fail(ErrorCode::kBusy, "x"); }),
            KIST_ERROR_BUSY);
}

TEST(CErrors, SuccessLeavesNoMessage) {
  kist_error error = {KIST_ERROR_IO, nullptr, 7};
  EXPECT_EQ(guarded(&error, []() -> Result<void> { return {}; }), KIST_OK);
  EXPECT_EQ(error.code, KIST_OK);
  EXPECT_EQ(error.message, nullptr);
  EXPECT_EQ(error.message_size, 0U);
}

TEST(CValues, ArenaKeepsEarlierCopies) {
  Arena arena;
  std::vector<std::pair<std::string, std::string_view>> copies;
  for (std::size_t i = 0; i < 3000; ++i) {
    std::string text(i * 7919 % 9000, static_cast<char>('a' + i % 26));
    const std::string_view copy = arena.copy(text);
    copies.emplace_back(std::move(text), copy);
  }
  for (const auto& [text, copy] : copies) ASSERT_EQ(copy, text);
}

TEST(CValues, ABoolOfAnotherLanguageMayHoldAnyByte) {
  kist_value value = kist_value_bool(false);
  *reinterpret_cast<unsigned char*>(&value.boolean) = 2;
  const auto view = view_of(&value);
  ASSERT_TRUE(view);
  EXPECT_EQ(*view, ValueView::boolean(true));
}

}  // namespace
}  // namespace kist::c_api
