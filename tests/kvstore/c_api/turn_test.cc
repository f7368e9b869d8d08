#include "kvstore/c_api/turn.h"

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace kist::c_api {
namespace {

TEST(ConcurrentTurn, ReadersCannotKeepAnEndWaiting) {
  const auto writer = std::make_shared<Turn>();
  std::atomic<bool> done = false;
  std::atomic<int> inside = 0;
  int state = 0;  // what readers look at, and an end changes
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      Turn own(writer);
      while (!done) {
        const Hold hold(own);
        ++inside;
        EXPECT_GE(state, 0);
        --inside;
      }
    });
  }
  for (int i = 0; i < 1000; ++i) {
    const Hold hold(*writer, Hold::For::kEnd);
    EXPECT_EQ(inside, 0);
    ++state;
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

TEST(ConcurrentTurn, TwoAtATimeInAnyOrder) {
  const auto writer = std::make_shared<Turn>();
  Turn a(writer);
  Turn b(writer);
  Turn alone;
  std::array<Turn*, 4> turns = {writer.get(), &a, &b, &alone};
  std::array<int, 4> counts{};  // each for whoever holds that turn
  std::vector<std::thread> threads;
  for (std::size_t seed = 0; seed < 3; ++seed) {
    threads.emplace_back([&, seed] {
      for (std::size_t i = seed; i < 3000 + seed; ++i) {
        const std::size_t one = i % 4;
        const std::size_t other = i / 4 % 4;
        if (i % 7 == 0) {
          const Hold hold(*turns[one], Hold::For::kEnd);
          ++counts[one];
        } else {
          const Hold hold(*turns[one], *turns[other]);
          ++counts[one];
          if (other != one) ++counts[other];
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(counts[0] + counts[1] + counts[2] + counts[3], 9000);
}

}  // namespace
}  // namespace kist::c_api
