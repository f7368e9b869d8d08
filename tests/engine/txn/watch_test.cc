#include <chrono>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <kist/engine/watch.h>

#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::CommitSignal;
using engine::SnapshotMark;

// Longer than any test may take: a wake-up that was lost is seen.
constexpr std::chrono::hours kForEver{1};

class WatchTest : public StoreTest {};
class ConcurrentWatchTest : public StoreTest {};

/// The number that the store holds.
int number(const Database& database) {
  const ReadTxn txn = must(database.read());
  const auto value = must(txn.get({}, as_bytes("n")));
  return value ? std::stoi(engine::to_string(*value)) : 0;
}

void set_number(const Database& database, int n) {
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("n"), as_bytes(std::to_string(n))));
  must(txn.commit(Durability::kRelaxed));
}

/// Waits until the store holds `n` or more.
void wait_for_number(const Database& database, const CommitSignal& signal, int n) {
  for (;;) {
    const std::uint64_t seen = signal.count();
    if (number(database) >= n) return;
    signal.wait(seen, kForEver);
  }
}

TEST_F(WatchTest, CountsCommitsOfEveryKind) {
  const Database database = open();
  const CommitSignal signal = must(CommitSignal::of(database));
  std::uint64_t before = signal.count();
  const auto changed = [&] { return std::exchange(before, signal.count()) != before; };
  EXPECT_FALSE(changed());
  put(database, "durable", "1");
  EXPECT_TRUE(changed());
  set_number(database, 1);
  EXPECT_TRUE(changed());
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("prepared"), as_bytes("1")));
  const std::uint64_t id = must(txn.prepare());
  EXPECT_FALSE(changed());
  must(database.commit_prepared(id));
  EXPECT_TRUE(changed());
  must(must(database.write()).commit());
  signal.wake();
  EXPECT_TRUE(changed());
  signal.wait(before - 1, kForEver);
  expect_clean(database);
}

TEST_F(WatchTest, MarksAreTheSameInEveryProcessAndForNoOtherCommit) {
  const Database database = open();
  set_number(database, 1);
  const SnapshotMark first = must(engine::mark_of(must(database.read())));
  EXPECT_EQ(must(engine::mark_of(must(database.read()))), first);
  EXPECT_EQ(first.id, must(database.read()).id());
  EXPECT_NE(first.nonce, 0U);
  ChildProcess child([&] {
    const Database own = must(Database::open(path()));
    return must(engine::mark_of(must(own.read()))) == first ? 0 : 1;
  });
  EXPECT_EQ(child.wait(), 0);
  const ReadTxn reader = must(database.read());
  EXPECT_EQ(must(engine::mark_of(must(reader.clone()))), first);
  EXPECT_EQ(must(engine::mark_of(must(database.write()))), first);
  set_number(database, 2);
  const SnapshotMark second = must(engine::mark_of(must(database.read())));
  EXPECT_NE(second.id, first.id);
  EXPECT_NE(second.nonce, first.nonce);
}

TEST_F(WatchTest, NoWakeUpIsLostBetweenProcesses) {
  open();  // makes the file
  constexpr int kRounds = 3000;
  // Two that answer each other, and one that waits for either.
  const auto player = [this](int first) {
    return [this, first] {
      const Database database = must(Database::open(path()));
      const CommitSignal signal = must(CommitSignal::of(database));
      for (int n = first; n <= kRounds; n += 2) {
        wait_for_number(database, signal, n - 1);
        set_number(database, n);
      }
      return 0;
    };
  };
  ChildProcess onlooker([this] {
    const Database database = must(Database::open(path()));
    const CommitSignal signal = must(CommitSignal::of(database));
    for (int n = 1; n <= kRounds; ++n) wait_for_number(database, signal, n);
    return 0;
  });
  ChildProcess one(player(1));
  ChildProcess two(player(2));
  EXPECT_EQ(one.wait(), 0);
  EXPECT_EQ(two.wait(), 0);
  EXPECT_EQ(onlooker.wait(), 0);
  const Database database = open();
  EXPECT_EQ(number(database), kRounds);
  expect_clean(database);
}

TEST_F(WatchTest, AWatcherThatDiedHarmsNobody) {
  const Database database = open();
  for (int n = 1; n <= 10; ++n) {
    Signal waits;
    ChildProcess dies([&] {
      const Database own = must(Database::open(path()));
      const CommitSignal signal = must(CommitSignal::of(own));
      const std::uint64_t seen = signal.count();
      waits.send();
      for (;;) signal.wait(seen, kForEver);
      return 0;
    });
    ChildProcess lives([&] {
      const Database own = must(Database::open(path()));
      wait_for_number(own, must(CommitSignal::of(own)), n);
      return 0;
    });
    waits.wait();
    EXPECT_EQ(dies.kill_and_wait(), -SIGKILL);
    set_number(database, n);
    EXPECT_EQ(lives.wait(), 0);
  }
  expect_clean(database);
}

TEST_F(WatchTest, WithoutAWritableLockFileItLooksNowAndThen) {
  const Database database = open({.read_only = false});
  const CommitSignal signal = must(CommitSignal::of(database));
  ChildProcess child([this] {
    const Database own = must(Database::open(path(), {.read_only = true}));
    wait_for_number(own, must(CommitSignal::of(own)), 1);
    return 0;
  });
  set_number(database, 1);
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(ConcurrentWatchTest, ThreadsAnswerEachOther) {
  const Database database = open();
  constexpr int kRounds = 1000;
  const auto play = [&](int first) {
    const CommitSignal signal = must(CommitSignal::of(database));
    for (int n = first; n <= kRounds; n += 2) {
      wait_for_number(database, signal, n - 1);
      set_number(database, n);
    }
  };
  std::thread one(play, 1);
  std::thread two(play, 2);
  one.join();
  two.join();
  EXPECT_EQ(number(database), kRounds);
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
