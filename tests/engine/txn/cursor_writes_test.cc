// Cursors keep their place whatever is written, through them or beside them.

#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/engine/txn/cursor_stability.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using Shape = std::tuple<std::uint32_t, CursorKind>;

class CursorStabilityTest : public StoreTest, public testing::WithParamInterface<Shape> {
 protected:
  void run(std::uint64_t operations, const char* name) {
    Database database = open({.page_size = std::get<0>(GetParam())});
    register_comparators(database);
    CursorStability(database, std::get<1>(GetParam()), test_seed(name)).run(operations);
    expect_clean(database);
  }
};
using LongCursorStabilityTest = CursorStabilityTest;

TEST_P(CursorStabilityTest, EqualsTheModel) {
  run(3'000, "CursorStabilityTest");
}

TEST_P(LongCursorStabilityTest, EqualsTheModel) {
  run(60'000, "LongCursorStabilityTest");
}

std::string name_of(const testing::TestParamInfo<Shape>& info) {
  return std::get<1>(info.param).name + std::to_string(std::get<0>(info.param));
}

const auto kShapes =
    testing::Combine(testing::Values(256, 4096, 65536), testing::ValuesIn(kCursorKinds));

INSTANTIATE_TEST_SUITE_P(Shapes, CursorStabilityTest, kShapes, name_of);
INSTANTIATE_TEST_SUITE_P(Shapes, LongCursorStabilityTest, kShapes, name_of);

}  // namespace
}  // namespace kist::test
