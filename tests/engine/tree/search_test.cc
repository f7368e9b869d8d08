#include "engine/tree/search.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/tree/tree_harness.h"
#include "tests/support/random.h"

namespace kist::test {
namespace {

const Comparator kReversed = compare_reversed;
const Comparator kByLength = compare_by_length;

TEST(CompareReversed, OrdersFromTheLastByte) {
  EXPECT_LT(compare_reversed(as_bytes("b1"), as_bytes("a2")), 0);
  EXPECT_LT(compare_reversed(as_bytes("2"), as_bytes("12")), 0);
  EXPECT_LT(compare_reversed({}, as_bytes("a")), 0);
  EXPECT_GT(compare_reversed(as_bytes("\xFF"), as_bytes("a")), 0);
  EXPECT_EQ(compare_reversed(as_bytes("ab"), as_bytes("ab")), 0);
}

struct Case {
  const char* name;
  TreeShape shape;
  std::uint32_t page_size;
};

class SearchTest : public testing::TestWithParam<Case> {
 protected:
  const TreeShape& shape() const { return GetParam().shape; }
  std::size_t page_size() const { return GetParam().page_size; }

  bool less(const std::string& a, const std::string& b) const {
    return compare_by(shape(), as_bytes(a), as_bytes(b)) < 0;
  }
  /// A short key with many near neighbours; of the right size in dense leaves.
  std::string some_key(Random& random) const {
    std::string key(random.below(3) * 2, 's');
    for (std::size_t i = random.below(4); i > 0; --i) {
      key += static_cast<char>(random.one_in(3) ? random.below(256) : 'a' + random.below(3));
    }
    if (shape().dense != 0) key.resize(shape().dense, 'd');
    return key;
  }
  /// Distinct keys in order that fit one page of entries with `overhead` bytes besides the key.
  std::vector<std::string> some_keys(Random& random, std::size_t overhead) const {
    std::vector<std::string> keys;
    std::size_t room = page_capacity(page_size());
    for (std::size_t i = random.below(200); i > 0; --i) {
      const std::string key = some_key(random);
      if (key.size() + overhead > room) break;
      room -= key.size() + overhead;
      keys.push_back(key);
    }
    std::ranges::sort(keys, [&](const auto& a, const auto& b) { return less(a, b); });
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
  }
};

TEST_P(SearchTest, LowerBoundInALeafAgainstASortedVector) {
  Random random(test_seed("SearchTest"));
  const TreeHarness tree(GetParam().page_size, shape());
  std::vector<std::uint8_t> page(page_size());
  for (int round = 0; round < 60; ++round) {
    const std::vector<std::string> keys = some_keys(random, shape().dense != 0 ? 0 : 10);
    std::vector<LeafRecord> records;
    for (const std::string& key : keys) {
      records.push_back({as_bytes(key).data(), static_cast<std::uint32_t>(key.size()), 0, false});
    }
    leaf_build(page.data(), page_size(), shape(), records);
    // Records of a multimap without a group are not.
    EXPECT_EQ(leaf_is_sound(page.data(), page_size(), shape(), false),
              !shape().multi || keys.empty());
    for (int i = 0; i < 60; ++i) {
      const std::string key =
          !keys.empty() && random.one_in(2) ? keys[random.below(keys.size())] : some_key(random);
      const auto expected = std::ranges::lower_bound(
          keys, key, [&](const auto& a, const auto& b) { return less(a, b); });
      const Position at = leaf_lower_bound(tree.view(), page.data(), shape(), as_bytes(key));
      ASSERT_FALSE(at.damaged);
      ASSERT_EQ(at.index, static_cast<std::size_t>(expected - keys.begin()));
      ASSERT_EQ(at.found, expected != keys.end() && *expected == key);
    }
  }
}

TEST_P(SearchTest, ChildOfABranchAgainstASortedVector) {
  Random random(test_seed("SearchTest"));
  const TreeHarness tree(GetParam().page_size, shape());
  std::vector<std::uint8_t> page(page_size());
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> separators = some_keys(random, 8 + shape().ref_size());
    std::erase(separators, "");
    if (separators.size() < 2) continue;
    separators.pop_back();  // the first child needs room, too
    std::vector<BranchEntry> entries{{{}, {.page = 99, .birth = 2, .count = 5, .keys = 5}}};
    for (std::size_t i = 0; i < separators.size(); ++i) {
      entries.push_back(
          {as_bytes(separators[i]), {.page = 100 + i, .birth = 2, .count = i, .keys = i}});
    }
    ASSERT_LE(branch_size(shape(), entries), page_size());
    branch_build(page.data(), page_size(), shape(), 1, entries);
    EXPECT_TRUE(branch_is_sound(page.data(), page_size(), shape(), 1, false));
    for (int i = 0; i < 60; ++i) {
      const std::string key =
          random.one_in(2) ? separators[random.below(separators.size())] : some_key(random);
      const auto behind = std::ranges::upper_bound(
          separators, key, [&](const auto& a, const auto& b) { return less(a, b); });
      const Position at = branch_child_of(tree.view(), page.data(), 1, shape(), as_bytes(key));
      ASSERT_FALSE(at.damaged);
      ASSERT_EQ(at.index, static_cast<std::size_t>(behind - separators.begin()));
      const Ref child = branch_view(tree.view(), page.data(), shape()).ref(at.index);
      ASSERT_EQ(child, entries[at.index].ref);
    }
  }
}

/// A page whose end is the end of its memory, so that sanitizers see every step over it.
class HostilePage {
 public:
  explicit HostilePage(std::size_t size) : bytes_(new std::uint8_t[size]), size_(size) {}
  std::uint8_t* data() { return bytes_.get(); }
  void fill(Random& random) {
    const std::string bytes = random.bytes(size_);
    std::memcpy(data(), bytes.data(), size_);
  }

 private:
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t size_;
};

TEST_P(SearchTest, IsMemorySafeForAnyPage) {
  Random random(test_seed("SearchTest"));
  const TreeHarness tree(GetParam().page_size, shape());
  HostilePage page(page_size());
  for (int round = 0; round < 400; ++round) {
    const auto level = static_cast<std::uint8_t>(round % 2);
    // From pure noise to a sound page with one byte wrong.
    page.fill(random);
    if (round % 8 < 6) {
      const std::vector<std::string> keys = some_keys(random, 8 + shape().ref_size());
      std::vector<LeafRecord> records;
      std::vector<BranchEntry> entries;
      for (const std::string& key : keys) {
        if (shape().multi) break;
        records.push_back({as_bytes(key).data(), static_cast<std::uint32_t>(key.size()), 0, false});
        entries.push_back({as_bytes(key), {.page = 99, .birth = 2, .count = 1}});
      }
      if (level == 0) leaf_build(page.data(), page_size(), shape(), records);
      if (level == 1) branch_build(page.data(), page_size(), shape(), 1, entries);
      for (std::size_t i = random.below(4); i > 0; --i) {
        page.data()[24 + random.below(page_size() - 24)] = static_cast<std::uint8_t>(random.next());
      }
    }
    store32(page.data() + page_layout::kType, shape().kind(level));
    if (random.one_in(2)) {
      store16(page.data() + page_layout::kCount, static_cast<std::uint16_t>(random.below(40)));
    }
    for (int i = 0; i < 20; ++i) {
      const std::string key = some_key(random);
      if (level == 0) {
        const Position at = leaf_lower_bound(tree.view(), page.data(), shape(), as_bytes(key));
        const LeafReader leaf(page.data(), page_size(), shape());
        ASSERT_TRUE(at.damaged || at.index <= leaf.count());
        for (std::size_t j = 0; j < leaf.count(); ++j) {
          const LeafRecord record = leaf.record(j);
          if (record.key == nullptr) continue;
          ASSERT_LE(record.value() + record.value_size, page.data() + page_size());
        }
      } else {
        const Position at = branch_child_of(tree.view(), page.data(), 1, shape(), as_bytes(key));
        ASSERT_TRUE(at.damaged ||
                    at.index < branch_view(tree.view(), page.data(), shape()).count());
      }
    }
  }
}

TEST_P(SearchTest, EditsOfWhateverIsCalledSoundStayInsideThePage) {
  Random random(test_seed("SearchTest"));
  HostilePage page(page_size());
  const std::string long_key(max_key_size(GetParam().page_size), 'L');
  int sound = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto level = static_cast<std::uint8_t>(round % 2);
    const std::vector<std::string> keys = some_keys(random, 10 + shape().ref_size());
    std::vector<LeafRecord> records;
    std::vector<BranchEntry> entries;
    std::vector<std::string> values;
    for (const std::string& key : keys) values.push_back(key + std::string("\1\0\1\0v", 5));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto size = static_cast<std::uint32_t>(keys[i].size());
      records.push_back({as_bytes(values[i]).data(), size, shape().multi ? 5U : 0U, false});
      entries.push_back({as_bytes(keys[i]), {.page = 99, .birth = 2, .count = 1}});
    }
    if (entries.empty()) continue;
    if (level == 0) leaf_build(page.data(), page_size(), shape(), records);
    if (level == 1) branch_build(page.data(), page_size(), shape(), 1, entries);
    for (std::size_t i = 1 + random.below(3); i > 0; --i) {
      const std::size_t at =
          random.one_in(3) ? 24 + random.below(8) : 32 + random.below(page_size() - 32);
      page.data()[at] =
          static_cast<std::uint8_t>(random.one_in(2) ? random.next() : random.below(8));
    }
    std::vector<std::uint8_t> rebuilt(page_size());
    if (level == 0) {
      if (!leaf_is_sound(page.data(), page_size(), shape(), false)) continue;
      ++sound;
      std::vector<LeafRecord> gathered;
      leaf_gather(page.data(), page_size(), gathered);
      leaf_build(rebuilt.data(), page_size(), shape(), gathered);
      if (!gathered.empty()) leaf_erase(page.data(), page_size(), random.below(gathered.size()));
      const std::string key = shape().dense != 0 ? some_key(random) : long_key;
      const LeafRecord record{as_bytes(key).data(), static_cast<std::uint32_t>(key.size()), 0,
                              false};
      leaf_insert(page.data(), page_size(), random.below(page_count(page.data()) + 1), record);
    } else {
      if (!branch_is_sound(page.data(), page_size(), shape(), 1, false)) continue;
      ++sound;
      BranchEntries gathered;
      gathered.append(page.data(), page_size(), {});
      if (branch_size(shape(), gathered.entries) <= page_size()) {
        branch_build(rebuilt.data(), page_size(), shape(), 1, gathered.entries);
      }
      branch_insert(page.data(), page_size(), 1 + random.below(page_count(page.data())),
                    {as_bytes(long_key), {.page = 1}});
      branch_set_ref(page.data(), random.below(page_count(page.data())), {.page = 7});
      branch_add_count(page.data(), random.below(page_count(page.data())), 3, 2);
    }
  }
  EXPECT_GT(sound, 20);
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::uint32_t page_size : {256U, 4096U, 65536U}) {
    all.push_back({"plain", {}, page_size});
    all.push_back({"reversed", {.compare = &kReversed, .by_comparator = true}, page_size});
    all.push_back({"by_length", {.compare = &kByLength, .by_comparator = true}, page_size});
    all.push_back({"multi", {.multi = true}, page_size});
    all.push_back({"long", {.long_keys = true}, page_size});
    all.push_back({"long_reversed",
                   {.compare = &kReversed, .by_comparator = true, .long_keys = true},
                   page_size});
    all.push_back({"dense", {.dense = 6}, page_size});
    all.push_back(
        {"dense_reversed", {.compare = &kReversed, .by_comparator = true, .dense = 6}, page_size});
  }
  return all;
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  return std::string(info.param.name) + "_" + std::to_string(info.param.page_size);
}

INSTANTIATE_TEST_SUITE_P(Shapes, SearchTest, testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace kist::test
