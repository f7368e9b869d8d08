#include "engine/upkeep/page_check.h"

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/format/page.h"

namespace kist::test {
namespace {

using namespace kist::engine;

TEST(PageCheck, PrefixOfABranchThatIsTooShort) {
  // Separators "aab" and "aac" over a prefix of one byte: whole, but not as the format has it.
  std::vector<std::uint8_t> page(256);
  store32(page.data() + page_layout::kType, tree_page_kind(1));
  store16(page.data() + page_layout::kCount, 3);
  store16(page.data() + page_layout::kPrefix, 1);
  store16(page.data() + page_layout::kHeapSize, 11);
  const std::string heap = std::string("\0\0\2\0ab\2\0aca", 11);
  std::memcpy(page.data() + 245, heap.data(), heap.size());
  const std::uint16_t slots[] = {245, 247, 251};
  const std::uint32_t heads[] = {0, 0x61620000, 0x61630000};
  for (std::size_t i = 0; i < 3; ++i) {
    store32(page.data() + 32 + 4 * i, heads[i]);
    store16(page.data() + 44 + 2 * i, slots[i]);
  }
  std::vector<std::string> faults;
  check_branch_page(page, {}, {}, faults);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0], "prefix of 1 bytes, its keys share 2");
}

}  // namespace
}  // namespace kist::test
