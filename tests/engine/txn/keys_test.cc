#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <kist/engine/keys.h>

#include "tests/support/random.h"

namespace kist::test {
namespace {

using engine::key_of;

template <typename Key>
bool less(const Key& a, const Key& b) {
  return std::ranges::lexicographical_compare(a, b);
}

template <typename Number>
std::vector<Number> edges_and_others(Random& random) {
  using Limits = std::numeric_limits<Number>;
  std::vector<Number> numbers = {Limits::lowest(), Limits::max(), Number(0), Number(1)};
  if constexpr (std::is_signed_v<Number>) numbers.push_back(Number(-1));
  for (int i = 0; i < 200; ++i) {
    numbers.push_back(static_cast<Number>(static_cast<std::int64_t>(random.next())));
  }
  return numbers;
}

template <typename Number, typename Back>
void expect_order(Back back) {
  Random random(test_seed("Keys"));
  const std::vector<Number> numbers = edges_and_others<Number>(random);
  for (const Number a : numbers) {
    ASSERT_EQ(back(key_of(a)), a);
    for (const Number b : numbers) ASSERT_EQ(less(key_of(a), key_of(b)), a < b) << a << " " << b;
  }
}

TEST(Keys, OrderAsTheirNumbersDo) {
  expect_order<std::uint32_t>([](const auto& key) { return engine::uint32_of(key); });
  expect_order<std::uint64_t>([](const auto& key) { return engine::uint64_of(key); });
  expect_order<std::int32_t>([](const auto& key) { return engine::int32_of(key); });
  expect_order<std::int64_t>([](const auto& key) { return engine::int64_of(key); });
}

TEST(Keys, OfDoublesOrderTotally) {
  using Limits = std::numeric_limits<double>;
  const std::vector<double> ascending = {-Limits::quiet_NaN(),
                                         -Limits::infinity(),
                                         Limits::lowest(),
                                         -1.5,
                                         -Limits::denorm_min(),
                                         -0.0,
                                         0.0,
                                         Limits::denorm_min(),
                                         1.5,
                                         Limits::max(),
                                         Limits::infinity(),
                                         Limits::quiet_NaN()};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    const double back = engine::double_of(key_of(ascending[i]));
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(ascending[i]));
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(less(key_of(ascending[i]), key_of(ascending[j])), i < j) << i << " " << j;
    }
  }
}

TEST(Keys, AreBigEndianEverywhere) {
  EXPECT_EQ(key_of(std::uint32_t{0x01020304}), (engine::KeyBytes<4>{1, 2, 3, 4}));
  EXPECT_EQ(key_of(std::int64_t{-1}),
            (engine::KeyBytes<8>{0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}));
  EXPECT_EQ(key_of(1.0), (engine::KeyBytes<8>{0xBF, 0xF0, 0, 0, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace kist::test
