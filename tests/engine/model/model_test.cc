#include <iostream>

#include <gtest/gtest.h>

#include "tests/model/round.h"

namespace kist::test {
namespace {

// Random operations of every kind must do to a store what they do to a plain model of it.
void run_model(std::uint32_t page_size, std::uint64_t operations, const char* name) {
  model::RunOptions options;
  options.seed = test_seed(name);
  options.page_size = page_size;
  options.operations = operations;
  options.selection = model::selection_of_environment();
  const model::Figures figures = model::run(options);
  std::cout << "page size " << page_size << ": " << figures << std::endl;
  EXPECT_GE(figures.operations, operations);
}

class ModelTest : public testing::TestWithParam<std::uint32_t> {};

TEST_P(ModelTest, EqualsAModel) {
  run_model(GetParam(), 10'000, "ModelTest");
}

INSTANTIATE_TEST_SUITE_P(PageSizes, ModelTest, testing::Values(256, 1024, 4096, 65536));

// At least 1,000,000 operations over five page sizes, in parts that can run at the same time.
class LongModelTest : public testing::TestWithParam<std::uint32_t> {};

TEST_P(LongModelTest, EqualsAModel) {
  run_model(GetParam(), 220'000, "LongModelTest");
}

INSTANTIATE_TEST_SUITE_P(PageSizes, LongModelTest, testing::Values(256, 512, 4096, 16384, 65536));

}  // namespace
}  // namespace kist::test
