#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <kist/value.h>

namespace kist {
namespace {

TEST(Value, KnowsItsType) {
  EXPECT_EQ(Value::boolean(true).type(), ValueTag::kBool);
  EXPECT_EQ(Value::u64(1).type(), ValueTag::kU64);
  EXPECT_EQ(Value::i64(1).type(), ValueTag::kI64);
  EXPECT_EQ(Value::f64(1).type(), ValueTag::kF64);
  EXPECT_EQ(Value::instant({1}).type(), ValueTag::kInstant);
  EXPECT_EQ(Value::uuid({}).type(), ValueTag::kUuid);
  EXPECT_EQ(Value::string("").type(), ValueTag::kString);
  EXPECT_EQ(Value::json("").type(), ValueTag::kJson);
  EXPECT_EQ(Value::blob(Bytes()).type(), ValueTag::kBlob);
}

TEST(Value, NamesOfTypesGoBothWays) {
  for (int tag = 1; tag <= 9; ++tag) {
    const auto type = static_cast<ValueTag>(tag);
    EXPECT_EQ(type_from_name(type_name(type)), type);
  }
  EXPECT_EQ(type_name(static_cast<ValueTag>(0)), "unknown");
  EXPECT_EQ(type_name(static_cast<ValueTag>(10)), "unknown");
  EXPECT_FALSE(type_from_name("unknown"));
}

TEST(Value, GivesEachTypeAsItself) {
  EXPECT_EQ(Value::boolean(true).as<bool>(), true);
  EXPECT_EQ(Value::u64(7).as<std::uint64_t>(), 7U);
  EXPECT_EQ(Value::i64(-7).as<std::int64_t>(), -7);
  EXPECT_EQ(Value::f64(0.5).as<double>(), 0.5);
  EXPECT_EQ(Value::instant({-1}).as<Instant>(), Instant{-1});
  EXPECT_EQ(Value::uuid({{1, 2}}).as<Uuid>(), (Uuid{{1, 2}}));
  EXPECT_EQ(Value::string("s").as<std::string>(), "s");
  EXPECT_EQ(Value::json("{}").as<Json>(), Json{"{}"});
  EXPECT_EQ(Value::blob({1, 2}).as<Blob>(), (Blob{{1, 2}}));
  EXPECT_EQ(Value::blob({1, 2}).as<BlobView>()->bytes.size(), 2U);
  EXPECT_EQ(Value::json("[]").as<JsonView>()->text, "[]");
}

TEST(Value, WidensIntegersOnlyWhereTheyFit) {
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(Value::u64(kMax).as<std::int64_t>(), kMax);
  EXPECT_EQ(Value::i64(kMax).as<std::uint64_t>(), static_cast<std::uint64_t>(kMax));
  EXPECT_EQ(Value::i64(0).as<std::uint64_t>(), 0U);
  const auto negative = Value::i64(-1).as<std::uint64_t>();
  ASSERT_FALSE(negative);
  EXPECT_EQ(negative.error().code, ErrorCode::kWrongType);
  EXPECT_EQ(negative.error().message, "wanted u64, found i64 -1, which does not fit");
  const auto large = Value::u64(static_cast<std::uint64_t>(kMax) + 1).as<std::int64_t>();
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kWrongType);
  EXPECT_EQ(large.error().message, "wanted i64, found u64 9223372036854775808, which does not fit");
}

TEST(Value, ConvertsNothingElse) {
  EXPECT_EQ(Value::u64(1).as<double>().error().code, ErrorCode::kWrongType);
  EXPECT_EQ(Value::f64(1).as<std::uint64_t>().error().code, ErrorCode::kWrongType);
  EXPECT_EQ(Value::boolean(true).as<std::uint64_t>().error().code, ErrorCode::kWrongType);
  EXPECT_EQ(Value::u64(1).as<bool>().error().code, ErrorCode::kWrongType);
  EXPECT_EQ(Value::i64(1).as<Instant>().error().code, ErrorCode::kWrongType);
  EXPECT_EQ(Value::json("1").as<std::string>().error().code, ErrorCode::kWrongType);
  EXPECT_EQ(Value::string("1").as<Json>().error().message, "wanted json, found string");
}

TEST(Value, EqualityIsThatOfTheEncoding) {
  const double nan = std::bit_cast<double>(std::uint64_t{0x7ff8000000000001});
  const double other_nan = std::bit_cast<double>(std::uint64_t{0x7ff8000000000002});
  EXPECT_EQ(Value::f64(nan), Value::f64(nan));
  EXPECT_NE(Value::f64(nan), Value::f64(other_nan));
  EXPECT_NE(Value::f64(0.0), Value::f64(-0.0));
  EXPECT_NE(Value::u64(1), Value::i64(1));
  EXPECT_NE(Value::string("1"), Value::json("1"));
  EXPECT_EQ(Value::string(std::string("a\0b", 3)), ValueView::string({"a\0b", 3}));
  EXPECT_NE(Value::blob({1}), Value::blob({1, 2}));
  EXPECT_EQ(Value::blob(Bytes()), ValueView::blob({}));
}

TEST(Value, ViewBorrowsAndCopies) {
  const Value value = Value::string("borrowed");
  const ValueView view = value;
  EXPECT_EQ(view.as<std::string_view>()->data(), std::get<std::string>(value.data()).data());
  EXPECT_EQ(view.to_value(), value);
}

}  // namespace
}  // namespace kist
