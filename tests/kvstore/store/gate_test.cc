#include "kvstore/store/gate.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace kist {
namespace {

TEST(Gate, LetsThroughUntilClosed) {
  Gate gate;
  {
    const Gate::Pass one(gate);
    const Gate::Pass two(gate);
    EXPECT_TRUE(one);
    EXPECT_TRUE(two);
    EXPECT_FALSE(gate.closed());
  }
  EXPECT_TRUE(gate.close(true));
  EXPECT_TRUE(gate.closed());
  EXPECT_FALSE(Gate::Pass(gate));
  EXPECT_FALSE(gate.close(true));
}

TEST(Gate, NeedNotWait) {
  Gate gate;
  const Gate::Pass inside(gate);
  EXPECT_TRUE(gate.close(false));
}

TEST(ConcurrentGate, NobodyIsInsideAfterClose) {
  for (int round = 0; round < 200; ++round) {
    Gate gate;
    // Freed after close(): a sanitizer sees whoever is still inside.
    auto guarded = std::make_unique<std::atomic<int>>(0);
    std::atomic<std::atomic<int>*> shared{guarded.get()};
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        while (true) {
          const Gate::Pass pass(gate);
          if (!pass) return;
          shared.load(std::memory_order_relaxed)->fetch_add(1, std::memory_order_relaxed);
        }
      });
    }
    while (guarded->load(std::memory_order_relaxed) < 3) std::this_thread::yield();
    ASSERT_TRUE(gate.close(true));
    guarded.reset();
  }
}

}  // namespace
}  // namespace kist
