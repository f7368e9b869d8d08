#include <atomic>
#include <chrono>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <kist/queue.h>

#include "tests/support/checked_profile.h"
#include "tests/support/child_process.h"

namespace kist {
namespace {

using std::chrono::milliseconds;
using test::code_of;
using test::failed_with;
using test::must;

class QueueTest : public test::ProfileTest {
 protected:
  /// A profile that flushes only when somebody asks for it.
  Profile open_lazy(ProfileOptions options = {}) const {
    options.durability = Durability::kRelaxed;
    options.flush_age = milliseconds(0);
    options.flush_bytes = 0;
    if (options.flush_operations == ProfileOptions{}.flush_operations) options.flush_operations = 0;
    return open(options);
  }
};

TEST_F(QueueTest, WritesAreVisibleThenDurable) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const Queue queue = profile.queue();
  const Queued<> put = queue.put(store, "a", ValueView::u64(1));
  must(put.committed.get());
  EXPECT_EQ(must(store.get<std::uint64_t>("a")), 1U);
  must(put.durable.get());
  EXPECT_EQ(must(profile.stats()).durable_id, must(profile.stats()).transaction_id);
  EXPECT_TRUE(must(queue.erase(store, "a").durable.get()));
  EXPECT_FALSE(must(queue.erase(store, "a").committed.get()));
  EXPECT_EQ(must(queue.add(store, "n", 5).committed.get()), Value::i64(5));
  EXPECT_EQ(must(must(queue.get(store, "n").get())->as<std::int64_t>()), 5);
}

TEST_F(QueueTest, AReadSeesWhatWasQueuedBeforeItAndNothingAfter) {
  const Profile profile = open_lazy();
  const Store store = must(profile.open_store("s"));
  const Queue queue = profile.queue();
  std::vector<Future<std::optional<Value>>> reads;
  {
    // The queue cannot commit meanwhile, so that all of them wait.
    const Writer writer = must(profile.write());
    for (std::uint64_t i = 0; i < 100; ++i) {
      queue.put(store, "k", ValueView::u64(i));
      reads.push_back(queue.get(store, "k"));
    }
    EXPECT_FALSE(reads.front().ready());
    // Another queue waits for nothing.
    EXPECT_EQ(must(profile.queue().get(store, "k").get()), std::nullopt);
  }
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(must(reads[i].get()), Value::u64(i));
}

TEST_F(QueueTest, ManyWritesShareATransactionAndAFlush) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const Queue queue = profile.queue();
  std::vector<Future<>> durable;
  const std::uint64_t flushes = must(profile.stats()).flushes;
  {
    const Writer writer = must(profile.write());
    for (std::uint64_t i = 0; i < 500; ++i) {
      durable.push_back(queue.put(store, std::to_string(i), ValueView::u64(i)).durable);
    }
    EXPECT_EQ(queue.stats().waiting, 500U);
  }
  for (const Future<>& future : durable) must(future.get());
  EXPECT_EQ(must(store.count()), 500U);
  EXPECT_EQ(queue.stats().groups, 1U);
  EXPECT_EQ(queue.stats().largest_group, 500U);
  EXPECT_LE(must(profile.stats()).flushes - flushes, 2U);
}

TEST_F(QueueTest, OneThatFailsHarmsNoOther) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const Store gone = must(profile.open_store("gone"));
  must(profile.drop_store("gone"));
  const Queue queue = profile.queue();
  Batch batch;
  must(batch.put(store, "in a batch", ValueView::u64(1)));
  must(batch.put(gone, "k", ValueView::u64(1)));
  std::vector<Future<>> good;
  Queued<> single;
  Queued<> of_batch;
  Queued<int> refused;
  Queued<int> thrown;
  {
    const Writer writer = must(profile.write());
    good.push_back(queue.put(store, "a", ValueView::u64(1)).durable);
    single = queue.put(gone, "k", ValueView::u64(1));
    of_batch = queue.apply(std::move(batch));
    refused = queue.write([store](Writer& in) -> Result<int> {
      KIST_TRY(in.put(store, "in a function", ValueView::u64(1)));
      return fail(ErrorCode::kConflict, "not now");
    });
    thrown = queue.write([store](Writer& in) -> Result<int> {
      KIST_TRY(in.put(store, "before a throw", ValueView::u64(1)));
      throw std::runtime_error("oops");
    });
    good.push_back(queue.put(store, "b", ValueView::u64(2)).durable);
  }
  for (const Future<>& future : good) must(future.get());
  EXPECT_TRUE(failed_with(single.committed.get(), ErrorCode::kTableNotFound, "'gone'"));
  EXPECT_EQ(code_of(of_batch.durable.get()), ErrorCode::kTableNotFound);
  EXPECT_TRUE(failed_with(refused.committed.get(), ErrorCode::kConflict, "not now"));
  EXPECT_TRUE(failed_with(thrown.durable.get(), ErrorCode::kInternal, "oops"));
  EXPECT_EQ(must(store.count()), 2U);
  EXPECT_EQ(queue.stats().groups, 1U);
}

TEST_F(QueueTest, KeysAndValuesAreCheckedBeforeTheyAreQueued) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const Queue queue = profile.queue();
  EXPECT_EQ(code_of(queue.put(store, 1, ValueView::u64(1)).committed.get()), ErrorCode::kWrongKind);
  EXPECT_EQ(code_of(queue.put(store, "k", ValueView::json("{")).durable.get()),
            ErrorCode::kInvalidJson);
  EXPECT_EQ(code_of(queue.erase(store, 1).committed.get()), ErrorCode::kWrongKind);
  EXPECT_EQ(code_of(queue.get(store, 1).get()), ErrorCode::kWrongKind);
  EXPECT_EQ(code_of(queue.get(Store(), "k").get()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(queue.put(store, std::string(5000, 'k'), ValueView::u64(1)).committed.get()),
            ErrorCode::kKeyTooLong);
  EXPECT_EQ(code_of(Queue().flush().get()), ErrorCode::kClosed);
}

TEST_F(QueueTest, AFunctionCannotCommitWhatIsNotItsOwn) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const auto queued = profile.queue().write([store](Writer& writer) -> Result<int> {
    KIST_TRY(writer.put(store, "k", ValueView::u64(1)));
    writer.abort();
    const Result<std::uint64_t> committed = writer.commit();
    EXPECT_TRUE(failed_with(committed, ErrorCode::kMisuse, "committed by its queue"));
    // Its thread would wait for itself.
    EXPECT_EQ(code_of(store.put("l", ValueView::u64(1))), ErrorCode::kMisuse);
    KIST_ASSIGN(const Store made, writer.open_store("made"));
    KIST_TRY(writer.put(made, "k", ValueView::u64(2)));
    return 3;
  });
  EXPECT_EQ(must(queued.durable.get()), 3);
  EXPECT_EQ(must(must(profile.open_store("made", false)).get<std::uint64_t>("k")), 2U);
  EXPECT_TRUE(must(store.has("k")));
}

TEST_F(QueueTest, WhatHasNotBegunCanBeCancelled) {
  const Profile profile = open_lazy();
  const Store store = must(profile.open_store("s"));
  const Queue queue = profile.queue();
  Queued<> first;
  Queued<> second;
  Future<std::optional<Value>> read = Future<std::optional<Value>>::of(std::nullopt);
  {
    const Writer writer = must(profile.write());
    first = queue.put(store, "a", ValueView::u64(1));
    second = queue.put(store, "b", ValueView::u64(1));
    read = queue.get(store, "b");
    EXPECT_TRUE(second.durable.cancel());
    EXPECT_FALSE(second.committed.cancel());
    EXPECT_TRUE(read.cancel());
    EXPECT_EQ(code_of(second.committed.get()), ErrorCode::kCancelled);
    EXPECT_EQ(code_of(read.get()), ErrorCode::kCancelled);
  }
  must(first.committed.get());
  must(queue.flush().get());
  EXPECT_FALSE(first.durable.cancel());
  EXPECT_EQ(must(store.count()), 1U);
}

TEST_F(QueueTest, RelaxedWritesAreFlushedOnDemandOnly) {
  const Profile profile = open_lazy();
  const Store store = must(profile.open_store("s"));
  const Queue queue = profile.queue();
  const std::uint64_t flushes = must(profile.stats()).flushes;
  const Queued<> put = queue.put(store, "a", ValueView::u64(1));
  must(put.committed.get());
  EXPECT_FALSE(put.durable.wait_for(milliseconds(20)));
  EXPECT_EQ(must(profile.stats()).flushes, flushes);
  EXPECT_EQ(queue.stats().unflushed, 1U);
  must(queue.flush().get());
  EXPECT_TRUE(put.durable.ready());
  EXPECT_GT(must(profile.stats()).flushes, flushes);
  EXPECT_EQ(queue.stats().unflushed, 0U);
  must(queue.flush().get());
  // A durable one makes those before it durable, too.
  const Queued<> relaxed = queue.put(store, "b", ValueView::u64(1));
  must(queue.put(store, "c", ValueView::u64(1), Durability::kDurable).durable.get());
  EXPECT_TRUE(relaxed.durable.ready());
}

TEST_F(QueueTest, RelaxedWritesAreFlushedByTheirNumber) {
  const Profile profile = open_lazy({.flush_operations = 10});
  const Store store = must(profile.open_store("s"));
  const Queue queue = profile.queue();
  std::vector<Queued<>> puts;
  for (int i = 0; i < 10; ++i) puts.push_back(queue.put(store, "a", ValueView::i64(i)));
  for (const Queued<>& put : puts) must(put.durable.get());
}

TEST_F(QueueTest, RelaxedWritesAreFlushedByAge) {
  const Profile profile = open({.durability = Durability::kRelaxed, .flush_age = milliseconds(5)});
  const Store store = must(profile.open_store("s"));
  must(profile.queue().put(store, "a", ValueView::u64(1)).durable.get());
}

TEST_F(QueueTest, AFullQueueHoldsBackOrSaysSo) {
  const Profile profile = open_lazy({.queue_operations = 2});
  const Store store = must(profile.open_store("s"));
  const Queue hasty = profile.queue(milliseconds(0));
  std::vector<Queued<>> puts;
  {
    const Writer writer = must(profile.write());
    puts.push_back(hasty.put(store, "a", ValueView::u64(1)));
    puts.push_back(hasty.put(store, "b", ValueView::u64(1)));
    EXPECT_TRUE(failed_with(hasty.put(store, "c", ValueView::u64(1)).committed.get(),
                            ErrorCode::kBusy, "2 writes"));
    EXPECT_EQ(
        code_of(profile.queue(milliseconds(2)).put(store, "c", ValueView::u64(1)).durable.get()),
        ErrorCode::kTimedOut);
    EXPECT_EQ(hasty.stats().waiting, 2U);
  }
  for (const Queued<>& put : puts) must(put.committed.get());
  // One that waits goes on when there is room.
  const Queue patient = profile.queue();
  for (int i = 0; i < 50; ++i) puts.push_back(patient.put(store, "n", ValueView::i64(i)));
  must(patient.flush().get());
  EXPECT_EQ(must(store.get<std::int64_t>("n")), 49);
}

TEST_F(QueueTest, CompletionsMayQueueButNotWait) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const Queue queue = profile.queue();
  std::latch done(2);
  queue.put(store, "a", ValueView::u64(1)).committed.then([&](const Result<void>&) {
    const Queued<> next = queue.put(store, "b", ValueView::u64(1));
    EXPECT_EQ(code_of(next.durable.get()), ErrorCode::kMisuse);
    EXPECT_EQ(code_of(Manager::instance().shutdown(milliseconds(0))), ErrorCode::kMisuse);
    next.durable.then([&](const Result<void>& result) {
      EXPECT_TRUE(result.has_value());
      done.count_down();
    });
    done.count_down();
  });
  done.wait();
  EXPECT_EQ(must(store.count()), 2U);
}

Future<std::uint64_t> move_one(Queue queue, Store from, Store to) {
  Result<std::optional<Value>> found = co_await queue.get(from, "k");
  if (!found) co_return std::unexpected(found.error());
  Result<void> put = co_await queue.put(to, "k", **found).committed;
  if (!put) co_return std::unexpected(put.error());
  Result<bool> erased = co_await queue.erase(from, "k").durable;
  if (!erased) co_return std::unexpected(erased.error());
  co_return (*found)->as<std::uint64_t>();
}

TEST_F(QueueTest, CoroutinesReadAsTheyHappen) {
  const Profile profile = open();
  const Store a = must(profile.open_store("a"));
  const Store b = must(profile.open_store("b"));
  must(a.put("k", ValueView::u64(7)));
  EXPECT_EQ(must(move_one(profile.queue(), a, b).get()), 7U);
  EXPECT_FALSE(must(a.has("k")));
  EXPECT_TRUE(must(b.has("k")));
}

TEST_F(QueueTest, ReadsRunFunctionsOverOneSnapshot) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const Queue queue = profile.queue();
  queue.put(store, "a", ValueView::u64(1));
  queue.put(store, "b", ValueView::u64(2));
  const auto sum = queue.read([store](Reader& reader) -> Result<std::uint64_t> {
    KIST_ASSIGN(const std::uint64_t a, reader.get_or<std::uint64_t>(store, "a", 0));
    KIST_ASSIGN(const std::uint64_t b, reader.get_or<std::uint64_t>(store, "b", 0));
    return a + b;
  });
  EXPECT_EQ(must(sum.get()), 3U);
  const auto thrown =
      queue.read([](Reader&) -> Result<int> { throw std::runtime_error("in a read"); });
  EXPECT_TRUE(failed_with(thrown.get(), ErrorCode::kInternal, "in a read"));
}

TEST_F(QueueTest, CloseFinishesWhatIsQueued) {
  const Profile profile = open_lazy();
  const Profile other = open_lazy();
  const Store store = must(profile.open_store("s"));
  const Queue queue = profile.queue();
  std::vector<Queued<>> puts;
  std::atomic<int> told{0};
  for (int i = 0; i < 200; ++i) {
    puts.push_back(queue.put(store, std::to_string(i), ValueView::i64(i)));
    puts.back().durable.then([&told](const Result<void>&) { ++told; });
  }
  must(profile.close());
  EXPECT_EQ(told, 200);
  for (const Queued<>& put : puts) EXPECT_TRUE(put.durable.ready());
  EXPECT_EQ(code_of(queue.put(store, "k", ValueView::u64(1)).committed.get()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(queue.get(store, "k").get()), ErrorCode::kClosed);
  EXPECT_EQ(must(must(other.open_store("s")).count()), 200U);
  must(other.close());
  EXPECT_EQ(Manager::instance().open_profiles(), 0U);
}

TEST_F(QueueTest, TheLastHandleMayGoInACompletion) {
  std::latch gone(1);
  {
    Profile profile = open();
    const Store store = must(profile.open_store("s"));
    Queue queue = profile.queue();
    const auto queued = queue.put(store, "k", ValueView::u64(1));
    queued.durable.then([profile = std::move(profile), store, queue = std::move(queue),
                         &gone](const Result<void>&) mutable {
      EXPECT_TRUE(profile.close().has_value());
      gone.count_down();
    });
  }
  gone.wait();
  while (Manager::instance().open_profiles() != 0) std::this_thread::yield();
}

TEST_F(QueueTest, AForkedChildStartsAnew) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const Queue queue = profile.queue();
  must(queue.put(store, "parent", ValueView::u64(1)).durable.get());
  test::ChildProcess child([&] {
    if (code_of(queue.put(store, "k", ValueView::u64(1)).committed.get()) != ErrorCode::kForked) {
      return 1;
    }
    if (code_of(queue.get(store, "k").get()) != ErrorCode::kForked) return 2;
    if (code_of(queue.flush().get()) != ErrorCode::kForked) return 3;
    const Profile again = open();
    const Store mine = must(again.open_store("s"));
    must(again.queue().put(mine, "child", ValueView::u64(2)).durable.get());
    if (must(again.queue().get(mine, "parent").get()) != Value::u64(1)) return 4;
    must(again.close());
    return 0;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(must(queue.get(store, "child").get()), Value::u64(2));
}

class ConcurrentQueueTest : public test::ProfileTest {};

TEST_F(ConcurrentQueueTest, FourTimesFiveHundredPutsKeepAllKeys) {
  const Profile profile = open({.queue_operations = 64});
  const Store store = must(profile.open_store("s"));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      const Queue queue = profile.queue();
      std::vector<Queued<>> puts;
      for (int i = 0; i < 500; ++i) {
        puts.push_back(queue.put(store, std::to_string(thread * 500 + i), ValueView::i64(i)));
        if (i % 50 == 0) {
          EXPECT_EQ(must(queue.get(store, std::to_string(thread * 500 + i)).get()), Value::i64(i));
        }
      }
      for (const Queued<>& put : puts) must(put.durable.get());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(must(store.count()), 2000U);
}

TEST_F(ConcurrentQueueTest, CountersCancellationsAndClosesDoNotDisturbEachOther) {
  std::int64_t expected = 0;
  std::mutex mutex;
  for (int round = 0; round < 5; ++round) {
    const Profile profile =
        open({.durability = Durability::kRelaxed, .flush_age = milliseconds(1)});
    const Store store = must(profile.open_store("s"));
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&, thread] {
        const Queue queue = profile.queue();
        std::int64_t mine = 0;
        for (int i = 0; i < 100; ++i) {
          const Queued<Value> added = queue.add(store, "n");
          if (i % 3 == thread) added.committed.cancel();
          const Result<Value> result = i % 7 == 0 ? added.durable.get() : added.committed.get();
          if (result) ++mine;
          if (!result && result.error().code == ErrorCode::kClosed) break;
        }
        const std::lock_guard lock(mutex);
        expected += mine;
      });
    }
    if (round % 2 == 1) must(profile.close());
    for (std::thread& thread : threads) thread.join();
  }
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  EXPECT_EQ(must(store.get_or<std::int64_t>("n", 0)), expected);
}

}  // namespace
}  // namespace kist
