#include <cstdint>
#include <cstdio>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/space/free_runs.h"
#include "engine/space/pending_runs.h"

namespace kist::engine::testing {
namespace {

constexpr std::uint64_t kPages = 300;

std::uint64_t print_seed() {
  const std::uint64_t seed = std::random_device{}();
  ::testing::Test::RecordProperty("seed", std::to_string(seed));
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

std::vector<Run> maximal_runs(const std::set<std::uint64_t>& pages) {
  std::vector<Run> runs;
  for (const std::uint64_t page : pages) {
    if (!runs.empty() && runs.back().end() == page) {
      ++runs.back().pages;
    } else {
      runs.push_back({page, 1});
    }
  }
  return runs;
}

void expect_same(const FreeRuns& free, const std::set<std::uint64_t>& pages) {
  const std::vector<Run> expected = maximal_runs(pages);
  std::vector<Run> found;
  free.for_each([&](const Run& run) { found.push_back(run); });
  ASSERT_EQ(found, expected);
  ASSERT_EQ(free.pages(), pages.size());
  ASSERT_EQ(free.runs(), expected.size());
  Run longest;
  for (const Run& run : expected) {
    if (run.pages > longest.pages) longest = run;
  }
  ASSERT_EQ(free.longest(), longest);
  for (std::uint64_t wanted = 1; wanted < 12; ++wanted) {
    std::optional<Run> best;
    for (const Run& run : expected) {
      if (run.pages >= wanted && (!best || run.pages < best->pages)) best = run;
    }
    ASSERT_EQ(free.best_fit(wanted), best);
  }
}

TEST(FreeRuns, AgreeWithASetOfPages) {
  std::mt19937_64 random(print_seed());
  FreeRuns free;
  std::set<std::uint64_t> pages;
  for (int step = 0; step < 4000 && !HasFatalFailure(); ++step) {
    const engine::Run run{random() % kPages, 1 + random() % 12};
    std::uint64_t held = 0;
    for (std::uint64_t page = run.start; page < run.end(); ++page) held += pages.count(page);
    ASSERT_EQ(free.overlaps(run), held != 0);
    switch (random() % 3) {
      case 0:
        ASSERT_EQ(free.insert(run), held == 0);
        if (held == 0) {
          for (std::uint64_t page = run.start; page < run.end(); ++page) pages.insert(page);
        }
        break;
      case 1:
        ASSERT_EQ(free.remove(run), held == run.pages);
        if (held == run.pages) pages.erase(pages.find(run.start), pages.lower_bound(run.end()));
        break;
      default:
        if (random() % 4 != 0) break;
        ASSERT_EQ(free.remove_any(run), held);
        pages.erase(pages.lower_bound(run.start), pages.lower_bound(run.end()));
    }
    expect_same(free, pages);
  }
}

TEST(FreeRuns, RunsLongerThanTheirIndexTells) {
  FreeRuns free;
  for (const engine::Run& run : {engine::Run{10, 70'000}, engine::Run{100'000, 65'535},
                                 engine::Run{200'000, 90'000}, engine::Run{300'000, 65'534}}) {
    ASSERT_TRUE(free.insert(run));
  }
  EXPECT_EQ(free.best_fit(65'534), (engine::Run{300'000, 65'534}));
  EXPECT_EQ(free.best_fit(65'535).value_or(engine::Run{}).pages >= 65'535, true);
  EXPECT_EQ(free.best_fit(80'000), (engine::Run{200'000, 90'000}));
  EXPECT_EQ(free.best_fit(90'001), std::nullopt);
  EXPECT_GE(free.longest().pages, 65'535U);
  EXPECT_EQ(free.longest_covering(300'000), 4U);
  ASSERT_TRUE(free.remove({10, 70'000}));
  ASSERT_TRUE(free.remove({200'000, 90'000}));
  EXPECT_EQ(free.longest(), (engine::Run{100'000, 65'535}));
}

TEST(FreeRuns, TellHowManyLongestRunsCover) {
  FreeRuns free;
  for (const engine::Run& run : {engine::Run{10, 5}, engine::Run{20, 1}, engine::Run{30, 3}})
    ASSERT_TRUE(free.insert(run));
  EXPECT_EQ(free.longest_covering(0), 0U);
  EXPECT_EQ(free.longest_covering(5), 1U);
  EXPECT_EQ(free.longest_covering(6), 2U);
  EXPECT_EQ(free.longest_covering(9), 3U);
  EXPECT_EQ(free.longest_covering(90), 3U);
  EXPECT_EQ(free.ending_at(15), (engine::Run{10, 5}));
  EXPECT_EQ(free.ending_at(14), engine::Run{});
}

TEST(PendingRuns, AgreeWithARuleForEachPage) {
  std::mt19937_64 random(print_seed());
  struct Life {
    std::uint64_t birth;
    std::uint64_t freed;
  };
  PendingRuns pending;
  FreeRuns free;
  std::map<std::uint64_t, Life> pages;
  std::uint64_t id = 10;
  Pins pins;
  for (int step = 0; step < 20000 && !HasFatalFailure(); ++step) {
    const engine::Run run{random() % kPages, 1 + random() % 6};
    std::uint64_t held = 0;
    for (std::uint64_t page = run.start; page < run.end(); ++page) held += pages.count(page);
    if (random() % 4 == 0) {
      ASSERT_EQ(pending.overlaps(run), held != 0);
    }
    switch (random() % 4) {
      case 0:
      case 1: {
        const PendingRun one{run, id - 1 - random() % 8, id};
        if (held == 0 && random() % 2 == 0) {
          // Not in ascending order from call to call, as when nothing is released in between.
          const engine::FreedRun freed{one.run, one.birth};
          pending.add_all({&freed, 1}, id);
        } else {
          ASSERT_EQ(pending.add(one), held == 0);
        }
        if (held != 0) break;
        for (std::uint64_t page = run.start; page < run.end(); ++page) {
          pages[page] = {one.birth, one.freed};
        }
        break;
      }
      case 2:
        if (random() % 8 != 0) break;
        ASSERT_EQ(pending.remove_any(run), held);
        pages.erase(pages.lower_bound(run.start), pages.lower_bound(run.end()));
        break;
      default:
        pins.everything = random() % 8 == 0;
        if (!pins.ids.empty() && random() % 2 == 0) {
          pins.ids.erase(pins.ids.begin() +
                         static_cast<std::ptrdiff_t>(random() % pins.ids.size()));
        }
        if (random() % 2 == 0) pins.ids.push_back(id);
        ++id;
        pending.release(pins, free);
        if (pins.everything) break;
        std::erase_if(pages, [&](const auto& page) {
          for (const std::uint64_t pin : pins.ids) {
            if (page.second.birth <= pin && pin < page.second.freed) return false;
          }
          return true;
        });
        free.clear();
    }
    if (random() % 4 != 0) continue;  // looking sorts in what was added last
    ASSERT_EQ(pending.pages(), pages.size());
    std::uint64_t seen = 0;
    pending.for_each([&](const PendingRun& one) {
      seen += one.run.pages;
      for (std::uint64_t page = one.run.start; page < one.run.end(); ++page) {
        const auto found = pages.find(page);
        ASSERT_NE(found, pages.end());
        ASSERT_EQ(found->second.birth, one.birth);
        ASSERT_EQ(found->second.freed, one.freed);
      }
    });
    ASSERT_EQ(seen, pages.size());
  }
}

// The walk knows what overlaps() knows, however far it is asked to go at a time.
TEST(RunWalk, AgreesWithASearchForEachRun) {
  std::mt19937_64 random(print_seed());
  for (int round = 0; round < 300; ++round) {
    FreeRuns free;
    PendingRuns pending;
    for (int i = 0; i < 60; ++i) {
      const engine::Run run{random() % 1000, 1 + random() % 6};
      free.insert(run);
      pending.add({run, 2, 5});
    }
    auto free_walk = free.walk();
    auto pending_walk = pending.walk();
    const std::uint64_t stride = 1 + random() % 100;
    for (std::uint64_t start = 0; start < 1100; start += random() % stride) {
      const engine::Run run{start, 1 + random() % 8};
      ASSERT_EQ(free_walk.meets(run), free.overlaps(run)) << run.start << "+" << run.pages;
      ASSERT_EQ(pending_walk.meets(run), pending.overlaps(run)) << run.start << "+" << run.pages;
      if (stride == 1) ++start;
    }
  }
}

}  // namespace
}  // namespace kist::engine::testing
