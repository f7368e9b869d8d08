#include "kvstore/codec/key_codec.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/checked_profile.h"

namespace kist::codec {
namespace {

using test::code_of;
using test::failed_with;
using test::must;

constexpr std::array kIntegers = {KeyType::kU8, KeyType::kU16, KeyType::kU32, KeyType::kU64,
                                  KeyType::kI8, KeyType::kI16, KeyType::kI32, KeyType::kI64};

std::string encoded(const Key& key, KeyType type) {
  KeyBuffer buffer;
  return engine::to_string(must(encode_key(key, type, buffer)));
}

TEST(KeyCodec, BytesAreWhatTheyAre) {
  EXPECT_EQ(encoded("text", KeyType::kBytes), "text");
  EXPECT_EQ(encoded(std::string_view("\0\xFF", 2), KeyType::kBytes), std::string("\0\xFF", 2));
  EXPECT_EQ(encoded("", KeyType::kBytes), "");
}

TEST(KeyCodec, NumbersAreBigEndianWithTheSignTurned) {
  EXPECT_EQ(encoded(0x1234, KeyType::kU16), "\x12\x34");
  EXPECT_EQ(encoded(-1, KeyType::kI16), "\x7F\xFF");
  EXPECT_EQ(encoded(1, KeyType::kI8), "\x81");
  EXPECT_EQ(encoded(std::numeric_limits<std::int64_t>::min(), KeyType::kI64), std::string(8, '\0'));
  EXPECT_EQ(encoded(std::numeric_limits<std::uint64_t>::max(), KeyType::kU64),
            std::string(8, '\xFF'));
}

TEST(KeyCodec, OrderAndNumbersSurviveEveryType) {
  for (const KeyType type : kIntegers) {
    const auto bits = static_cast<int>(8 * key_width(type));
    std::vector<std::int64_t> numbers;
    if (is_signed(type)) {
      const std::int64_t most = std::numeric_limits<std::int64_t>::max() >> (64 - bits);
      numbers = {-most - 1, -most, -2, -1, 0, 1, 2, most - 1, most};
    } else {
      const std::int64_t most =
          bits == 64 ? std::numeric_limits<std::int64_t>::max() : (std::int64_t{1} << bits) - 1;
      numbers = {0, 1, 2, 126, 127, most - 1, most};
    }
    std::vector<std::string> keys;
    for (const std::int64_t number : numbers) {
      keys.push_back(encoded(number, type));
      EXPECT_EQ(keys.back().size(), key_width(type));
      EXPECT_EQ(decode_number_key(engine::as_bytes(keys.back()), type),
                static_cast<std::uint64_t>(number));
      EXPECT_EQ(encoded(Key::encoded(keys.back()), type), keys.back());
    }
    EXPECT_TRUE(std::ranges::is_sorted(keys)) << type_name(type);
  }
}

TEST(KeyCodec, WhatDoesNotFitIsRefused) {
  KeyBuffer buffer;
  EXPECT_TRUE(failed_with(encode_key(256, KeyType::kU8, buffer), ErrorCode::kOutOfRange,
                          "the keys are of type u8, 256 does not fit"));
  EXPECT_EQ(code_of(encode_key(-1, KeyType::kU64, buffer)), ErrorCode::kOutOfRange);
  EXPECT_EQ(code_of(encode_key(128, KeyType::kI8, buffer)), ErrorCode::kOutOfRange);
  EXPECT_EQ(code_of(encode_key(-129, KeyType::kI8, buffer)), ErrorCode::kOutOfRange);
  EXPECT_EQ(code_of(encode_key(std::uint64_t{1} << 63, KeyType::kI64, buffer)),
            ErrorCode::kOutOfRange);
  EXPECT_EQ(code_of(encode_key(1, KeyType::kBytes, buffer)), ErrorCode::kWrongKind);
  EXPECT_EQ(code_of(encode_key("1", KeyType::kU8, buffer)), ErrorCode::kWrongKind);
  EXPECT_EQ(code_of(encode_key(Key::encoded("12"), KeyType::kU8, buffer)),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(decode_number_key(engine::as_bytes("12"), KeyType::kU8), std::nullopt);
}

TEST(KeyCodec, NamesOfTypes) {
  for (const KeyType type : kIntegers) EXPECT_EQ(key_type_from_name(type_name(type)), type);
  EXPECT_EQ(key_type_from_name("bytes"), KeyType::kBytes);
  EXPECT_EQ(key_type_from_name("u128"), std::nullopt);
  EXPECT_EQ(type_name(static_cast<KeyType>(9)), "unknown");
}

}  // namespace
}  // namespace kist::codec
