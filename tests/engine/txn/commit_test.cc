#include <cerrno>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/call_counter.h"
#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using CommitTest = StoreTest;

TEST_F(CommitTest, PutGetErase) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  EXPECT_FALSE(get(txn, "a"));
  EXPECT_TRUE(must(txn.put({}, as_bytes("a"), as_bytes("1"))));
  EXPECT_EQ(get(txn, "a"), "1");
  EXPECT_TRUE(must(txn.contains({}, as_bytes("a"))));
  EXPECT_TRUE(must(txn.put({}, as_bytes("a"), as_bytes("2"))));
  EXPECT_EQ(get(txn, "a"), "2");
  EXPECT_EQ(must(txn.count({})), 1U);
  EXPECT_TRUE(must(txn.erase({}, as_bytes("a"))));
  EXPECT_FALSE(must(txn.erase({}, as_bytes("a"))));
  EXPECT_FALSE(must(txn.contains({}, as_bytes("a"))));
  EXPECT_EQ(must(txn.count({})), 0U);
  must(txn.commit());
  expect_clean(database);
}

TEST_F(CommitTest, EmptyKeysAndValuesAreRecordsLikeOthers) {
  const Database database = open();
  put(database, "", "value of the empty key");
  put(database, "empty value", "");
  EXPECT_EQ(get(database, ""), "value of the empty key");
  EXPECT_EQ(get(database, "empty value"), "");
  put(database, "", "");
  const ReadTxn txn = must(database.read());
  EXPECT_EQ(get(txn, ""), "");
  Cursor cursor = must(txn.cursor({}));
  EXPECT_TRUE(must(cursor.first()));
  EXPECT_TRUE(cursor.key().empty());
  EXPECT_TRUE(must(cursor.value()).empty());
  EXPECT_TRUE(must(cursor.seek_exact({})));
  expect_clean(database);
}

TEST_F(CommitTest, ModesOfPut) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  EXPECT_FALSE(must(txn.put({}, as_bytes("a"), as_bytes("0"), PutMode::kIfPresent)));
  EXPECT_FALSE(get(txn, "a"));
  EXPECT_TRUE(must(txn.put({}, as_bytes("a"), as_bytes("1"), PutMode::kIfAbsent)));
  EXPECT_FALSE(must(txn.put({}, as_bytes("a"), as_bytes("2"), PutMode::kIfAbsent)));
  EXPECT_EQ(get(txn, "a"), "1");
  EXPECT_TRUE(must(txn.put({}, as_bytes("a"), as_bytes("3"), PutMode::kIfPresent)));
  EXPECT_EQ(get(txn, "a"), "3");
  must(txn.commit());
  expect_clean(database);
}

TEST_F(CommitTest, CompareAndSet) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  const Bytes a = as_bytes("a");
  EXPECT_FALSE(must(txn.compare_and_set({}, a, as_bytes("1"), as_bytes("2"))));
  EXPECT_TRUE(must(txn.compare_and_set({}, a, std::nullopt, as_bytes("1"))));
  EXPECT_FALSE(must(txn.compare_and_set({}, a, std::nullopt, as_bytes("2"))));
  EXPECT_FALSE(must(txn.compare_and_set({}, a, as_bytes("x"), as_bytes("2"))));
  EXPECT_EQ(get(txn, "a"), "1");
  EXPECT_TRUE(must(txn.compare_and_set({}, a, as_bytes("1"), as_bytes("2"))));
  EXPECT_EQ(get(txn, "a"), "2");
  EXPECT_TRUE(must(txn.compare_and_set({}, a, as_bytes("2"), std::nullopt)));
  EXPECT_FALSE(get(txn, "a"));
  EXPECT_TRUE(must(txn.compare_and_set({}, a, std::nullopt, std::nullopt)));
  // An empty value is a value.
  EXPECT_TRUE(must(txn.compare_and_set({}, a, std::nullopt, Bytes{})));
  EXPECT_FALSE(must(txn.compare_and_set({}, a, std::nullopt, as_bytes("2"))));
  must(txn.commit());
  expect_clean(database);
}

TEST_F(CommitTest, CompareAndSetOfLargeValues) {
  const Database database = open();
  const std::string old_value(70000, 'o');
  const std::string new_value(200000, 'n');
  put(database, "a", old_value);
  WriteTxn txn = must(database.write());
  const Bytes a = as_bytes("a");
  EXPECT_FALSE(must(txn.compare_and_set({}, a, as_bytes(new_value), as_bytes("2"))));
  EXPECT_TRUE(must(txn.compare_and_set({}, a, as_bytes(old_value), as_bytes(new_value))));
  EXPECT_TRUE(must(txn.erase_if_equal({}, a, as_bytes(new_value))));
  must(txn.commit());
  expect_clean(database);
}

TEST_F(CommitTest, ReplaceEraseIfEqualTake) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  const Bytes a = as_bytes("a");
  EXPECT_EQ(must(txn.replace({}, a, as_bytes("1"))), std::nullopt);
  EXPECT_EQ(must(txn.replace({}, a, as_bytes("2"))), "1");
  EXPECT_FALSE(must(txn.erase_if_equal({}, a, as_bytes("1"))));
  EXPECT_EQ(get(txn, "a"), "2");
  EXPECT_TRUE(must(txn.erase_if_equal({}, a, as_bytes("2"))));
  EXPECT_FALSE(must(txn.erase_if_equal({}, a, as_bytes("2"))));
  EXPECT_EQ(must(txn.take({}, a)), std::nullopt);
  must(txn.put({}, a, as_bytes("3")));
  EXPECT_EQ(must(txn.take({}, a)), "3");
  EXPECT_FALSE(get(txn, "a"));
  must(txn.commit());
  expect_clean(database);
}

TEST_F(CommitTest, ValuesMayComeFromTheTransactionItself) {
  const Database database = open();
  const std::string large(9000, 'l');
  put(database, "small", "from the page");
  put(database, "large", large);
  WriteTxn txn = must(database.write());
  for (int i = 0; i < 200; ++i) {
    const std::string name = std::to_string(i);
    must(txn.put({}, as_bytes("small copy " + name), **txn.get({}, as_bytes("small"))));
    must(txn.put({}, as_bytes("large copy " + name), **txn.get({}, as_bytes("large"))));
  }
  must(txn.put({}, as_bytes("small"), **txn.get({}, as_bytes("small"))));
  must(txn.put({}, as_bytes("large"), **txn.get({}, as_bytes("large"))));
  must(txn.commit());
  for (int i = 0; i < 200; ++i) {
    const std::string name = std::to_string(i);
    EXPECT_EQ(get(database, "small copy " + name), "from the page");
    EXPECT_EQ(get(database, "large copy " + name), large);
  }
  EXPECT_EQ(get(database, "small"), "from the page");
  EXPECT_EQ(get(database, "large"), large);
  expect_clean(database);
}

TEST_F(CommitTest, AbortForgetsEverything) {
  const Database database = open();
  put(database, "a", "1");
  const std::uint64_t id = must(database.read()).id();
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("a"), as_bytes("2")));
  must(txn.put({}, as_bytes("large"), as_bytes(std::string(100000, 'x'))));
  txn.abort();
  {
    WriteTxn destroyed = must(database.write());
    must(destroyed.erase({}, as_bytes("a")));
  }
  EXPECT_EQ(get(database, "a"), "1");
  EXPECT_EQ(must(must(database.read()).count({})), 1U);
  EXPECT_EQ(must(database.read()).id(), id);
  put(database, "b", "2");
  expect_clean(database);
}

TEST_F(CommitTest, IdsGrow) {
  const Database database = open();
  std::uint64_t last = must(database.read()).id();
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t id = put(database, "a", std::to_string(i));
    EXPECT_GT(id, last);
    EXPECT_EQ(must(database.read()).id(), id);
    last = id;
  }
  expect_clean(database);
}

TEST_F(CommitTest, IdsGrowAcrossReopening) {
  std::uint64_t last = 0;
  for (int i = 0; i < 5; ++i) {
    const Database database = open();
    const std::uint64_t id = put(database, "a", std::to_string(i));
    EXPECT_GT(id, last);
    last = id;
  }
}

TEST_F(CommitTest, CommitWithoutChangesKeepsTheId) {
  const Database database = open();
  const std::uint64_t id = put(database, "a", "1");
  EXPECT_EQ(must(must(database.write()).commit()), id);
  EXPECT_EQ(must(database.read()).id(), id);
}

TEST_F(CommitTest, ReadersKeepTheirSnapshot) {
  const Database database = open({.page_size = 512});
  std::vector<ReadTxn> readers;
  const std::string filler(300, 'f');
  for (int i = 0; i < 50; ++i) {
    WriteTxn txn = must(database.write());
    for (int key = 0; key < 40; ++key) {
      const std::string value = std::to_string(i) + (key % 3 == 0 ? filler : "");
      must(txn.put({}, as_bytes("key " + std::to_string(key)), as_bytes(value)));
    }
    must(txn.erase({}, as_bytes("key " + std::to_string((i + 39) % 40))));
    must(txn.commit());
    readers.push_back(must(database.read()));
  }
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(must(readers[static_cast<std::size_t>(i)].count({})), 39U);
    for (int key = 0; key < 40; ++key) {
      const auto value = get(readers[static_cast<std::size_t>(i)], "key " + std::to_string(key));
      if (key == (i + 39) % 40) {
        EXPECT_FALSE(value) << i << " " << key;
      } else {
        EXPECT_EQ(value, std::to_string(i) + (key % 3 == 0 ? filler : "")) << i << " " << key;
      }
    }
  }
  readers.clear();
  put(database, "last", "one");
  expect_clean(database);
}

TEST_F(CommitTest, EndedTransactionsRefuse) {
  const Database database = open();
  put(database, "a", "1");
  ReadTxn reader = must(database.read());
  reader.end();
  EXPECT_TRUE(fails(reader.get({}, as_bytes("a")), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(reader.cursor({}), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(reader.count({}), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(reader.table_names(), ErrorCode::kTransactionEnded));
  reader.end();

  WriteTxn writer = must(database.write());
  must(writer.put({}, as_bytes("a"), as_bytes("2")));
  must(writer.commit());
  EXPECT_TRUE(fails(writer.get({}, as_bytes("a")), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(writer.put({}, as_bytes("a"), as_bytes("3")), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(writer.erase({}, as_bytes("a")), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(writer.commit(), ErrorCode::kTransactionEnded));
  writer.abort();

  WriteTxn aborted = must(database.write());
  aborted.abort();
  EXPECT_TRUE(fails(aborted.put({}, as_bytes("a"), as_bytes("3")), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(aborted.clear({}), ErrorCode::kTransactionEnded));
  EXPECT_EQ(get(database, "a"), "2");
}

TEST_F(CommitTest, MovedFromTransactionsRefuse) {
  const Database database = open();
  WriteTxn first = must(database.write());
  must(first.put({}, as_bytes("a"), as_bytes("1")));
  WriteTxn second = std::move(first);
  must(second.commit());
  EXPECT_EQ(get(database, "a"), "1");
}

TEST_F(CommitTest, SecondWriterWaitsAsLongAsToldTo) {
  const Database database = open();
  std::optional<WriteTxn> first = must(database.write());
  EXPECT_TRUE(fails(database.write(kNoWait), ErrorCode::kBusy));
  EXPECT_TRUE(fails(database.write(std::chrono::milliseconds(20)), ErrorCode::kTimedOut));
  first->abort();
  EXPECT_TRUE(ok(database.write(kNoWait)));
  first = must(database.write());
  first.reset();
  EXPECT_TRUE(ok(database.write(kNoWait)));
}

TEST_F(CommitTest, WriterOfAnotherProcessIsRespected) {
  const Database database = open();
  Signal locked;
  Signal release;
  ChildProcess child([&] {
    const Database other = must(Database::open(path()));
    WriteTxn txn = must(other.write());
    must(txn.put({}, as_bytes("from"), as_bytes("the child")));
    locked.send();
    release.wait();
    must(txn.commit());
    return 0;
  });
  locked.wait();
  EXPECT_TRUE(fails(database.write(kNoWait), ErrorCode::kBusy));
  EXPECT_TRUE(fails(database.write(std::chrono::milliseconds(20)), ErrorCode::kTimedOut));
  release.send();
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(get(database, "from"), "the child");
  put(database, "a", "1");
  expect_clean(database);
}

TEST_F(CommitTest, RelaxedCommitsBecomeDurableWithSync) {
  CallCounter calls;
  const Database database = open({.page_size = {}, .observer = &calls});
  for (int i = 0; i < 20; ++i) put(database, "a", std::to_string(100 + i));
  const std::uint64_t durable = must(database.stats()).durable_id;
  calls.reset();
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("a"), as_bytes("1")));
  const std::uint64_t id = must(txn.commit(Durability::kRelaxed));
  EXPECT_EQ(calls.count(Call::Kind::kFlush), 0);
  EXPECT_EQ(get(database, "a"), "1");
  EXPECT_EQ(must(database.stats()).durable_id, durable);
  EXPECT_EQ(must(database.stats()).transaction_id, id);
  must(database.sync());
  EXPECT_GE(calls.count(Call::Kind::kFlush), 1);
  EXPECT_EQ(must(database.stats()).durable_id, must(database.stats()).transaction_id);
  expect_clean(database);
}

TEST_F(CommitTest, EmptyDurableCommitVouchesForRelaxedOnes) {
  const Database database = open({.page_size = {}, .durability = Durability::kRelaxed});
  put(database, "a", "1");
  EXPECT_LT(must(database.stats()).durable_id, must(database.stats()).transaction_id);
  WriteTxn txn = must(database.write());
  must(txn.commit(Durability::kDurable));
  EXPECT_EQ(must(database.stats()).durable_id, must(database.stats()).transaction_id);
  EXPECT_EQ(get(database, "a"), "1");
  expect_clean(database);
}

class FailureTest : public StoreTest, public testing::WithParamInterface<Call::Kind> {};

TEST_P(FailureTest, AFailedCallLatchesTheEnvironmentUntilItIsReopened) {
  CallCounter calls;
  {
    Database database = open({.page_size = {}, .observer = &calls});
    put(database, "a", "1");
    calls.fail(GetParam(), EIO);
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes("a"), as_bytes("2")));
    const auto failed = txn.commit();
    ASSERT_FALSE(failed.has_value());
    EXPECT_TRUE(failed.error().code == ErrorCode::kIo || failed.error().code == ErrorCode::kLatched)
        << failed.error().message;
    EXPECT_EQ(get(database, "a"), "1");
    calls.stop_failing();
    const auto writer = database.write();
    EXPECT_TRUE(fails(writer, ErrorCode::kLatched));
    EXPECT_EQ(get(database, "a"), "1");
    static_cast<void>(database.close());
  }
  const Database database = open();
  // The failed commit was not acknowledged: it may be there or not, but whole.
  const auto value = get(database, "a");
  EXPECT_TRUE(value == "1" || value == "2") << value.value_or("nothing");
  put(database, "a", "3");
  EXPECT_EQ(get(database, "a"), "3");
  expect_clean(database);
}

INSTANTIATE_TEST_SUITE_P(Kinds, FailureTest,
                         testing::Values(Call::Kind::kWrite, Call::Kind::kFlush));

TEST_F(CommitTest, AFullDiskFailsTheCommitAndNothingElse) {
  CallCounter calls;
  const Database database = open({.page_size = {}, .observer = &calls});
  put(database, "a", "1");
  calls.fail(Call::Kind::kAllocate, ENOSPC);
  WriteTxn txn = must(database.write());
  for (int i = 0; i < 20; ++i) {
    must(txn.put({}, as_bytes("large " + std::to_string(i)), as_bytes(std::string(100000, 'x'))));
  }
  EXPECT_TRUE(fails(txn.commit(), ErrorCode::kNoSpace));
  // Values that do not wait for the commit fail at once.
  txn = must(database.write());
  EXPECT_TRUE(fails(txn.put({}, as_bytes("large"), as_bytes(std::string(2000000, 'x'))),
                    ErrorCode::kNoSpace));
  txn.abort();
  calls.stop_failing();
  EXPECT_EQ(get(database, "a"), "1");
  EXPECT_EQ(must(must(database.read()).count({})), 1U);
  put(database, "large", std::string(2000000, 'y'));
  EXPECT_EQ(get(database, "large"), std::string(2000000, 'y'));
  expect_clean(database);
}

TEST_F(CommitTest, TransactionsMoveBetweenThreads) {
  const Database database = open();
  WriteTxn writer = must(database.write());
  std::thread([&] { must(writer.put({}, as_bytes("a"), as_bytes("1"))); }).join();
  std::thread([&] { must(writer.commit()); }).join();
  ReadTxn reader = must(database.read());
  std::thread([&, moved = std::move(reader)] { EXPECT_EQ(get(moved, "a"), "1"); }).join();
  std::thread([&] { put(database, "b", "2"); }).join();
  put(database, "c", "3");
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
