// Calls that the system ends early: after a part of their bytes, because of a signal, or at a
// limit.

#include <atomic>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "engine/os/call_observer.h"
#include "tests/support/child_process.h"
#include "tests/support/model.h"
#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

class ShortCallsTest : public StoreTest {
 protected:
  // Commits of small and large records, held against a model.
  static void write_steps(const Database& database, Tables& model, int first, int count) {
    Random random(17);
    for (int step = first; step < first + count; ++step) {
      WriteTxn txn = must(database.write());
      DualWriter writer(database, txn, model);
      for (int i = 0; i < 5; ++i) {
        writer.put("", "key " + std::to_string(random.below(50)), random.bytes(random.below(300)));
      }
      writer.put("", "large", random.bytes(random.below(100'000)));
      must(txn.commit(step % 2 == 0 ? Durability::kRelaxed : Durability::kDurable));
    }
  }
  static void expect_equal(const Database& database, const Tables& model) {
    EXPECT_EQ(difference(model, read_all(database, must(database.read()))), "");
    expect_clean(database);
  }
};

// Every read and write moves a few bytes at a time.
class Trickle : public engine::os::CallObserver {
 public:
  int before(const engine::os::Call&) override { return 0; }
  std::uint64_t most(const engine::os::Call& call) override {
    return call.length > 100'000 ? 4099 : 1 + next_++ % 97;
  }

 private:
  std::atomic<std::uint64_t> next_{0};
};

TEST_F(ShortCallsTest, ShortReadsAndWritesAreContinued) {
  Trickle trickle;
  Options options;
  options.page_size = 512;
  options.observer = &trickle;
  Tables model{{"", {}}};
  {
    const Database database = open(options);
    write_steps(database, model, 0, 20);
    expect_equal(database, model);
  }
  const Database database = open();
  expect_equal(database, model);
}

// Signals that interrupt whatever can be interrupted.
class SignalFlood {
 public:
  SignalFlood() {
    struct sigaction action{};
    action.sa_handler = [](int) { ++delivered; };
    action.sa_flags = 0;  // no SA_RESTART
    ::sigaction(SIGALRM, &action, &before_);
    const itimerval often{{0, 100}, {0, 100}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
  }
  ~SignalFlood() {
    const itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    ::sigaction(SIGALRM, &before_, nullptr);
  }
  SignalFlood(const SignalFlood&) = delete;
  SignalFlood& operator=(const SignalFlood&) = delete;
  static inline std::atomic<int> delivered{0};

 private:
  struct sigaction before_{};
};

TEST_F(ShortCallsTest, SignalsInterruptNothingForGood) {
  Tables model{{"", {}}};
  {
    const SignalFlood flood;
    for (int round = 0; round < 5; ++round) {
      const Database database = open();
      write_steps(database, model, round * 40, 40);
      expect_equal(database, model);
    }
  }
  EXPECT_GT(SignalFlood::delivered, 10);
  expect_equal(open(), model);
}

TEST_F(ShortCallsTest, WaitingForTheWriterGoesOnAfterSignals) {
  const Database database = open();
  put(database, "key", "old");
  Signal locked;
  Signal waiting;
  ChildProcess holder([&] {
    const Database mine = must(Database::open(path()));
    WriteTxn txn = must(mine.write());
    must(txn.put({}, as_bytes("key"), as_bytes("new")));
    locked.send();
    waiting.wait();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    must(txn.commit());
    return 0;
  });
  locked.wait();
  {
    const SignalFlood flood;
    const int before = SignalFlood::delivered;
    waiting.send();
    const WriteTxn txn = must(database.write());
    EXPECT_EQ(get(txn, "key"), "new");
    EXPECT_GT(SignalFlood::delivered, before + 1);
  }
  EXPECT_EQ(holder.wait(), 0);
  expect_clean(database);
}

// The limit on the length of files ends a write in its middle, for real.
TEST_F(ShortCallsTest, AFileThatMayNotGrowIsFull) {
  ChildProcess child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    Tables model{{"", {}}};
    const Database database = must(Database::open(path()));
    write_steps(database, model, 0, 3);
    const std::uint64_t now = must(database.stats()).file_pages * 4096;
    // In the middle of a page.
    rlimit limit{now + 1'000'001, RLIM_INFINITY};
    require(::setrlimit(RLIMIT_FSIZE, &limit) == 0, "no limit can be set");
    int refused = 0;
    int stored_again = 0;
    for (int i = 0; i < 60; ++i) {
      const Tables before = model;
      WriteTxn txn = must(database.write());
      const std::string key = "more " + std::to_string(i);
      const Result<bool> stored = txn.put({}, as_bytes(key), as_bytes(std::string(60'000, 'm')));
      const auto committed = txn.commit();
      if (stored && committed) {
        model[""][key] = std::string(60'000, 'm');
        stored_again += refused >= 3 ? 1 : 0;
        continue;
      }
      const ErrorCode code = stored ? committed.error().code : stored.error().code;
      require(code == ErrorCode::kNoSpace, "another error than a full disk");
      ++refused;
      require(difference(before, read_all(database, must(database.read()))).empty(),
              "a refused commit changed something");
      if (refused == 3) {
        // Room is made by erasing, and used.
        WriteTxn eraser = must(database.write());
        must(eraser.erase_prefix({}, as_bytes("more ")));
        must(eraser.erase({}, as_bytes("large")));
        must(eraser.commit());
        std::erase_if(model[""], [](const auto& record) {
          return record.first.starts_with("more ") || record.first == "large";
        });
      }
    }
    require(refused >= 3, "the file was never full");
    require(stored_again > 3, "nothing was stored after room was made");
    require_clean(database);
    limit.rlim_cur = RLIM_INFINITY;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    write_steps(database, model, 10, 3);
    require(difference(model, read_all(database, must(database.read()))).empty(), "differs");
    require_clean(database);
    return 0;
  });
  EXPECT_EQ(child.wait(), 0);
  expect_clean(open());
}

}  // namespace
}  // namespace kist::test
