#include <atomic>
#include <chrono>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <kist/manager.h>
#include <kist/queue.h>

#include "tests/support/checked_profile.h"

namespace kist {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::code_of;
using test::failed_with;
using test::must;
using test::TempDirectory;

class ShutdownTest : public test::ProfileTest {};

TEST_F(ShutdownTest, ProfilesMayShareAnEnvironment) {
  const TempDirectory a_directory;
  const TempDirectory b_directory;
  const ProfileOptions shared{.environment = directory()};
  const Profile a = must(Manager::instance().open(a_directory.path(), shared));
  const Profile b = must(Manager::instance().open(b_directory.path(), shared));
  const Profile own = must(Manager::instance().open(a_directory.path()));
  EXPECT_EQ(Manager::instance().open_profiles(), 2U);
  EXPECT_EQ(a.directory(), std::filesystem::canonical(a_directory.path()));
  EXPECT_EQ(a.environment(), std::filesystem::canonical(directory()));
  EXPECT_EQ(own.environment(), a.directory());
  must(must(a.open_store("certificates")).put("k", ValueView::u64(1)));
  EXPECT_EQ(must(must(b.open_store("certificates", false)).get<std::uint64_t>("k")), 1U);
  EXPECT_EQ(code_of(own.open_store("certificates", false)), ErrorCode::kTableNotFound);
  EXPECT_EQ(code_of(a.close_and_delete()), ErrorCode::kBusy);
  must(b.close());
  must(a.close());
  must(own.close_and_delete());
}

TEST_F(ShutdownTest, EveryOptionThatConflictsIsNamed) {
  const Profile profile = open();
  const auto conflict = [this](const ProfileOptions& options, std::string_view name) {
    return failed_with(Manager::instance().open(directory(), options), ErrorCode::kOptionConflict,
                       name);
  };
  EXPECT_TRUE(conflict({.flush_bytes = 1}, "flush_bytes = 33554432, asked for 1"));
  EXPECT_TRUE(conflict({.flush_age = milliseconds(7)}, "flush_age = 5000 ms, asked for 7 ms"));
  EXPECT_TRUE(conflict({.flush_operations = 7}, "flush_operations = 1000, asked for 7"));
  EXPECT_TRUE(conflict({.queue_bytes = 7}, "queue_bytes"));
  EXPECT_TRUE(conflict({.queue_operations = 7}, "queue_operations"));
  EXPECT_TRUE(conflict({.observer_bytes = 7}, "observer_bytes = 67108864, asked for 7"));
  EXPECT_TRUE(conflict({.durability = Durability::kRelaxed}, "durability = durable"));
}

TEST_F(ShutdownTest, FinishesWritesAndInterruptsReads) {
  const Profile profile = open({.durability = Durability::kRelaxed});
  const Store store = must(profile.open_store("s"));
  must(store.put("a", ValueView::u64(1)));
  const Queue queue = profile.queue();
  std::vector<Queued<>> puts;
  for (int i = 0; i < 100; ++i) puts.push_back(queue.put(store, "n", ValueView::i64(i)));
  std::latch begun(1);
  std::atomic<int> steps{0};
  const auto reading = queue.read([&, store](Reader& reader) -> Result<int> {
    begun.count_down();
    for (;;) {
      KIST_TRY(reader.get(store, "a"));
      ++steps;
    }
  });
  begun.wait();
  must(Manager::instance().shutdown(seconds(60)));
  for (const Queued<>& put : puts) must(put.durable.get());
  EXPECT_TRUE(failed_with(reading.get(), ErrorCode::kClosed, "interrupted by the shutdown"));
  EXPECT_EQ(Manager::instance().open_profiles(), 0U);
  EXPECT_FALSE(profile.is_open());
  EXPECT_EQ(code_of(store.get("a")), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.close()), ErrorCode::kClosed);
  const Profile again = open();
  EXPECT_EQ(must(must(again.open_store("s")).get<std::int64_t>("n")), 99);
}

TEST_F(ShutdownTest, SaysWhatDidNotEndInTime) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("a", ValueView::u64(1)));
  {
    const Reader reader = must(profile.read());
    Iterator iterator = must(reader.iterate(store));
    EXPECT_TRUE(failed_with(Manager::instance().shutdown(milliseconds(5)), ErrorCode::kTimedOut,
                            "1 transactions of"));
    EXPECT_EQ(code_of(reader.get(store, "a")), ErrorCode::kClosed);
    EXPECT_EQ(code_of(iterator.next()), ErrorCode::kClosed);
  }
  must(Manager::instance().shutdown(milliseconds(0)));
}

TEST_F(ShutdownTest, GivesUpWritesThatCannotBeDone) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const Queue queue = profile.queue();
  Queued<> put;
  {
    Writer writer = must(profile.write());
    put = queue.put(store, "k", ValueView::u64(1));
    EXPECT_TRUE(failed_with(Manager::instance().shutdown(milliseconds(5)), ErrorCode::kTimedOut,
                            "1 writes of"));
    must(writer.put(store, "own", ValueView::u64(1)));
    must(writer.commit());
  }
  EXPECT_EQ(code_of(put.durable.get()), ErrorCode::kClosed);
  const Profile again = open();
  EXPECT_EQ(must(must(again.open_store("s")).count()), 1U);
}

class ConcurrentShutdownTest : public test::ProfileTest {};

TEST_F(ConcurrentShutdownTest, WhileOthersOpenUseAndClose) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      while (!stop) {
        const auto profile = Manager::instance().open(directory());
        if (!profile) {
          EXPECT_EQ(profile.error().code, ErrorCode::kClosed) << profile.error().message;
          std::this_thread::yield();
          continue;
        }
        const auto store = profile->open_store("s");
        if (!store) continue;
        const Result<Value> sum = profile->queue().add(*store, i, 1).committed.get();
        EXPECT_FALSE(sum.has_value());  // keys are bytes
        const Result<Value> added = profile->queue()
                                        .add(*store, std::to_string(i), 1, Durability::kRelaxed)
                                        .committed.get();
        if (added) ++done;
      }
    });
  }
  for (int round = 0; round < 10; ++round) {
    while (done < round * 10) std::this_thread::yield();
    const Result<void> shut = Manager::instance().shutdown(seconds(60));
    EXPECT_TRUE(shut.has_value()) << shut.error().message;
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  std::int64_t sum = 0;
  for (int i = 0; i < 3; ++i) sum += must(store.get_or<std::int64_t>(std::to_string(i), 0));
  EXPECT_EQ(sum, done);
}

}  // namespace
}  // namespace kist
