#include "engine/space/chunked_map.h"

#include <cstdint>
#include <map>

#include <gtest/gtest.h>

#include "tests/support/random.h"

namespace kist::test {
namespace {

using engine::ChunkedMap;
using Map = ChunkedMap<std::uint64_t, std::uint64_t>;
using Model = std::map<std::uint64_t, std::uint64_t>;

void expect_equal(const Map& map, const Model& model) {
  ASSERT_EQ(map.size(), model.size());
  ASSERT_EQ(map.empty(), model.empty());
  auto at = map.begin();
  for (const auto& [key, value] : model) {
    ASSERT_NE(at, map.end());
    ASSERT_EQ(map[at].key, key);
    ASSERT_EQ(map[at].value, value);
    at = map.next(at);
  }
  ASSERT_EQ(at, map.end());
  for (auto expected = model.rbegin(); expected != model.rend(); ++expected) {
    at = map.previous(at);
    ASSERT_EQ(map[at].key, expected->first);
  }
  ASSERT_EQ(at, map.begin());
}

TEST(ChunkedMap, EqualsAMapUnderRandomChanges) {
  const std::uint64_t seed = test_seed("ChunkedMap");
  Random random(seed);
  for (const std::uint64_t keys : {50U, 2000U, 20000U}) {
    Map map;
    Model model;
    for (int phase = 0; phase < 8; ++phase) {
      const bool grow = phase % 3 != 2;  // in every third phase it shrinks, in the last to nothing
      for (std::uint64_t i = 0; i < keys; ++i) {
        const std::uint64_t key = random.one_in(2) ? random.below(keys) : i;
        const auto at = map.lower_bound(key);
        const auto expected = model.lower_bound(key);
        ASSERT_EQ(at == map.end(), expected == model.end());
        if (expected != model.end()) {
          ASSERT_EQ(map[at].key, expected->first);
        }
        const auto above = map.upper_bound(key);
        ASSERT_EQ(above == map.end(), model.upper_bound(key) == model.end());
        const bool there = expected != model.end() && expected->first == key;
        if (grow && !there) {
          map.insert(at, {key, i});
          model.emplace(key, i);
        } else if (!grow && there) {
          const auto behind = map.erase(at);
          const auto expected_behind = model.erase(expected);
          ASSERT_EQ(behind == map.end(), expected_behind == model.end());
          if (behind != map.end()) {
            ASSERT_EQ(map[behind].key, expected_behind->first);
          }
        }
      }
      ASSERT_NO_FATAL_FAILURE(expect_equal(map, model)) << "seed " << seed;
    }
    while (!map.empty()) map.erase(map.begin());
    ASSERT_NO_FATAL_FAILURE(expect_equal(map, {}));
  }
}

TEST(ChunkedMap, FilledInOrderAndCleared) {
  Map map;
  for (std::uint64_t i = 0; i < 1000; ++i) map.insert(map.end(), {i, 2 * i});
  EXPECT_EQ(map[map.lower_bound(777)].value, 1554U);
  std::uint64_t sum = 0;
  map.for_each([&](std::uint64_t key, std::uint64_t value) { sum += value - key; });
  EXPECT_EQ(sum, 499500U);
  map.clear();
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.lower_bound(0), map.end());
}

}  // namespace
}  // namespace kist::test
