#include <iostream>

#include <gtest/gtest.h>

#include "tests/support/random_store.h"
#include "tests/support/temp_directory.h"

namespace kist::test {
namespace {

// Random operations on a store must do what they do to std::map.
void run_model(std::uint32_t page_size, std::uint64_t operations, const char* name) {
  const TempDirectory directory;
  RandomStore store(directory.file("store"), page_size, test_seed(name));
  store.run(operations);
  std::cout << "page size " << page_size << ": " << store.operations() << " operations in "
            << store.transactions() << " transactions, deepest tree " << store.deepest()
            << " levels" << std::endl;
  EXPECT_GE(store.operations(), operations);
  EXPECT_GE(store.deepest(), 3U);
}

class ModelTest : public testing::TestWithParam<std::uint32_t> {};

TEST_P(ModelTest, EqualsAMap) {
  run_model(GetParam(), 8'000, "ModelTest");
}

INSTANTIATE_TEST_SUITE_P(PageSizes, ModelTest, testing::Values(256, 1024, 4096, 65536));

// At least 1,000,000 operations over three page sizes, in parts that can run at the same time.
class LongModelTest : public testing::TestWithParam<std::tuple<std::uint32_t, int>> {};

TEST_P(LongModelTest, EqualsAMap) {
  const std::uint32_t page_size = std::get<0>(GetParam());
  run_model(page_size, page_size == 65536 ? 100'000 : 220'000, "LongModelTest");
}

INSTANTIATE_TEST_SUITE_P(PageSizes, LongModelTest,
                         testing::Combine(testing::Values(256, 4096, 65536), testing::Range(0, 2)));

}  // namespace
}  // namespace kist::test
