#include "engine/tree/head_search.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/random.h"

namespace kist::engine {
namespace {

using test::Random;

std::size_t search(const std::vector<std::uint32_t>& heads, std::uint32_t head) {
  return lower_bound_head(reinterpret_cast<const std::uint8_t*>(heads.data()), heads.size(), head);
}

/// Heads with many equal ones, and some at both ends of what a number can be.
std::uint32_t some_head(Random& random) {
  switch (random.below(4)) {
    case 0:
      return static_cast<std::uint32_t>(random.below(20));
    case 1:
      return 0xFFFFFFFFU - static_cast<std::uint32_t>(random.below(20));
    case 2:
      return 0x80000000U + static_cast<std::uint32_t>(random.below(20)) - 10U;
    default:
      return static_cast<std::uint32_t>(random.next());
  }
}

TEST(HeadSearch, FindsTheFirstThatIsNotLess) {
  Random random(test::test_seed("HeadSearch"));
  for (std::size_t count = 0; count < 300; ++count) {
    for (int i = 0; i < 100; ++i) {
      std::vector<std::uint32_t> heads(count);
      std::ranges::generate(heads, [&] { return some_head(random); });
      std::ranges::sort(heads);
      const std::uint32_t head =
          count != 0 && random.one_in(2) ? heads[random.below(count)] : some_head(random);
      const auto expected = std::ranges::lower_bound(heads, head) - heads.begin();
      ASSERT_EQ(search(heads, head), static_cast<std::size_t>(expected)) << count << " " << head;
    }
  }
}

TEST(HeadSearch, StaysInsideWhateverTheHeadsAre) {
  Random random(test::test_seed("HeadSearch"));
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::uint32_t> heads(random.below(100));
    std::ranges::generate(heads, [&] { return some_head(random); });
    ASSERT_LE(search(heads, some_head(random)), heads.size());
  }
}

}  // namespace
}  // namespace kist::engine
