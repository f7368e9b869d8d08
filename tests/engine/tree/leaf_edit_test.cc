#include "engine/tree/leaf_edit.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/tree/tree_harness.h"
#include "tests/support/random.h"

namespace kist::test {
namespace {

const Comparator kReversed = compare_reversed;

using Record = std::pair<std::string, std::string>;

struct Case {
  const char* name;
  TreeShape shape;
  std::uint32_t page_size;
};

class LeafEdit : public testing::TestWithParam<Case> {
 protected:
  LeafEdit() : page(GetParam().page_size) { leaf_init(page.data(), page.size(), shape()); }

  const TreeShape& shape() const { return GetParam().shape; }
  bool dense() const { return shape().dense != 0; }

  static LeafRecord borrow(const Record& record, std::vector<std::uint8_t>& bytes) {
    bytes.assign(record.first.begin(), record.first.end());
    bytes.insert(bytes.end(), record.second.begin(), record.second.end());
    bytes.push_back(0);  // so that an empty record has an address
    return {bytes.data(), static_cast<std::uint32_t>(record.first.size()),
            static_cast<std::uint32_t>(record.second.size()), false};
  }
  bool insert(std::size_t index, const Record& record) {
    std::vector<std::uint8_t> bytes;
    return leaf_insert(page.data(), page.size(), index, borrow(record, bytes));
  }
  std::size_t size_of(const Record& record) const {
    return dense() ? shape().dense : 10 + record.first.size() + record.second.size();
  }
  std::vector<Record> content() const {
    std::vector<LeafRecord> records;
    leaf_gather(page.data(), page.size(), records);
    std::vector<Record> all;
    for (const LeafRecord& record : records) {
      all.emplace_back(to_string(record.key_bytes()), to_string(record.value_bytes()));
    }
    return all;
  }
  /// The page as a commit writes it.
  std::vector<std::uint8_t> rebuilt() const {
    std::vector<LeafRecord> records;
    leaf_gather(page.data(), page.size(), records);
    std::vector<std::uint8_t> built(page.size());
    leaf_build(built.data(), built.size(), shape(), records);
    return built;
  }
  /// A key after those of the page, in every order tested, by its number.
  std::string key(std::size_t number, std::size_t size) const {
    std::string digits = std::to_string(100'000 + number);
    if (dense()) size = shape().dense;
    std::string padding(size > digits.size() ? size - digits.size() : 0, '-');
    return shape().by_comparator ? padding + std::string(digits.rbegin(), digits.rend())
                                 : padding + digits;
  }

  std::vector<std::uint8_t> page;
};

TEST_P(LeafEdit, RandomEditsAgainstAVector) {
  Random random(test_seed("LeafEdit"));
  std::vector<Record> model;
  std::size_t used = 0;
  std::size_t refused = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string value(dense() ? 0 : random.below(9), 'v');
    const Record record{key(random.below(3000), random.below(20)), value};
    const auto place =
        std::ranges::lower_bound(model, record, [&](const Record& a, const Record& b) {
          return compare_by(shape(), as_bytes(a.first), as_bytes(b.first)) < 0;
        });
    const auto index = static_cast<std::size_t>(place - model.begin());
    const bool found = place != model.end() && place->first == record.first;
    if (place != model.end() && (found || random.one_in(4))) {
      if (dense() || random.one_in(2)) {
        leaf_erase(page.data(), page.size(), index);
        used -= size_of(*place);
        model.erase(place);
      } else {
        place->second.assign(place->second.size(), 'o');
        leaf_overwrite(page.data(), page.size(), index, as_bytes(place->second), false);
      }
    } else {
      const bool fits = used + size_of(record) <= page_capacity(page.size());
      const std::size_t holes = leaf_holes(page.data());  // they may keep out what would fit
      if (insert(index, record)) {
        ASSERT_TRUE(fits);
        used += size_of(record);
        model.insert(place, record);
      } else {
        ASSERT_TRUE(!fits || holes != 0);
        if (fits) page = rebuilt();
        ++refused;
      }
    }
    ASSERT_EQ(leaf_used(page.data()), used);
    if (i % 50 == 0) {
      ASSERT_EQ(content(), model);
    }
    ASSERT_TRUE(leaf_is_sound(page.data(), page.size(), shape(), true));
  }
  ASSERT_EQ(content(), model);
  page = rebuilt();
  ASSERT_EQ(content(), model);
  if (GetParam().page_size <= 4096) {
    EXPECT_GT(refused, 0U);
  }
}

TEST_P(LeafEdit, TakesRecordsUpToTheLastByte) {
  std::vector<Record> model;
  std::size_t room = page_capacity(page.size());
  while (room >= (dense() ? shape().dense : 40U)) {
    const Record record{key(model.size(), 12), dense() ? "" : "0123456789"};
    ASSERT_TRUE(insert(model.size(), record));
    room -= size_of(record);
    model.push_back(record);
  }
  if (!dense()) {
    ASSERT_GE(room, 10 + 6U);
    EXPECT_FALSE(insert(model.size(), {key(model.size(), 6), std::string(room - 15, 'x')}));
    ASSERT_EQ(content(), model);
    const Record last{key(model.size(), 6), std::string(room - 16, 'x')};
    ASSERT_TRUE(insert(model.size(), last));
    model.push_back(last);
    EXPECT_FALSE(insert(0, {"", ""}));
  } else {
    ASSERT_LT(room, shape().dense);
    EXPECT_FALSE(insert(0, {key(0, 0), ""}));
  }
  ASSERT_EQ(content(), model);
  page = rebuilt();
  ASSERT_EQ(content(), model);
  std::vector<std::string> faults;
  std::optional<Bytes> before;
  check_leaf_page(page, {.shape = shape()}, {}, before, faults);
  std::erase_if(faults, [](const std::string& fault) {  // the last one may be large
    return fault.find("inline, more than allowed") != std::string::npos;
  });
  EXPECT_EQ(faults, std::vector<std::string>{});
}

TEST_P(LeafEdit, KeepsEmptyAndLongestKeys) {
  if (dense()) return;
  const std::string longest(max_key_size(GetParam().page_size), 'L');
  ASSERT_TRUE(insert(0, {"", ""}));
  ASSERT_TRUE(insert(1, {longest, ""}));
  ASSERT_EQ(content(), (std::vector<Record>{{"", ""}, {longest, ""}}));
  page = rebuilt();
  ASSERT_EQ(content(), (std::vector<Record>{{"", ""}, {longest, ""}}));
  leaf_erase(page.data(), page.size(), 0);
  ASSERT_EQ(content(), (std::vector<Record>{{longest, ""}}));
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::uint32_t page_size : {256U, 1024U, 4096U, 65536U}) {
    all.push_back({"plain", {}, page_size});
    all.push_back({"reversed", {.compare = &kReversed, .by_comparator = true}, page_size});
    all.push_back({"dense_6", {.dense = 6}, page_size});
    all.push_back({"dense_largest",
                   {.dense = static_cast<std::uint16_t>(max_key_size(page_size))},
                   page_size});
    all.push_back(
        {"dense_reversed", {.compare = &kReversed, .by_comparator = true, .dense = 9}, page_size});
  }
  return all;
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  return std::string(info.param.name) + "_" + std::to_string(info.param.page_size);
}

INSTANTIATE_TEST_SUITE_P(Shapes, LeafEdit, testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace kist::test
