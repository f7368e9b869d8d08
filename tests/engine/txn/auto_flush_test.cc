// What flushes relaxed commits when nobody asks: their bytes, their age, a poll, a thread.

#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/call_counter.h"
#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class AutoFlushTest : public StoreTest {
 protected:
  static std::uint64_t put_relaxed(const Database& database, std::string_view key,
                                   std::string_view value) {
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes(key), as_bytes(value)));
    return must(txn.commit(Durability::kRelaxed));
  }
  // A moment later, however long that takes.
  static void wait_until_durable(const Database& database, std::uint64_t id) {
    while (must(database.durable_id()) < id) std::this_thread::sleep_for(milliseconds(1));
  }
};

TEST_F(AutoFlushTest, ByBytes) {
  CallCounter calls;
  const Database database =
      open({.flush_bytes = 1 << 20, .flush_age = hours(1), .observer = &calls});
  put(database, "a", "1");
  const std::uint64_t before = must(database.durable_id());
  calls.reset();
  std::uint64_t id = 0;
  int commits = 0;
  for (; must(database.durable_id()) == before; ++commits) {
    // Only what the newest commit has counts, so it has to grow.
    id = put_relaxed(database, "large" + std::to_string(commits), std::string(100'000, 'a'));
    ASSERT_LT(commits, 20);
  }
  EXPECT_GE(commits, 7);
  EXPECT_EQ(must(database.durable_id()), id);
  EXPECT_GE(calls.count(Call::Kind::kFlush), 1);
  EXPECT_LE(calls.count(Call::Kind::kFlush), 2) << "one more for the growth of the file";
  EXPECT_EQ(must(database.stats()).unflushed_bytes, 0U);
  put_relaxed(database, "a", "2");
  EXPECT_GT(must(database.stats()).unflushed_bytes, 0U);
  expect_clean(database);
}

TEST_F(AutoFlushTest, ByAgeWhenPolled) {
  const Database database = open({.flush_age = milliseconds(20)});
  put(database, "a", "1");
  EXPECT_EQ(must(database.poll()), std::nullopt) << "nothing is unflushed";
  const std::uint64_t id = put_relaxed(database, "a", "2");
  while (must(database.durable_id()) < id) {
    const auto again = must(database.poll());
    if (!again) break;
    EXPECT_LE(*again, milliseconds(20));
    std::this_thread::sleep_for(*again);
  }
  EXPECT_EQ(must(database.durable_id()), id);
  EXPECT_EQ(must(database.poll()), std::nullopt);
  expect_clean(database);
}

TEST_F(AutoFlushTest, ByTheNextCommitWhenOld) {
  const Database database = open({.flush_age = milliseconds(5)});
  const std::uint64_t first = put_relaxed(database, "a", "1");
  std::this_thread::sleep_for(milliseconds(10));
  const std::uint64_t second = put_relaxed(database, "a", "2");
  EXPECT_GE(must(database.durable_id()), first);
  EXPECT_EQ(must(database.durable_id()), second) << "older ones are flushed with all later ones";
}

TEST_F(AutoFlushTest, ZeroIsNever) {
  CallCounter calls;
  const Database database =
      open({.flush_bytes = 0, .flush_age = milliseconds(0), .observer = &calls});
  put(database, "a", "1");
  calls.reset();
  put_relaxed(database, "a", std::string(3'000'000, 'x'));
  EXPECT_EQ(must(database.poll()), std::nullopt);
  EXPECT_EQ(calls.count(Call::Kind::kFlush), 0);
}

TEST_F(AutoFlushTest, CommitsOfOthersCount) {
  const Database database = open({.flush_age = milliseconds(5)});
  put(database, "a", "1");
  ChildProcess child([&] {
    const Database other = must(Database::open(path(), {.flush_age = hours(1)}));
    put_relaxed(other, "a", "theirs");
    ::_exit(0);  // without closing
    return 0;
  });
  EXPECT_EQ(child.wait(), 0);
  const std::uint64_t id = must(database.read()).id();
  EXPECT_LT(must(database.durable_id()), id);
  std::this_thread::sleep_for(milliseconds(10));
  must(database.poll());
  EXPECT_EQ(must(database.durable_id()), id);
}

TEST_F(AutoFlushTest, AFailureLatches) {
  CallCounter calls;
  const Database database = open({.flush_bytes = 1, .observer = &calls});
  put(database, "a", "1");
  calls.fail(Call::Kind::kFlush, EIO);
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("a"), as_bytes("2")));
  EXPECT_TRUE(ok(txn.commit(Durability::kRelaxed))) << "it asked for no flush";
  EXPECT_TRUE(fails(database.poll(), ErrorCode::kLatched));
  EXPECT_TRUE(fails(database.write(), ErrorCode::kLatched));
}

TEST_F(AutoFlushTest, WaitDurableGivesTheSecondMoment) {
  CallCounter calls;
  const Database database = open({.flush_age = hours(1), .observer = &calls});
  put(database, "a", "1");
  const std::uint64_t first = put_relaxed(database, "a", "2");
  const std::uint64_t second = put_relaxed(database, "a", "3");
  EXPECT_LT(must(database.durable_id()), first);
  must(database.wait_durable(first));
  EXPECT_GE(must(database.durable_id()), second) << "one flush is for all";
  calls.reset();
  must(database.wait_durable(second, kNoWait));
  EXPECT_EQ(calls.count(Call::Kind::kFlush), 0);
  EXPECT_TRUE(fails(database.wait_durable(second + 1), ErrorCode::kInvalidArgument));
  const Database reader = must(Database::open(path()));
  EXPECT_TRUE(ok(reader.wait_durable(second)));
}

class ConcurrentAutoFlush : public AutoFlushTest {};

TEST_F(ConcurrentAutoFlush, AThreadDoesItByAge) {
  const Database database = open({.flush_age = milliseconds(3), .flush_thread = true});
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t id = put_relaxed(database, "a", std::to_string(i));
    wait_until_durable(database, id);
  }
  expect_clean(database);
}

TEST_F(ConcurrentAutoFlush, AThreadDoesItByBytes) {
  const Database database =
      open({.flush_bytes = 100'000, .flush_age = hours(1), .flush_thread = true});
  std::uint64_t id = 0;
  for (int i = 0; i < 10; ++i) {
    id = put_relaxed(database, "a" + std::to_string(i), std::string(60'000, 'a'));
  }
  wait_until_durable(database, id - 1);
  expect_clean(database);
}

TEST_F(ConcurrentAutoFlush, TheThreadEndsWithTheEnvironment) {
  for (int i = 0; i < 20; ++i) {
    const Database database = open({.flush_age = milliseconds(1), .flush_thread = true});
    put_relaxed(database, "a", std::to_string(i));
  }
  EXPECT_EQ(get(open(), "a"), "19");
}

// Suites named Concurrent* run under ThreadSanitizer, which does not follow forks.
TEST_F(AutoFlushTest, AForkedChildHasNoThreadAndNeedsNone) {
  const Database database = open({.flush_age = milliseconds(1), .flush_thread = true});
  put_relaxed(database, "a", "1");
  ChildProcess child([&] {
    {
      const Database inherited = database;
      if (!fails(inherited.poll(), ErrorCode::kForked)) return 1;
    }
    const Database own =
        must(Database::open(path(), {.flush_age = milliseconds(1), .flush_thread = true}));
    wait_until_durable(own, put_relaxed(own, "a", "2"));
    return 0;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(get(database, "a"), "2");
  expect_clean(database);
}

TEST_F(AutoFlushTest, TheProfileCountsEachStep) {
  const Database database = open();
  const auto before = must(database.stats()).commits;
  for (int i = 0; i < 10; ++i) put(database, "a", std::to_string(i));
  for (int i = 0; i < 5; ++i) put_relaxed(database, "a", std::to_string(i));
  const auto after = must(database.stats()).commits;
  EXPECT_EQ(after.tree.count - before.tree.count, 15U);
  EXPECT_EQ(after.hash.count - before.hash.count, 15U);
  EXPECT_EQ(after.write.count - before.write.count, 15U);
  EXPECT_EQ(after.flush.count - before.flush.count, 10U);
  EXPECT_GE(after.lock.count - before.lock.count, 15U);
  for (const engine::Latency* step :
       {&after.lock, &after.tree, &after.hash, &after.write, &after.flush}) {
    std::uint64_t counted = 0;
    for (const std::uint64_t bucket : step->buckets) counted += bucket;
    EXPECT_EQ(counted, step->count);
    EXPECT_LE(step->longest, step->total);
    EXPECT_GE(step->buckets[engine::Latency::bucket_of(step->longest)], 1U);
  }
  EXPECT_EQ(engine::Latency::bucket_of(0), 0U);
  EXPECT_EQ(engine::Latency::bucket_of(1), 1U);
  EXPECT_EQ(engine::Latency::bucket_of(1024), 11U);
  EXPECT_EQ(engine::Latency::bucket_of(~std::uint64_t{0}), engine::Latency::kBuckets - 1);
}

}  // namespace
}  // namespace kist::test
