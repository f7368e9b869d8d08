#include "engine/tree/branch_edit.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/tree/tree_harness.h"
#include "tests/support/random.h"

namespace kist::test {
namespace {

const Comparator kReversed = compare_reversed;

TEST(ShortestSeparator, DividesItsNeighbours) {
  EXPECT_EQ(as_text(shortest_separator(as_bytes("abc"), as_bytes("abxyz"))), "abx");
  EXPECT_EQ(as_text(shortest_separator(as_bytes("ab"), as_bytes("abc"))), "abc");
  EXPECT_EQ(as_text(shortest_separator({}, as_bytes("a"))), "a");
  // Out of order, as in a damaged page.
  EXPECT_EQ(as_text(shortest_separator(as_bytes("abc"), as_bytes("ab"))), "ab");
}

TEST(SeparatorBetween, IsTheWholeKeyWhereAComparatorOrders) {
  const TreeShape reversed{.compare = &kReversed, .by_comparator = true};
  EXPECT_EQ(as_text(separator_between(reversed, as_bytes("xa"), as_bytes("abc"))), "abc");
  EXPECT_EQ(as_text(separator_between({}, as_bytes("xa"), as_bytes("xbc"))), "xb");
}

struct Case {
  const char* name;
  TreeShape shape;
  std::uint32_t page_size;
};

class BranchEdit : public testing::TestWithParam<Case> {
 protected:
  struct Entry {
    std::string separator;
    Ref ref;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  BranchEdit() : page(GetParam().page_size) {}

  const TreeShape& shape() const { return GetParam().shape; }
  Ref some_ref(Random& random) const {
    Ref ref{.page = 1 + random.below(kMax48),
            .birth = random.below(kMax48),
            .count = random.below(kMax48),
            .checksum = static_cast<std::uint32_t>(random.next()),
            .flags = 0x0101};
    ref.keys = shape().multi ? random.below(kMax48) : ref.count;
    return ref;
  }
  static std::vector<BranchEntry> borrow(const std::vector<Entry>& model) {
    std::vector<BranchEntry> entries;
    for (const Entry& entry : model) entries.push_back({as_bytes(entry.separator), entry.ref});
    return entries;
  }
  std::vector<Entry> content() const {
    BranchEntries entries;
    entries.append(page.data(), page.size(), {});
    std::vector<Entry> all;
    for (const BranchEntry& entry : entries.entries) {
      all.push_back({to_string(entry.separator), entry.ref});
    }
    return all;
  }

  std::vector<std::uint8_t> page;
};

TEST_P(BranchEdit, RandomEditsAgainstAVector) {
  Random random(test_seed("BranchEdit"));
  for (int round = 0; round < 30; ++round) {
    std::vector<Entry> model{{"", some_ref(random)}};
    branch_build(page.data(), page.size(), shape(), 3, borrow(model));
    const std::string shared(random.below(3) * 7, 'p');
    for (int i = 0; i < 200; ++i) {
      std::string separator = shared + random.bytes(random.below(6));
      if (random.one_in(50)) separator = random.bytes(random.below(40));
      const std::size_t index = 1 + random.below(model.size());
      Entry entry{separator, some_ref(random)};
      std::vector<Entry> wanted = model;
      wanted.insert(wanted.begin() + static_cast<std::ptrdiff_t>(index), entry);
      const std::size_t size = branch_size(shape(), borrow(wanted));
      if (branch_insert(page.data(), page.size(), index, {as_bytes(separator), entry.ref})) {
        // Entered under a longer prefix than the entries have together, at times.
        ASSERT_LE(size, page.size());
        model = wanted;
      } else if (size <= page.size()) {
        branch_build(page.data(), page.size(), shape(), 3, borrow(wanted));
        model = wanted;
      }
      const std::size_t changed = random.below(model.size());
      if (random.one_in(2)) {
        model[changed].ref = some_ref(random);
        branch_set_ref(page.data(), changed, model[changed].ref);
      } else {
        model[changed].ref.count = (model[changed].ref.count + 5) & kMax48;
        model[changed].ref.keys =
            shape().multi ? (model[changed].ref.keys - 2) & kMax48 : model[changed].ref.count;
        branch_add_count(page.data(), changed, 5, -2);
      }
      ASSERT_EQ(content(), model);
      ASSERT_TRUE(branch_is_sound(page.data(), page.size(), shape(), 3, true));
    }
    branch_build(page.data(), page.size(), shape(), 3, borrow(model));
    ASSERT_EQ(content(), model);
    ASSERT_EQ(branch_used(page.data()) + page_layout::kHeaderSize,
              branch_size(shape(), borrow(model)));
  }
}

TEST_P(BranchEdit, TwoChildrenAndALongestSeparatorFit) {
  const std::string longest(max_key_size(GetParam().page_size), 's');
  const std::vector<Entry> model{{"", {.page = 1, .count = 1, .keys = 1}},
                                 {longest, {.page = 2, .count = 2, .keys = 2}}};
  ASSERT_LE(branch_size(shape(), borrow(model)), page.size());
  branch_build(page.data(), page.size(), shape(), 1, borrow(model));
  EXPECT_EQ(content(), model);
  EXPECT_TRUE(branch_is_sound(page.data(), page.size(), shape(), 1, false));
}

TEST_P(BranchEdit, IsNotSoundAtAnotherLevelOrInAnotherShape) {
  const std::vector<Entry> model{{"", {.page = 1}}, {"s", {.page = 2}}};
  branch_build(page.data(), page.size(), shape(), 1, borrow(model));
  EXPECT_FALSE(branch_is_sound(page.data(), page.size(), shape(), 2, false));
  TreeShape other = shape();
  other.multi = !other.multi;
  EXPECT_FALSE(branch_is_sound(page.data(), page.size(), other, 1, false));
  other = shape();
  other.by_comparator = !other.by_comparator;
  EXPECT_FALSE(branch_is_sound(page.data(), page.size(), other, 1, false));
  branch_set_ref(page.data(), 1, {.page = 2, .flags = kRefDirty});
  EXPECT_FALSE(branch_is_sound(page.data(), page.size(), shape(), 1, false));
  EXPECT_TRUE(branch_is_sound(page.data(), page.size(), shape(), 1, true));
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::uint32_t page_size : {256U, 4096U, 65536U}) {
    all.push_back({"plain", {}, page_size});
    all.push_back({"multi", {.multi = true}, page_size});
    all.push_back({"reversed", {.compare = &kReversed, .by_comparator = true}, page_size});
    all.push_back({"multi_reversed",
                   {.compare = &kReversed, .by_comparator = true, .multi = true},
                   page_size});
  }
  return all;
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  return std::string(info.param.name) + "_" + std::to_string(info.param.page_size);
}

INSTANTIATE_TEST_SUITE_P(Shapes, BranchEdit, testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace kist::test
