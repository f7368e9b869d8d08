// Committers of many threads and processes that share flushes.

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "engine/base/failpoints.h"
#include "engine/os/file.h"
#include "tests/support/call_counter.h"
#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using std::chrono::milliseconds;

// A device on which a flush takes as long as the test likes.
class SlowDevice : public CallCounter {
 public:
  int before(const Call& call) override {
    if (call.kind == Call::Kind::kFlush && !call.path.ends_with("-lock")) flush();
    return CallCounter::before(call);
  }
  /// From now on flushes wait for let_go().
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  /// Waits until a flush waits.
  void wait_for_flush() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ != 0; });
  }

 private:
  void flush() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_; });
    --waiting_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  int waiting_ = 0;
};

class FlushTest : public StoreTest {
 protected:
  // A store in which small commits need neither growth nor a new ceiling.
  Database start(engine::os::CallObserver& observer) {
    Database database = open({.observer = &observer});
    put(database, "room", std::string(200'000, 'r'));
    put(database, "room", "");
    for (int i = 0; i < 5; ++i) put(database, "a", std::to_string(i));
    return database;
  }
  // Waits until so many commits were made since `before`, whether or not readers see them.
  static void wait_for_tip(const Database& database, std::uint64_t id) {
    while (must(database.write()).id() < id) std::this_thread::yield();
  }
};

TEST_F(FlushTest, ADurableCommitIsSeenOnlyAfterItsFlush) {
  SlowDevice device;
  const Database database = start(device);
  const std::uint64_t before = must(database.read()).id();
  device.hold();
  std::thread committer([&] { put(database, "a", "new"); });
  device.wait_for_flush();
  EXPECT_EQ(must(database.read()).id(), before);
  EXPECT_EQ(get(database, "a"), "4");
  EXPECT_EQ(must(database.stats()).durable_id, before);
  {
    // The next writer works meanwhile, on top of it.
    WriteTxn txn = must(database.write(kNoWait));
    EXPECT_GT(txn.id(), before);
    EXPECT_EQ(get(txn, "a"), "new");
  }
  device.let_go();
  committer.join();
  EXPECT_EQ(get(database, "a"), "new");
  EXPECT_EQ(must(database.stats()).durable_id, must(database.read()).id());
  expect_clean(database);
}

TEST_F(FlushTest, ARelaxedCommitOnTopMakesItVisible) {
  SlowDevice device;
  const Database database = start(device);
  device.hold();
  std::thread committer([&] { put(database, "a", "new"); });
  device.wait_for_flush();
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("b"), as_bytes("relaxed")));
  must(txn.commit(Durability::kRelaxed));
  EXPECT_EQ(get(database, "a"), "new");
  EXPECT_EQ(get(database, "b"), "relaxed");
  EXPECT_LT(must(database.stats()).durable_id, must(database.read()).id());
  const ReadTxn reader = must(database.read());
  device.let_go();
  committer.join();
  EXPECT_EQ(must(database.read()).id(), reader.id()) << "the head went back";
  expect_clean(database);
}

TEST_F(FlushTest, WhoeverComesDuringAFlushSharesTheNext) {
  SlowDevice device;
  const Database database = start(device);
  const std::uint64_t before = must(database.read()).id();
  device.reset();
  device.hold();
  std::vector<std::thread> committers;
  committers.emplace_back([&] { put(database, "first", "1"); });
  device.wait_for_flush();
  for (int i = 0; i < 6; ++i) {
    committers.emplace_back([&, i] { put(database, "key " + std::to_string(i), "v"); });
  }
  wait_for_tip(database, before + 7);
  device.let_go();
  for (std::thread& committer : committers) committer.join();
  EXPECT_EQ(device.count(Call::Kind::kFlush), 2) << "the first, and one for all others";
  EXPECT_EQ(must(must(database.read()).count({})), 9U);
  expect_clean(database);
}

TEST_F(FlushTest, AnOldSnapshotSurvivesManyCommitsDuringOneFlush) {
  SlowDevice device;
  const Database database = start(device);
  device.hold();
  std::thread committer([&] { put(database, "a", "being flushed"); });
  device.wait_for_flush();
  // The head, and what is being flushed, must stay whole however much is written meanwhile.
  const std::string filler(3000, 'f');
  for (int i = 0; i < 30; ++i) {
    WriteTxn txn = must(database.write());
    for (int j = 0; j < 20; ++j) {
      must(txn.put({}, as_bytes("key " + std::to_string(j)), as_bytes(filler)));
    }
    must(txn.put({}, as_bytes("a"), as_bytes(std::to_string(i))));
    // Durable ones, without waiting for them.
    if (i % 2 == 0) {
      must(txn.commit(Durability::kRelaxed));
      EXPECT_EQ(get(database, "a"), std::to_string(i));
    }
    expect_clean(database);
  }
  device.let_go();
  committer.join();
  expect_clean(database);
}

TEST_F(FlushTest, AFailedFlushIsEverybodysWhoWaits) {
  SlowDevice device;
  {
    const Database database = start(device);
    const std::uint64_t before = must(database.read()).id();
    device.hold();
    std::atomic<int> failed{0};
    std::vector<std::thread> committers;
    for (int i = 0; i < 4; ++i) {
      committers.emplace_back([&, i] {
        WriteTxn txn = must(database.write());
        must(txn.put({}, as_bytes("key " + std::to_string(i)), as_bytes("v")));
        const auto committed = txn.commit();
        if (committed) return;
        const ErrorCode code = committed.error().code;
        if (code == ErrorCode::kIo || code == ErrorCode::kLatched) ++failed;
      });
    }
    device.wait_for_flush();
    wait_for_tip(database, before + 4);
    device.fail(Call::Kind::kFlush, EIO);
    device.let_go();
    for (std::thread& committer : committers) committer.join();
    EXPECT_EQ(failed, 4);
    EXPECT_EQ(must(database.read()).id(), before);
    device.stop_failing();
    EXPECT_TRUE(fails(database.write(), ErrorCode::kLatched));
    EXPECT_TRUE(fails(database.sync(), ErrorCode::kLatched));
    EXPECT_EQ(must(database.read()).id(), before);
  }
  const Database database = open();
  EXPECT_EQ(get(database, "a"), "4");
  put(database, "a", "after");
  expect_clean(database);
}

// In a child only: stops for ever where a failpoint is passed, having said so.
const char* last_step = nullptr;
Signal* stopped = nullptr;
void stop_at(const char* name) {
  if (std::string_view(name) != last_step) return;
  stopped->send();
  for (;;) ::pause();
}

// A leader of another process dies at each step of the flush while a committer here waits for it,
// or comes later. Nothing may be lost, and nobody may wait for the dead.
TEST_F(FlushTest, ADeadLeaderIsReplaced) {
  CallCounter calls;
  const Database database = start(calls);
  for (const char* step : {"commit.after_tip", "commit.after_publish", "flush.after_slot",
                           "flush.after_flush", "flush.after_head"}) {
    Signal reached;
    last_step = step;
    stopped = &reached;
    ChildProcess child([&] {
      const Database other = must(Database::open(path()));
      engine::set_failpoint_hook(stop_at);
      put(other, "theirs", step);
      return 0;
    });
    reached.wait();
    std::vector<std::thread> committers;
    for (int i = 0; i < 3; ++i) {
      committers.emplace_back([&, i] { put(database, "ours " + std::to_string(i), step); });
    }
    std::this_thread::sleep_for(milliseconds(5));
    child.kill();
    for (std::thread& committer : committers) committer.join();
    // What died as the tip is there with the next commit.
    put(database, "after", step);
    EXPECT_EQ(get(database, "theirs"), step);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(get(database, "ours " + std::to_string(i)), step);
    EXPECT_EQ(must(database.stats()).durable_id, must(database.read()).id());
    expect_clean(database);
  }
}

TEST_F(FlushTest, SyncMakesTheCommitOfADeadProcessDurable) {
  CallCounter calls;
  const Database database = start(calls);
  Signal reached;
  last_step = "commit.after_publish";
  stopped = &reached;
  ChildProcess child([&] {
    const Database other = must(Database::open(path()));
    engine::set_failpoint_hook(stop_at);
    put(other, "theirs", "1");
    return 0;
  });
  reached.wait();
  child.kill();
  EXPECT_FALSE(get(database, "theirs"));
  must(database.sync());
  EXPECT_EQ(get(database, "theirs"), "1");
  EXPECT_EQ(must(database.stats()).durable_id, must(database.read()).id());
  expect_clean(database);
}

TEST_F(FlushTest, ALostSlotOfTheDurableTransactionIsNoticed) {
  CallCounter calls;
  const Database database = start(calls);
  // Another process made the newest commit durable, so this one has to look at its slot.
  ChildProcess child([&] {
    put(must(Database::open(path())), "theirs", "1");
    return 0;
  });
  EXPECT_EQ(child.wait(), 0);
  engine::os::File file = must(engine::os::File::open(path(), engine::os::Access::kReadWrite));
  must(file.write_at(0, Bytes(std::vector<std::uint8_t>(16384))));
  EXPECT_TRUE(fails(database.write(), ErrorCode::kDamaged));
}

class ConcurrentFlush : public StoreTest {};

// Flushes are slow enough for others to come meanwhile.
class SlowFlushes : public CallCounter {
 public:
  int before(const Call& call) override {
    if (call.kind == Call::Kind::kFlush) std::this_thread::sleep_for(milliseconds(1));
    return CallCounter::before(call);
  }
};

TEST_F(ConcurrentFlush, ManyDurableCommittersShareFlushes) {
  constexpr int kThreads = 8;
  constexpr int kCommits = 40;
  SlowFlushes calls;
  const Database database = open({.observer = &calls});
  put(database, "a", "1");
  calls.reset();
  std::vector<std::thread> committers;
  for (int thread = 0; thread < kThreads; ++thread) {
    committers.emplace_back([&, thread] {
      for (int i = 0; i < kCommits; ++i) {
        const std::string key = "key " + std::to_string(thread);
        const std::uint64_t id = put(database, key, std::to_string(i));
        const ReadTxn txn = must(database.read());
        EXPECT_GE(txn.id(), id);
        EXPECT_EQ(get(txn, key), std::to_string(i)) << "acknowledged, but not to be seen";
        EXPECT_GE(must(database.stats()).durable_id, id);
      }
    });
  }
  for (std::thread& committer : committers) committer.join();
  const int flushes = calls.count(Call::Kind::kFlush);
  EXPECT_LT(flushes, kThreads * kCommits / 2);
  std::cout << kThreads * kCommits << " durable commits, " << flushes << " flushes\n";
  expect_clean(database);
}

TEST_F(ConcurrentFlush, DurableAndRelaxedOnesMix) {
  const Database database = open();
  put(database, "counter", "0");
  std::vector<std::thread> committers;
  for (int thread = 0; thread < 6; ++thread) {
    committers.emplace_back([&, thread] {
      for (int i = 0; i < 60; ++i) {
        WriteTxn txn = must(database.write());
        const int now = std::stoi(*get(txn, "counter"));
        must(txn.put({}, as_bytes("counter"), as_bytes(std::to_string(now + 1))));
        must(txn.put({}, as_bytes("filler"), as_bytes(std::string(500U * (i % 9), 'f'))));
        must(txn.commit(thread % 2 == 0 ? Durability::kDurable : Durability::kRelaxed));
        if (thread == 1 && i % 10 == 0) must(database.sync());
        if (thread == 3) {
          EXPECT_GE(std::stoi(*get(database, "counter")), now + 1);
        }
      }
    });
  }
  for (std::thread& committer : committers) committer.join();
  EXPECT_EQ(get(database, "counter"), "360");
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
