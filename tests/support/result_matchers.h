#pragma once

#include <gtest/gtest.h>

#include <kist/engine/error.h>

namespace kist::test {

/// For ASSERT_TRUE(ok(result)): prints the error of a failed Result.
template <typename T>
testing::AssertionResult ok(const Result<T>& result) {
  if (result) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "error " << static_cast<int>(result.error().code) << ": " << result.error().message;
}

/// For EXPECT_TRUE(fails(result, code)): a Result that failed with that code.
template <typename T>
testing::AssertionResult fails(const Result<T>& result, ErrorCode code) {
  if (result) return testing::AssertionFailure() << "succeeded";
  if (result.error().code == code) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "error " << static_cast<int>(result.error().code) << " instead of "
         << static_cast<int>(code) << ": " << result.error().message;
}

}  // namespace kist::test
