#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <kist/future.h>

#include "tests/support/checked_profile.h"

namespace kist {
namespace {

using test::code_of;
using test::failed_with;
using test::must;

TEST(FutureTest, GivesItsFirstResultToEverybody) {
  const Promise<int> promise;
  const Future<int> future = promise.future();
  EXPECT_FALSE(future.ready());
  EXPECT_FALSE(future.wait_for(std::chrono::milliseconds(1)));
  EXPECT_TRUE(promise.complete(7));
  EXPECT_FALSE(promise.complete(8));
  EXPECT_TRUE(future.ready());
  EXPECT_EQ(must(future.get()), 7);
  EXPECT_EQ(must(promise.future().get()), 7);
  EXPECT_FALSE(future.cancel());
  EXPECT_EQ(must(Future<std::string>::of("x").get()), "x");
}

TEST(FutureTest, ThenGoesOnWithResultsErrorsAndExceptions) {
  const Promise<int> promise;
  std::vector<int> seen;
  const Future<> noted = promise.future().then(
      [&seen](const Result<int>& result) { seen.push_back(result.value_or(-1)); });
  const Future<std::string> text =
      promise.future().then([](const Result<int>& result) -> Result<std::string> {
        KIST_TRY(result);
        return std::to_string(*result);
      });
  const Future<int> thrown = text.then(
      [](const Result<std::string>&) -> Result<int> { throw std::runtime_error("no number"); });
  EXPECT_FALSE(text.ready());
  promise.complete(3);
  EXPECT_EQ(must(text.get()), "3");
  must(noted.get());
  EXPECT_EQ(seen, (std::vector<int>{3}));
  EXPECT_TRUE(failed_with(thrown.get(), ErrorCode::kInternal, "no number"));
  // At once, when the result is there.
  must(promise.future().then([&seen](const Result<int>&) { seen.push_back(4); }).get());
  EXPECT_EQ(seen.back(), 4);
}

Future<int> sum_of(Future<int> a, Future<int> b) {
  Result<int> first = co_await a;
  if (!first) co_return std::unexpected(first.error());
  Result<int> second = co_await b;
  if (!second) co_return std::unexpected(second.error());
  if (*second == 0) throw std::runtime_error("zero");
  co_return *first + *second;
}

TEST(FutureTest, CoroutinesWaitForFuturesAndAreThemselvesFutures) {
  const Promise<int> a;
  const Promise<int> b;
  const Future<int> sum = sum_of(a.future(), b.future());
  const Future<int> twice = sum_of(sum, sum);
  a.complete(1);
  EXPECT_FALSE(sum.ready());
  b.complete(2);
  EXPECT_EQ(must(sum.get()), 3);
  EXPECT_EQ(must(twice.get()), 6);
  const Future<int> failed = Future<int>::of(fail(ErrorCode::kClosed, "closed"));
  EXPECT_EQ(code_of(sum_of(failed, sum).get()), ErrorCode::kClosed);
  EXPECT_TRUE(failed_with(sum_of(sum, Future<int>::of(0)).get(), ErrorCode::kInternal, "zero"));
}

TEST(ConcurrentFutureTest, WaitersOnManyThreadsAllHearOfIt) {
  for (int round = 0; round < 50; ++round) {
    const Promise<int> promise;
    std::vector<std::thread> threads;
    std::atomic<int> heard{0};
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([future = promise.future(), &heard] {
        heard += must(future.get());
        future.then([&heard](const Result<int>& result) { heard += *result; });
      });
      threads.emplace_back([future = promise.future(), &heard] {
        future.then([&heard](const Result<int>& result) { heard += *result; });
      });
    }
    promise.complete(1);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(heard, 9);
  }
}

}  // namespace
}  // namespace kist
