#include "engine/tree/key_compare.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "engine/base/byte_order.h"
#include "tests/support/random.h"

namespace kist::engine {
namespace {

using test::Random;

int sign(int order) {
  return (order > 0) - (order < 0);
}

/// Two keys with a common start, each in memory of exactly its size, so that a sanitizer sees a
/// step too far.
struct Pair {
  std::string a;
  std::string b;

  explicit Pair(Random& random) {
    a = random.bytes(random.below(45));
    b = a.substr(0, random.below(a.size() + 1)) + random.bytes(random.below(6));
    if (random.one_in(4)) b = a;
    if (random.one_in(4) && !b.empty()) b.back() = static_cast<char>(b.back() ^ 0x80);
    a.shrink_to_fit();
    b.shrink_to_fit();
  }
  std::size_t common() const { return std::min(a.size(), b.size()); }
};

const std::uint8_t* data(const std::string& text) {
  return as_bytes(text).data();
}

TEST(KeyCompare, AgreesWithTheLibrary) {
  Random random(test::test_seed("KeyCompare"));
  for (int i = 0; i < 200'000; ++i) {
    const Pair pair(random);
    const std::size_t common = pair.common();
    const int order = sign(pair.a.compare(0, common, pair.b, 0, common));
    ASSERT_EQ(sign(compare_bytes(data(pair.a), data(pair.b), common)), order);
    ASSERT_EQ(same_bytes(data(pair.a), data(pair.b), common), order == 0);
    ASSERT_EQ(sign(compare_keys(data(pair.a), pair.a.size(), data(pair.b), pair.b.size())),
              sign(pair.a.compare(pair.b)));
  }
}

TEST(KeyCompare, HeadIsTheFourBytesBehindThePrefixFilledWithZeros) {
  Random random(test::test_seed("KeyCompare"));
  for (int i = 0; i < 100'000; ++i) {
    const std::string key = random.bytes(random.below(24));
    const std::size_t skip = random.below(28);
    std::uint32_t head = 0;
    for (std::size_t at = skip; at < skip + 4; ++at) {
      head = head << 8 | (at < key.size() ? static_cast<std::uint8_t>(key[at]) : 0U);
    }
    ASSERT_EQ(key_head(data(key), key.size(), skip), head) << key.size() << " " << skip;
  }
}

TEST(KeyCompare, StartIsHeldAgainstAPrefixAtTheEndOfAPage) {
  Random random(test::test_seed("KeyCompare"));
  for (int i = 0; i < 200'000; ++i) {
    const Pair pair(random);
    const std::string page = random.bytes(32) + pair.b;
    const std::string start = pair.a.substr(0, pair.b.size());
    ASSERT_EQ(sign(compare_start(as_bytes(pair.a), data(page) + page.size(), pair.b.size())),
              sign(start.compare(pair.b)));
  }
}

TEST(KeyCompare, SixBytesOfEight) {
  const std::string bytes = test::Random(1).bytes(8);
  EXPECT_EQ(load48_of_more(data(bytes)), load48(data(bytes)));
}

}  // namespace
}  // namespace kist::engine
