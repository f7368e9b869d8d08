#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

// Run under ThreadSanitizer too.
class ConcurrentTest : public StoreTest {
 protected:
  static constexpr int kAccounts = 40;

  static std::string account(std::uint64_t i) { return "account " + std::to_string(i); }

  // Exceptions of threads, to be reported on the test's own.
  template <typename F>
  void start(F body) {
    threads_.emplace_back([this, body = std::move(body)] {
      try {
        body();
      } catch (const std::exception& error) {
        const std::lock_guard lock(mutex_);
        errors_ += std::string(error.what()) + "\n";
      }
    });
  }
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    EXPECT_EQ(errors_, "");
  }

 private:
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::string errors_;
};

TEST_F(ConcurrentTest, ReadersSeeWholeTransfers) {
  const Database database = open({.page_size = 512});
  {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < kAccounts; ++i) {
      must(txn.put({}, as_bytes(account(static_cast<std::uint64_t>(i))), as_bytes("1000")));
    }
    must(txn.commit());
  }
  std::atomic<bool> done{false};
  for (int writer = 0; writer < 2; ++writer) {
    start([&, writer] {
      Random random(static_cast<std::uint64_t>(writer) + 1);
      for (int i = 0; i < 300; ++i) {
        WriteTxn txn = must(database.write());
        const std::string from = account(random.below(kAccounts));
        const std::string to = account(random.below(kAccounts));
        if (from == to) continue;
        const long amount = static_cast<long>(random.below(50));
        const auto change = [&](const std::string& name, long by) {
          const long now = std::stol(*get(txn, name)) + by;
          must(txn.put({}, as_bytes(name), as_bytes(std::to_string(now))));
        };
        change(from, -amount);
        change(to, amount);
        // Pages that come and go beside the accounts.
        must(txn.put({}, as_bytes("large"), as_bytes(std::string(random.below(4000), 'x'))));
        must(txn.commit(Durability::kRelaxed));
      }
      done = true;
    });
  }
  for (int reader = 0; reader < 2; ++reader) {
    start([&] {
      std::uint64_t last = 0;
      while (!done) {
        const ReadTxn txn = must(database.read());
        require(txn.id() >= last, "snapshots went back");
        last = txn.id();
        long sum = 0;
        int accounts = 0;
        Cursor cursor = must(txn.cursor({}));
        for (bool on = must(cursor.seek(as_bytes("account "))); on; on = must(cursor.next())) {
          if (!as_text(cursor.key()).starts_with("account ")) break;
          sum += std::stol(std::string(as_text(must(cursor.value()))));
          ++accounts;
        }
        require(accounts == kAccounts && sum == 1000 * kAccounts, "a transfer was seen in part");
      }
    });
  }
  join();
  expect_clean(database);
}

TEST_F(ConcurrentTest, WritersLoseNoUpdate) {
  const Database database = open();
  put(database, "counter", "0");
  for (int writer = 0; writer < 4; ++writer) {
    start([&] {
      for (int i = 0; i < 100; ++i) {
        WriteTxn txn = must(database.write());
        const int now = std::stoi(*get(txn, "counter"));
        must(txn.put({}, as_bytes("counter"), as_bytes(std::to_string(now + 1))));
        must(txn.commit(Durability::kRelaxed));
      }
    });
  }
  join();
  EXPECT_EQ(get(database, "counter"), "400");
  expect_clean(database);
}

TEST_F(ConcurrentTest, OpeningAndClosingFromManyThreads) {
  put(open(), "counter", "0");
  for (int thread = 0; thread < 4; ++thread) {
    start([&, thread] {
      for (int i = 0; i < 60; ++i) {
        Database database = open();
        WriteTxn txn = must(database.write());
        const int now = std::stoi(*get(txn, "counter"));
        must(txn.put({}, as_bytes("counter"), as_bytes(std::to_string(now + 1))));
        must(txn.commit(Durability::kRelaxed));
        // Half by closing, half by destruction.
        if ((i + thread) % 2 == 0) must(database.close());
      }
    });
  }
  join();
  const Database database = open();
  EXPECT_EQ(get(database, "counter"), "240");
  expect_clean(database);
}

TEST_F(ConcurrentTest, ReadersComeAndGoWhileTheFileGrowsAndShrinks) {
  const Database database = open();
  std::atomic<bool> done{false};
  start([&] {
    for (int i = 0; i < 40; ++i) {
      WriteTxn txn = must(database.write());
      for (int j = 0; j < 8; ++j) {
        const std::string value(60'000, static_cast<char>('a' + i % 26));
        must(txn.put({}, as_bytes("large " + std::to_string(j)), as_bytes(value)));
      }
      must(txn.commit(Durability::kRelaxed));
      if (i % 5 == 4) {
        WriteTxn clearing = must(database.write());
        must(clearing.clear({}));
        must(clearing.commit());
      }
    }
    done = true;
  });
  for (int reader = 0; reader < 3; ++reader) {
    start([&] {
      while (!done) {
        const ReadTxn txn = must(database.read());
        std::optional<char> expected;
        for (int j = 0; j < 8; ++j) {
          const auto value = must(txn.get({}, as_bytes("large " + std::to_string(j))));
          require(value.has_value() == (expected.has_value() || (j == 0 && value)),
                  "half is there");
          if (!value) break;
          if (!expected) expected = static_cast<char>((*value)[0]);
          require(
              value->size() == 60'000 && (*value)[0] == *expected && (*value)[59'999] == *expected,
              "values of two transactions are mixed");
        }
      }
    });
  }
  join();
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
