#include "kvstore/codec/value_codec.h"

#include <bit>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/golden.h"
#include "tests/support/random.h"

namespace kist::codec {
namespace {

using test::from_hex;
using test::load_golden;

/// The value that a golden vector describes in portable JSON: see kvstore/docs/format.md.
Value value_of(const nlohmann::json& vector) {
  const auto tag = type_from_name(vector["type"].get<std::string>());
  EXPECT_TRUE(tag.has_value()) << vector;
  if (*tag == ValueTag::kBool) return Value::boolean(vector["value"].get<bool>());
  const auto text = vector["value"].get<std::string>();
  switch (*tag) {
    case ValueTag::kU64:
      return Value::u64(std::stoull(text));
    case ValueTag::kI64:
      return Value::i64(std::stoll(text));
    case ValueTag::kF64:
      return Value::f64(std::bit_cast<double>(std::uint64_t{std::stoull(text, nullptr, 16)}));
    case ValueTag::kInstant:
      return Value::instant(Instant{std::stoll(text)});
    case ValueTag::kUuid: {
      std::string digits = text;
      std::erase(digits, '-');
      Uuid uuid;
      std::ranges::copy(from_hex(digits), uuid.bytes.begin());
      return Value::uuid(uuid);
    }
    case ValueTag::kString:
      return Value::string(text);
    case ValueTag::kJson:
      return Value::json(text);
    default:
      return Value::blob(from_hex(text));
  }
}

TEST(ValueCodec, EncodesGoldenVectors) {
  const auto vectors = load_golden("values.json");
  ASSERT_GE(vectors.size(), 60U);
  ValueEncoder encoder;
  for (const auto& vector : vectors) {
    const auto bytes = encoder.encode(value_of(vector));
    ASSERT_TRUE(bytes) << vector << bytes.error().message;
    const auto expected = from_hex(vector["hex"].get<std::string>());
    EXPECT_EQ(engine::as_text(*bytes), engine::as_text(expected)) << vector;
  }
}

TEST(ValueCodec, DecodesGoldenVectors) {
  for (const auto& vector : load_golden("values.json")) {
    const auto bytes = from_hex(vector["hex"].get<std::string>());
    const auto value = decode_value(bytes);
    ASSERT_TRUE(value) << vector << value.error().message;
    EXPECT_EQ(type_name(value->type()), vector["type"].get<std::string>());
    EXPECT_EQ(value->to_value(), value_of(vector)) << vector;
  }
}

TEST(ValueCodec, GoldenVectorsCoverEveryType) {
  std::array<int, 10> seen{};
  for (const auto& vector : load_golden("values.json")) {
    ++seen.at(static_cast<std::size_t>(value_of(vector).type()));
  }
  for (std::size_t tag = 1; tag <= 9; ++tag) EXPECT_GT(seen.at(tag), 1) << tag;
}

TEST(ValueCodec, RefusesInvalidGoldenVectors) {
  const auto vectors = load_golden("invalid_values.json");
  ASSERT_GE(vectors.size(), 40U);
  for (const auto& vector : vectors) {
    const auto value = decode_value(from_hex(vector["hex"].get<std::string>()));
    ASSERT_FALSE(value) << vector;
    const bool newer = vector["error"] == "newer_format";
    ASSERT_TRUE(newer || vector["error"] == "bad_value") << vector;
    EXPECT_EQ(value.error().code, newer ? ErrorCode::kNewerFormat : ErrorCode::kBadValue) << vector;
    EXPECT_FALSE(value.error().message.empty());
  }
}

TEST(ValueCodec, RefusesEveryCutOfAValue) {
  for (const auto& vector : load_golden("values.json")) {
    const auto bytes = from_hex(vector["hex"].get<std::string>());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      // A copy of its own, so that a sanitizer sees a read beyond the cut.
      const std::vector<std::uint8_t> cut(bytes.begin(),
                                          bytes.begin() + static_cast<std::ptrdiff_t>(size));
      const auto value = decode_value(cut);
      ASSERT_FALSE(value) << vector << size;
      EXPECT_EQ(value.error().code, ErrorCode::kBadValue);
    }
  }
}

TEST(ValueCodec, SurvivesRandomBytesAndDecodesOnlyWhatEncodesBack) {
  test::Random random(test::test_seed("ValueCodec"));
  ValueEncoder encoder;
  int decoded = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::vector<std::uint8_t> bytes(random.next() % 24);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
    if (!bytes.empty()) bytes[0] %= 12;
    // Half of the time a length that may fit.
    if (bytes.size() > 9 && random.next() % 2 == 0) {
      std::fill(bytes.begin() + 1, bytes.begin() + 9, std::uint8_t{0});
      bytes[1] = static_cast<std::uint8_t>(bytes.size() - 9 - random.next() % 2);
    }
    const auto value = decode_value(bytes);
    if (!value || value->type() == ValueTag::kJson) continue;
    ++decoded;
    const auto again = encoder.encode(*value);
    ASSERT_TRUE(again);
    ASSERT_EQ(engine::as_text(*again), engine::as_text(bytes));
  }
  EXPECT_GT(decoded, 1000);
}

TEST(ValueCodec, RefusesToWriteTextThatIsNotUtf8) {
  ValueEncoder encoder;
  const auto lone = encoder.encode(ValueView::string("ab\xED\xA0\x80"));
  ASSERT_FALSE(lone);
  EXPECT_EQ(lone.error().code, ErrorCode::kInvalidText);
  EXPECT_EQ(lone.error().message, "string is not valid UTF-8 at byte 2 (0xed)");
}

TEST(ValueCodec, RefusesToWriteJsonThatDoesNotParse) {
  ValueEncoder encoder;
  const auto bad = encoder.encode(ValueView::json("{\"a\": tru}"));
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalidJson);
  EXPECT_TRUE(bad.error().message.starts_with("invalid JSON at byte 10: ")) << bad.error().message;
}

TEST(ValueCodec, EncoderIsUsableAfterAnErrorAndAfterALargeValue) {
  ValueEncoder encoder;
  ASSERT_FALSE(encoder.encode(ValueView::string("\xFF")));
  const std::string large(1'000'000, 'x');
  const auto big = encoder.encode(ValueView::string(large));
  ASSERT_TRUE(big);
  EXPECT_EQ(big->size(), large.size() + kTextHeaderSize);
  EXPECT_EQ(decode_value(*big)->as<std::string_view>(), large);
  const auto small = encoder.encode(ValueView::string("y"));
  ASSERT_TRUE(small);
  EXPECT_EQ(decode_value(*small)->as<std::string>(), "y");
}

}  // namespace
}  // namespace kist::codec
