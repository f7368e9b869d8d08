#include "engine/space/space_map.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/byte_order.h"
#include "engine/base/checksum.h"
#include "tests/engine/space/space_simulation.h"

namespace kist::engine::testing {
namespace {

using Random = std::mt19937_64;

std::uint64_t below(Random& random, std::uint64_t limit) {
  return random() % limit;
}

std::uint64_t print_seed(std::uint64_t seed) {
  ::testing::Test::RecordProperty("seed", std::to_string(seed));
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

std::vector<FreedRun> pick_freed(const SpaceSimulation& file, Random& random, std::uint64_t runs) {
  std::vector<FreedRun> freed;
  std::vector<FreedRun> live;
  for (const auto& [start, run] : file.live()) live.push_back(run);
  std::sample(live.begin(), live.end(), std::back_inserter(freed), runs, random);
  std::shuffle(freed.begin(), freed.end(), random);
  return freed;
}

SpaceSimulation::Work random_work(const SpaceSimulation& file, Random& random) {
  SpaceSimulation::Work work;
  work.tree_pages = below(random, 4) == 0 ? 0 : below(random, 20);
  for (std::uint64_t n = below(random, 4); n > 2; --n)
    work.overflow.push_back(1 + below(random, 40));
  for (std::uint64_t n = below(random, 5); n > 2; --n) work.spills.push_back(1 + below(random, 9));
  work.drop_spills = below(random, 2) == 0;
  if (below(random, 3) == 0) work.early_pages = 1 + below(random, 20);
  work.reuse = below(random, 2) == 0;
  const bool shrinking = below(random, 10) == 0;
  work.freed = pick_freed(file, random, below(random, shrinking ? file.live().size() + 1 : 12));
  work.trim = static_cast<Trim>(below(random, 3));
  return work;
}

using Contents = std::pair<std::vector<Run>, std::vector<PendingRun>>;

Contents contents(const SpaceMap& map) {
  Contents all;
  map.free_runs().for_each([&](const Run& run) { all.first.push_back(run); });
  map.pending_runs().for_each([&](const PendingRun& run) { all.second.push_back(run); });
  return all;
}

class SpaceMapTest : public ::testing::TestWithParam<std::uint32_t> {};

/// Three processes take turns on one file, each with a map of its own that catches up when its turn
/// comes; pins come and go; some transactions are rolled back.
void play(std::uint32_t page_size, std::uint64_t seed, int turns) {
  Random random(seed);
  SpaceSimulation file(page_size);
  std::vector<std::unique_ptr<SpaceMap>> maps;
  for (int i = 0; i < 3; ++i) {
    maps.push_back(std::make_unique<SpaceMap>(page_size, SpaceSimulation::kSeed));
  }
  maps[0]->start_empty();
  file.run(*maps[0], {});
  std::vector<SpaceSimulation::Commit> pinned;
  for (int turn = 0; turn < turns && !::testing::Test::HasFatalFailure(); ++turn) {
    SpaceMap& map = *maps[below(random, 8) == 0 ? 1 + below(random, 2) : 0];
    const auto loaded = file.load(map);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    file.expect_exact(map);
    if (below(random, 3) == 0 && !pinned.empty()) {
      pinned.erase(pinned.begin() + static_cast<std::ptrdiff_t>(below(random, pinned.size())));
    }
    file.pins.ids.clear();
    for (const auto& commit : pinned) file.pins.ids.push_back(commit.id);
    file.pins.ids.push_back(file.head().id);
    map.release(file.pins);
    file.expect_exact(map);
    file.run(map, random_work(file, random), below(random, 5) != 0);
    file.expect_exact(map);
    if (below(random, 4) == 0) pinned.push_back(file.head());
    // A pinned state can always be opened; afterwards a map that knew another one finds the way
    // back.
    if (!pinned.empty() && turn % 16 == 0) {
      SpaceMap fresh(page_size, SpaceSimulation::kSeed);
      const auto old = file.load(fresh, pinned[below(random, pinned.size())]);
      ASSERT_TRUE(old.has_value()) << old.error().message;
      ASSERT_TRUE(file.load(fresh).has_value());
      file.expect_exact(fresh);
    }
  }
  // Whoever looks with the same pins sees the same.
  file.pins.ids = {file.head().id};
  for (auto& map : maps) {
    ASSERT_TRUE(file.load(*map).has_value());
    map->release(file.pins);
    file.expect_exact(*map);
    ASSERT_EQ(contents(*map), contents(*maps[0]));
    ASSERT_EQ(map->pending_pages(), 0U);
  }
}

TEST_P(SpaceMapTest, AgreesWithANaiveAccountOfEveryPage) {
  const std::uint64_t seed = print_seed(std::random_device{}());
  for (std::uint64_t round = 0; round < 8; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    play(GetParam(), seed + round, 400);
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(PageSizes, SpaceMapTest, ::testing::Values(256U, 4096U, 65536U));

/// One process, one commit at a time, nothing pinned but the head.
class OneProcess : public ::testing::Test {
 protected:
  OneProcess() {
    map_.start_empty();
    commit({});
  }
  void commit(const SpaceSimulation::Work& work) {
    if (file_.head().id != 0) {
      file_.pins.ids.push_back(file_.head().id);
      std::sort(file_.pins.ids.begin(), file_.pins.ids.end());
      map_.release(file_.pins);
    }
    file_.run(map_, work);
    file_.pins.ids = held_;
    file_.expect_exact(map_);
  }
  std::vector<FreedRun> all_live() const {
    std::vector<FreedRun> all;
    for (const auto& [start, run] : file_.live()) all.push_back(run);
    return all;
  }

  SpaceSimulation file_{4096};
  SpaceMap map_{4096, SpaceSimulation::kSeed};
  std::vector<std::uint64_t> held_;  // by old readers
};

TEST_F(OneProcess, AnEmptyStoreIsAtMost64KiB) {
  EXPECT_LE(file_.head().file_pages * 4096, 64U << 10);
}

TEST_F(OneProcess, PagesBornAndFreedBetweenTwoOldReadersAreReused) {
  commit({.tree_pages = 10});
  held_ = {file_.head().id};
  commit({.tree_pages = 100});
  commit({.tree_pages = 3, .freed = all_live()});
  held_.push_back(file_.head().id);
  commit({.tree_pages = 1});
  // Of the 110 pages given up, the first reader sees 10 and the second none.
  EXPECT_EQ(map_.pending_pages(), 10U);
  const std::uint64_t file_pages = file_.head().file_pages;
  const std::uint64_t reused = map_.pages_reused();
  commit({.tree_pages = 93});  // all but what is left for those that erase
  EXPECT_EQ(file_.head().file_pages, file_pages);
  EXPECT_GE(map_.pages_reused(), reused + 93);
}

TEST_F(OneProcess, AnOldReaderDoesNotMakeTheFileGrow) {
  commit({.tree_pages = 20});
  held_ = {file_.head().id};
  for (int i = 0; i < 20; ++i) commit({.tree_pages = 20, .freed = all_live()});
  const std::uint64_t file_pages = file_.head().file_pages;
  for (int i = 0; i < 500; ++i) commit({.tree_pages = 20, .freed = all_live()});
  EXPECT_LE(file_.head().file_pages, file_pages + 8);
}

TEST_F(OneProcess, AReaderThatIsAboutToPinStopsAllRelease) {
  commit({.tree_pages = 20});
  commit({.freed = all_live()});
  ASSERT_EQ(map_.pending_pages(), 20U);
  map_.release({{file_.head().id}, true});
  EXPECT_EQ(map_.pending_pages(), 20U);
  map_.release({{file_.head().id}, false});
  EXPECT_EQ(map_.pending_pages(), 0U);
}

TEST_F(OneProcess, EverythingGoesIntoOneRunWhenThereIsOne) {
  SpaceSimulation::Work work{.overflow = {3, 17}, .tree_pages = 5};
  map_.begin(file_.head().id + 1);
  const auto plan = map_.plan_commit(1, work.tree_pages, work.overflow, {});
  ASSERT_TRUE(plan.has_value());
  ASSERT_EQ(plan->tree.size(), 1U);
  EXPECT_EQ(plan->overflow[1], plan->overflow[0] + 3);
  EXPECT_EQ(plan->tree[0].start, plan->overflow[1] + 17);
  EXPECT_EQ(plan->record_run.start, plan->tree[0].end());
  map_.rollback();
  file_.expect_exact(map_);
}

// As when a large table is dropped: page by page, in any order.
TEST(LargeSpaceMap, TwoMillionPagesGivenUpInOneTransaction) {
  constexpr std::uint64_t kPages = 2'000'000;
  SpaceMap map(4096, SpaceSimulation::kSeed);
  map.start_empty();
  std::uint64_t id = 1;
  const auto commit = [&](std::uint64_t tree_pages, std::vector<FreedRun> freed) {
    map.release({{id}, false});
    map.begin(++id);
    const auto plan = map.plan_commit(id, tree_pages, {}, std::move(freed));
    EXPECT_TRUE(plan.has_value());
    map.committed();
    return *plan;
  };
  const CommitSpace large = commit(kPages, {});
  ASSERT_EQ(large.tree.size(), 1U);
  CommitSpace small = commit(1, {});
  std::vector<FreedRun> all;
  for (std::uint64_t i = 0; i < kPages; ++i) all.push_back({{large.tree[0].start + i, 1}, 2});
  Random random(print_seed(std::random_device{}()));
  std::shuffle(all.begin(), all.end(), random);
  const CommitSpace freeing = commit(1, std::move(all));
  EXPECT_LE(freeing.record_run.pages, 2U) << "runs are listed, not pages";
  EXPECT_LE(map.pending_runs().runs(), 2U);
  // The commits of one page that follow find everything as small as before.
  for (int i = 0; i < 100; ++i) {
    small = commit(1, {{small.tree[0], id}});
    EXPECT_LE(small.record_run.pages, 1U);
    EXPECT_LE(map.free_runs().runs(), 16U);
  }
  EXPECT_GE(map.free_pages(), kPages - 200);
}

// The worst case: nothing of what is given up touches.
TEST(LargeSpaceMap, HalfAMillionRunsGivenUpInOneTransaction) {
  constexpr std::uint64_t kRuns = 500'000;
  SpaceMap map(4096, SpaceSimulation::kSeed);
  map.start_empty();
  std::uint64_t id = 1;
  const auto commit = [&](std::uint64_t tree_pages, std::vector<FreedRun> freed) {
    map.release({{id}, false});
    map.begin(++id);
    const auto plan = map.plan_commit(id, tree_pages, {}, std::move(freed));
    EXPECT_TRUE(plan.has_value());
    map.committed();
    return *plan;
  };
  const CommitSpace large = commit(2 * kRuns, {});
  std::vector<FreedRun> odd;
  for (std::uint64_t i = 0; i < kRuns; ++i) odd.push_back({{large.tree[0].start + 2 * i, 1}, 2});
  const CommitSpace freeing = commit(1, std::move(odd));
  EXPECT_LE(freeing.record_run.pages, 18 * kRuns / 4096 + 2);
  // What is written later to tell of them is bounded by what was written once.
  std::uint64_t pages = 0;
  CommitSpace small = commit(1, {});
  for (int i = 0; i < 2000; ++i) {
    small = commit(1, {{small.tree[0], id}});
    pages += small.record_run.pages;
  }
  EXPECT_LE(pages, 2 * (2000 + freeing.record_run.pages));
}

TEST_F(OneProcess, TrailingSpaceGoesBack) {
  commit({.tree_pages = 5000});
  commit({.tree_pages = 10, .freed = all_live()});
  // The ten pages and the newest records lie behind the big hole; they move with later commits.
  for (int i = 0; i < 3; ++i) {
    commit({.tree_pages = 10, .freed = all_live(), .trim = Trim::kByPolicy});
  }
  for (int i = 0; i < 10; ++i) commit({.trim = Trim::kByPolicy});
  EXPECT_LE(file_.head().file_pages, 100U);
  const std::uint64_t by_policy = file_.head().file_pages;
  commit({.trim = Trim::kAll});
  EXPECT_LT(file_.head().file_pages, by_policy);
  EXPECT_EQ(map_.trimmable_pages(Trim::kAll), 0U);
}

TEST_F(OneProcess, AThousandSmallCommitsStayWithin256KiB) {
  // Keys and values of 80 bytes with their overhead fill some 27 leaves under one branch: each
  // commit rewrites a leaf and the branch, and now and then a leaf splits.
  Random random(print_seed(4711));
  std::uint64_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    SpaceSimulation::Work work;
    const std::uint64_t old = std::min<std::uint64_t>(2, file_.live().size());
    work.freed = pick_freed(file_, random, old);
    std::uint64_t freed_pages = 0;
    for (const FreedRun& one : work.freed) freed_pages += one.run.pages;
    work.tree_pages = freed_pages + (i % 37 == 0 ? 1 : 0);
    commit(work);
    most = std::max(most, file_.head().file_pages);
  }
  EXPECT_LE(most * 4096, 256U << 10);
}

TEST_F(OneProcess, TheChainStaysShort) {
  Random random(print_seed(99));
  commit({.tree_pages = 200});
  for (std::uint64_t i = 0; i < 200; ++i) {
    commit({.tree_pages = 3, .freed = {}});
    std::uint64_t pages = 0;
    for (const LiveRecord& record : map_.live_records()) pages += record.run.pages;
    ASSERT_LE(pages, 2 + (200 + 4 * i) / 32) << "a small part of what is in use";
  }
}

TEST_F(OneProcess, GivingUpWhatIsNotInUseIsDamage) {
  commit({.tree_pages = 8});
  const FreedRun live = all_live().front();
  const auto refuse = [&](std::vector<FreedRun> freed) {
    map_.begin(file_.head().id + 1);
    const auto plan = map_.plan_commit(1, 1, {}, std::move(freed));
    ASSERT_FALSE(plan.has_value());
    EXPECT_EQ(plan.error().code, ErrorCode::kDamaged);
    map_.rollback();
    file_.expect_exact(map_);
  };
  refuse({live, {{live.run.start, 1}, live.birth}});
  refuse({{{1, 1}, 2}});
  refuse({{{file_.head().file_pages - 1, 5}, 2}});
  refuse({{map_.free_runs().longest(), 2}});
  refuse({{map_.live_records().back().run, 2}});
}

/// Flips every bit of the newest record in turn, under a fresh checksum, and loads.
void load_every_flip(SpaceSimulation& file, std::uint32_t page_size) {
  SpaceSimulation::Commit head = file.head();
  std::vector<std::uint8_t>& record = file.records().at(head.space.page);
  const std::vector<std::uint8_t> whole = record;
  int refused = 0;
  for (std::size_t bit = 64; bit < 8 * head.space.count; ++bit) {
    record = whole;
    record[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    const std::uint64_t sum = checksum(record.data() + 8, head.space.count - 8, 0x5EED);
    store64(record.data(), sum);
    head.space.checksum = static_cast<std::uint32_t>(sum);
    SpaceMap map(page_size, SpaceSimulation::kSeed);
    const auto loaded = file.load(map, head);
    ASSERT_EQ(loaded.has_value(), map.loaded());
    if (!loaded) {
      ++refused;
      ASSERT_EQ(loaded.error().code, ErrorCode::kDamaged);
      continue;
    }
    // Accepted: then at least the map does not contradict itself.
    std::uint64_t end = first_page(page_size);
    map.free_runs().for_each([&](const Run& run) {
      ASSERT_GE(run.start, end);
      ASSERT_FALSE(map.pending_runs().overlaps(run));
      end = run.end();
      ASSERT_LE(end, map.file_pages());
    });
    for (const LiveRecord& live : map.live_records()) {
      ASSERT_FALSE(map.free_runs().overlaps(live.run));
      ASSERT_FALSE(map.pending_runs().overlaps(live.run));
    }
  }
  EXPECT_GT(refused, 0);
  record = whole;
}

TEST_F(OneProcess, AForgedRecordIsRefusedOrHarmless) {
  commit({.tree_pages = 20});
  for (int i = 0; i < 12; ++i) {
    SpaceSimulation::Work work{.overflow = {2}, .tree_pages = 6};
    work.freed = {file_.live().begin()->second};
    commit(work);
    load_every_flip(file_, 4096);
  }
}

TEST_F(OneProcess, ItsOwnCommitsAreNotReadAgain) {
  for (int i = 0; i < 20; ++i) {
    commit({.tree_pages = 20});
    const auto nothing_to_read = [](const Ref&) -> Result<Bytes> {
      ADD_FAILURE() << "the map reads what it knows";
      return fail(ErrorCode::kDamaged, "no record there");
    };
    EXPECT_TRUE(SpaceSimulation::load(map_, file_.head(), nothing_to_read).has_value());
  }
}

TEST_F(OneProcess, AnotherTransactionsRecordIsRefused) {
  commit({.tree_pages = 20});
  SpaceMap map(4096, SpaceSimulation::kSeed);
  SpaceSimulation::Commit head = file_.head();
  head.nonce += 1;
  EXPECT_FALSE(file_.load(map, head).has_value());
  head = file_.head();
  head.id += 1;
  EXPECT_FALSE(file_.load(map, head).has_value());
  head = file_.head();
  head.file_pages += 1;
  EXPECT_FALSE(file_.load(map, head).has_value());
  EXPECT_FALSE(map.loaded());
  EXPECT_TRUE(file_.load(map).has_value());
}

TEST_F(OneProcess, PageNumbersRunOut) {
  map_.begin(file_.head().id + 1);
  const auto run = map_.take_run(std::uint64_t{1} << 60);
  ASSERT_FALSE(run.has_value());
  EXPECT_EQ(run.error().code, ErrorCode::kNoSpace);
  const std::vector<std::uint64_t> overflow(20000, kMax48);
  const auto plan = map_.plan_commit(1, 1, overflow, {});
  ASSERT_FALSE(plan.has_value());
  EXPECT_EQ(plan.error().code, ErrorCode::kNoSpace);
  map_.rollback();
  file_.expect_exact(map_);
}

}  // namespace
}  // namespace kist::engine::testing
