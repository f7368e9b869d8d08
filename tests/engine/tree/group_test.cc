#include "engine/tree/group.h"

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/random.h"

namespace kist::test {
namespace {

using namespace kist::engine;

/// A record of a main tree in memory of exactly its size, so that a sanitizer notices every byte
/// read outside it.
class GroupRecord {
 public:
  explicit GroupRecord(Bytes value, bool indirect = false)
      : bytes_(std::make_unique<std::uint8_t[]>(value.size())),
        record_{bytes_.get(), 0, static_cast<std::uint32_t>(value.size()), indirect} {
    std::ranges::copy(value, bytes_.get());
  }
  Group group(const TreeShape& shape) const { return {record_, shape}; }
  Bytes bytes() const { return record_.value_bytes(); }

 private:
  std::unique_ptr<std::uint8_t[]> bytes_;
  LeafRecord record_;
};

using Values = std::vector<std::string>;

TreeShape sized(std::uint16_t size) {
  return {.dense = size};
}

std::vector<std::uint8_t> build(const Values& values, const TreeShape& shape) {
  std::vector<Bytes> spans;
  for (const std::string& value : values) spans.push_back(as_bytes(value));
  std::vector<std::uint8_t> out{1, 2, 3};
  group_build(spans, shape, out);
  return out;
}

Values read(const Group& group) {
  Values values;
  for (std::size_t i = 0; i < group.count(); ++i) values.push_back(to_string(group.value(i)));
  return values;
}

/// Reads everything that a group of unknown bytes may be asked.
void touch(const Group& group, const TreeShape& shape) {
  std::size_t sum = 0;
  for (std::size_t i = 0; !group.nested() && i < group.count(); ++i) {
    for (const std::uint8_t byte : group.value(i)) sum += byte;
  }
  if (group.nested() || group.damaged()) return;
  const Position at = group.lower_bound(as_bytes("m"), shape);
  ASSERT_TRUE(at.damaged || at.index <= group.count());
  std::vector<std::uint8_t> out;
  const std::string value(shape.dense != 0 ? shape.dense : 3, 'm');
  (void)group_insert(group, at.index, as_bytes(value), shape, out);
  if (group.count() > 1) (void)group_erase(group, sum % group.count(), shape, out);
  std::vector<Bytes> gathered;
  (void)group_gather(group, gathered);
}

TEST(Group, StoresValuesOfAnySizeBehindTheirEndOffsets) {
  const Values values{"", "a", "ab", "b", std::string(40, 'c')};
  const std::vector<std::uint8_t> bytes = build(values, {});
  EXPECT_EQ(bytes.size(), group_size(5, 44, {}));
  EXPECT_EQ(as_text(Bytes(bytes).first(12)), std::string_view("\5\0\0\0\1\0\3\0\4\0\54\0", 12));
  const GroupRecord record(bytes);
  const Group group = record.group({});
  EXPECT_FALSE(group.nested());
  EXPECT_EQ(read(group), values);
  EXPECT_EQ(group.all_values().size(), 44U);
}

TEST(Group, StoresValuesOfOneSizeBackToBack) {
  const Values values{"aaaa", "bbbb", "cccc"};
  const std::vector<std::uint8_t> bytes = build(values, sized(4));
  EXPECT_EQ(as_text(bytes), std::string_view("\3\0aaaabbbbcccc", 14));
  const GroupRecord record(bytes);
  EXPECT_EQ(read(record.group(sized(4))), values);
  EXPECT_EQ(as_text(record.group(sized(4)).all_values()), "aaaabbbbcccc");
}

TEST(Group, FindsTheFirstValueThatIsNotLess) {
  const GroupRecord record(build({"", "b", "bb", "d"}, {}));
  const Group group = record.group({});
  const auto at = [&](std::string_view value) {
    const Position found = group.lower_bound(as_bytes(value), {});
    EXPECT_FALSE(found.damaged);
    return std::pair(found.index, found.found);
  };
  EXPECT_EQ(at(""), std::pair(std::size_t{0}, true));
  EXPECT_EQ(at("a"), std::pair(std::size_t{1}, false));
  EXPECT_EQ(at("b"), std::pair(std::size_t{1}, true));
  EXPECT_EQ(at("ba"), std::pair(std::size_t{2}, false));
  EXPECT_EQ(at("d"), std::pair(std::size_t{3}, true));
  EXPECT_EQ(at("e"), std::pair(std::size_t{4}, false));
}

TEST(Group, FollowsTheOrderOfAComparator) {
  const Comparator descending = [](Bytes a, Bytes b) { return as_text(b).compare(as_text(a)); };
  const TreeShape shape{.compare = &descending};
  const GroupRecord record(build({"d", "c", "a"}, shape));
  EXPECT_EQ(record.group(shape).lower_bound(as_bytes("b"), shape).index, 2U);
  EXPECT_TRUE(record.group(shape).lower_bound(as_bytes("c"), shape).found);
}

TEST(Group, SurvivesAComparatorThatContradictsItself) {
  Random random(7);
  const Comparator random_order = [&](Bytes, Bytes) {
    return static_cast<int>(random.below(3)) - 1;
  };
  const TreeShape shape{.compare = &random_order};
  const GroupRecord record(build({"d", "c", "a", "x", "y"}, shape));
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LE(record.group(shape).lower_bound(as_bytes("b"), shape).index, 5U);
  }
}

TEST(Group, InsertsAndErasesLikeASet) {
  const std::uint64_t seed = test_seed("Group");
  Random random(seed);
  for (const std::uint16_t size : std::initializer_list<std::uint16_t>{0, 1, 4, 8, 16}) {
    const TreeShape shape = sized(size);
    std::set<std::string> model;
    std::vector<std::uint8_t> bytes;
    for (int step = 0; step < 3000; ++step) {
      const std::string value = random.bytes(size != 0 ? size : random.below(5));
      const GroupRecord record(bytes);
      const Group group = record.group(shape);
      ASSERT_EQ(group.count(), model.size());
      std::vector<std::uint8_t> out;
      if (model.empty()) {
        const Bytes only = as_bytes(value);
        group_build({&only, 1}, shape, out);
        model.insert(value);
      } else {
        const Position at = group.lower_bound(as_bytes(value), shape);
        ASSERT_EQ(at.found, model.contains(value));
        ASSERT_EQ(at.index,
                  static_cast<std::size_t>(std::distance(model.begin(), model.lower_bound(value))));
        if (!at.found && model.size() < 60) {
          ASSERT_TRUE(group_insert(group, at.index, as_bytes(value), shape, out));
          model.insert(value);
        } else if (model.size() > 1) {
          const std::size_t index = random.below(model.size());
          ASSERT_TRUE(group_erase(group, index, shape, out));
          model.erase(std::next(model.begin(), static_cast<std::ptrdiff_t>(index)));
        } else {
          continue;
        }
      }
      bytes = out;
      const GroupRecord changed(bytes);
      ASSERT_EQ(read(changed.group(shape)), Values(model.begin(), model.end()));
      std::size_t sum = 0;
      for (const std::string& one : model) sum += one.size();
      ASSERT_EQ(bytes.size(), group_size(model.size(), sum, shape));
      ASSERT_EQ(bytes, build(Values(model.begin(), model.end()), shape)) << "not canonical";
    }
  }
}

TEST(Group, CallsBytesThatAreNoGroupDamaged) {
  const auto damaged = [](std::string_view bytes, const TreeShape& shape) {
    const GroupRecord record(as_bytes(bytes));
    const Group group = record.group(shape);
    touch(group, shape);
    return group.damaged() && group.count() == 0;
  };
  using namespace std::string_view_literals;
  EXPECT_TRUE(damaged(""sv, {}));
  EXPECT_TRUE(damaged("\1"sv, {}));
  EXPECT_TRUE(damaged("\0\0"sv, {}));                // no values
  EXPECT_TRUE(damaged("\1\0"sv, {}));                // no room for the offset
  EXPECT_TRUE(damaged("\1\0\1\0"sv, {}));            // ends behind the bytes
  EXPECT_TRUE(damaged("\1\0\1\0ab"sv, {}));          // ends before the last byte
  EXPECT_TRUE(damaged("\377\377\1\0ab"sv, {}));      // more values than bytes
  EXPECT_TRUE(damaged("\0\0"sv, sized(4)));          // no values
  EXPECT_TRUE(damaged("\1\0abc"sv, sized(4)));       // too short
  EXPECT_TRUE(damaged("\1\0abcde"sv, sized(4)));     // too long
  EXPECT_TRUE(damaged("\377\377abcd"sv, sized(4)));  // more values than bytes
}

TEST(Group, FindsOffsetsThatContradict) {
  using namespace std::string_view_literals;
  const GroupRecord record(as_bytes("\3\0\2\0\1\0\3\0abc"sv));  // value 1 ends before it starts
  const Group group = record.group({});
  ASSERT_FALSE(group.damaged());
  EXPECT_EQ(to_string(group.value(0)), "ab");
  EXPECT_EQ(group.value(1).data(), nullptr);
  EXPECT_EQ(to_string(group.value(2)), "bc");
  EXPECT_TRUE(group.lower_bound(as_bytes("c"), {}).damaged);
  std::vector<std::uint8_t> out;
  EXPECT_FALSE(group_insert(group, 3, as_bytes("d"), {}, out));
  EXPECT_FALSE(group_erase(group, 0, {}, out));
  EXPECT_FALSE(group_erase(group, 1, {}, out));
  std::vector<Bytes> values;
  EXPECT_FALSE(group_gather(group, values));
  const GroupRecord outside(as_bytes("\3\0\1\0\377\377\3\0abc"sv));
  EXPECT_EQ(outside.group({}).value(1).data(), nullptr);
  EXPECT_EQ(outside.group({}).value(2).data(), nullptr);
}

TEST(Group, IsMemorySafeForAnyBytes) {
  const std::uint64_t seed = test_seed("Group");
  Random random(seed);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = random.bytes(random.below(40));
    if (bytes.size() > 1 && !random.one_in(4)) {  // a count that is nearly believable
      bytes[0] = static_cast<char>(random.below(10));
      bytes[1] = 0;
    }
    for (std::size_t at = 2; at + 1 < bytes.size() && at < 12; at += 2) {
      if (random.one_in(8)) continue;
      bytes[at] = static_cast<char>(random.below(bytes.size()));
      bytes[at + 1] = 0;
    }
    const TreeShape shape = sized(static_cast<std::uint16_t>(random.below(5)));
    const GroupRecord record(as_bytes(bytes), bytes.size() == ref_layout::kSize);
    touch(record.group(shape), shape);
  }
}

TEST(Group, KnowsTheRootOfItsTree) {
  const Ref root{.page = 70, .birth = 5, .count = 1234, .checksum = 9, .flags = kRefNested | 2};
  std::array<std::uint8_t, ref_layout::kSize> bytes;
  const auto group = [&](const Ref& ref) {
    store_ref(bytes.data(), ref);
    return Group({bytes.data(), 0, ref_layout::kSize, true}, {});
  };
  EXPECT_TRUE(group(root).nested());
  EXPECT_EQ(group(root).count(), 1234U);
  EXPECT_EQ(group(root).root().page, 70U);
  EXPECT_EQ(group(root).root().flags, 2U);
  Ref bad = root;
  bad.flags = 2;  // an overflow run
  EXPECT_TRUE(group(bad).damaged());
  bad = root;
  bad.count = 0;
  EXPECT_TRUE(group(bad).damaged());
  bad = root;
  bad.page = 0;
  EXPECT_TRUE(group(bad).damaged());
}

TEST(Group, IsKeptInlineUpToHalfAPage) {
  for (const std::uint32_t page : {256U, 4096U, 65536U}) {
    const std::size_t limit = max_inline_entry(page) - kLeafEntryOverhead;
    EXPECT_TRUE(group_fits(page, 10, limit - 10));
    EXPECT_FALSE(group_fits(page, 10, limit - 9));
    EXPECT_TRUE(group_takes(page, page / 2 - 50));
    EXPECT_FALSE(group_takes(page, page / 2 - 49));
    EXPECT_TRUE(group_shrinks(page, 10, max_inline_entry(page) / 2 - 20));
    EXPECT_FALSE(group_shrinks(page, 10, max_inline_entry(page) / 2 - 19));
  }
}

}  // namespace
}  // namespace kist::test
