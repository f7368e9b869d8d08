#include <atomic>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/call_counter.h"
#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

// A write transaction that commits and goes on, writing or reading.
using ContinueTest = StoreTest;

TEST_F(ContinueTest, CommitAndContinue) {
  const Database database = open();
  const Table table = must(database.table("table"));
  WriteTxn txn = must(database.write());
  const std::uint64_t before = txn.id();
  must(txn.create_table(table));
  std::uint64_t last = before;
  for (int i = 0; i < 200; ++i) {
    const std::string key = std::to_string(i);
    must(txn.put({}, as_bytes(key), as_bytes("value")));
    must(txn.put(table, as_bytes(key), as_bytes(std::string(1000, 'v'))));
    const std::uint64_t id = must(txn.commit_and_continue(Durability::kRelaxed));
    EXPECT_GT(id, last);
    EXPECT_EQ(txn.id(), id);
    EXPECT_EQ(must(txn.lag()), 0U);
    last = id;
    EXPECT_EQ(must(database.read()).id(), id);
    EXPECT_EQ(get(database, key), "value");
    EXPECT_EQ(must(txn.count(table)), static_cast<std::uint64_t>(i + 1));
    EXPECT_TRUE(fails(database.write(kNoWait), ErrorCode::kBusy)) << "still the writer";
    EXPECT_TRUE(fails(database.write(), ErrorCode::kMisuse));
  }
  // Nothing new: the same snapshot, made durable when that is asked for.
  EXPECT_EQ(must(txn.commit_and_continue(Durability::kRelaxed)), last);
  EXPECT_EQ(must(txn.commit_and_continue(Durability::kDurable)), last);
  must(txn.put({}, as_bytes("forgotten"), {}));
  txn.abort();
  EXPECT_TRUE(fails(txn.commit_and_continue(), ErrorCode::kTransactionEnded));
  EXPECT_EQ(must(database.stats()).durable_id, last);
  EXPECT_EQ(get(database, "forgotten"), std::nullopt);
  EXPECT_TRUE(ok(database.write()));
  expect_clean(database);
}

TEST_F(ContinueTest, OtherProcessesSeeEachCommit) {
  const Database database = open();
  Signal committed;
  Signal seen;
  ChildProcess child([&] {
    const Database mine = must(Database::open(path()));
    ReadTxn txn = must(mine.read());
    seen.send();
    for (int i = 0; i < 5; ++i) {
      committed.wait();
      require(must(txn.renew()), "no new snapshot");
      require(get(txn, "a") == std::to_string(i), "another value");
      require(fails(mine.write(kNoWait), ErrorCode::kBusy), "the writer's place was given up");
      seen.send();
    }
    return 0;
  });
  seen.wait();
  WriteTxn txn = must(database.write());
  for (int i = 0; i < 5; ++i) {
    must(txn.put({}, as_bytes("a"), as_bytes(std::to_string(i))));
    must(txn.commit_and_continue());
    committed.send();
    seen.wait();
  }
  EXPECT_EQ(child.wait(), 0);
  txn.abort();
  expect_clean(database);
}

TEST_F(ContinueTest, SpaceOfEarlierCommitsIsReused) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  for (int i = 0; i < 300; ++i) {
    // Some of it pending in memory, some written at once.
    const std::size_t size = i % 10 == 0 ? 1'500'000 : 20'000;
    must(txn.put({}, as_bytes("key"), as_bytes(std::string(size, static_cast<char>(i)))));
    must(txn.commit_and_continue(Durability::kRelaxed));
  }
  txn.abort();
  // Pins are looked at anew each time; a relaxed head keeps the last durable one.
  EXPECT_LT(must(database.stats()).file_pages, 3000U);
  expect_clean(database);
}

TEST_F(ContinueTest, AReaderKeepsItsSnapshotMeanwhile) {
  const Database database = open();
  put(database, "key", std::string(50'000, 'x'));
  const ReadTxn reader = must(database.read());
  WriteTxn txn = must(database.write());
  for (int i = 0; i < 30; ++i) {
    must(txn.put({}, as_bytes("key"), as_bytes(std::string(50'000, static_cast<char>(i)))));
    must(txn.commit_and_continue());
  }
  EXPECT_EQ(get(reader, "key"), std::string(50'000, 'x'));
  txn.abort();
  expect_clean(database);
}

TEST_F(ContinueTest, AFailedCommitEndsTheTransaction) {
  CallCounter calls;
  Database database = open({.page_size = {}, .observer = &calls});
  put(database, "a", "1");
  {
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes("a"), as_bytes(std::string(900'000, 'x'))));
    calls.fail(Call::Kind::kAllocate, ENOSPC);
    EXPECT_TRUE(fails(txn.commit_and_continue(), ErrorCode::kNoSpace));
    EXPECT_TRUE(fails(txn.put({}, as_bytes("a"), {}), ErrorCode::kTransactionEnded));
    calls.stop_failing();
    EXPECT_TRUE(ok(database.write(kNoWait))) << "the writer's place was given back";
    txn = must(database.write());
    must(txn.put({}, as_bytes("a"), as_bytes(std::string(900'000, 'x'))));
    calls.fail(Call::Kind::kAllocate, ENOSPC);
    EXPECT_TRUE(fails(txn.commit_and_read(), ErrorCode::kNoSpace));
    EXPECT_TRUE(fails(txn.commit_and_read(), ErrorCode::kTransactionEnded));
    calls.stop_failing();
    EXPECT_EQ(get(database, "a"), "1");
  }
  {
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes("a"), as_bytes("2")));
    calls.fail(Call::Kind::kFlush, EIO);
    EXPECT_TRUE(fails(txn.commit_and_continue(), ErrorCode::kIo));
    EXPECT_TRUE(fails(txn.get({}, as_bytes("a")), ErrorCode::kTransactionEnded));
    calls.stop_failing();
    EXPECT_TRUE(fails(database.write(), ErrorCode::kLatched));
  }
  must(database.close());
  database = open({.page_size = {}, .observer = &calls});
  expect_clean(database);
}

TEST_F(ContinueTest, CommitAndRead) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("a"), as_bytes("1")));
  Cursor cursor = must(txn.cursor({}));
  ReadTxn reader = must(txn.commit_and_read());
  EXPECT_EQ(get(reader, "a"), "1");
  EXPECT_EQ(must(reader.lag()), 0U);
  EXPECT_TRUE(fails(txn.get({}, as_bytes("a")), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(cursor.first(), ErrorCode::kTransactionEnded));
  const std::uint64_t id = put(database, "a", "2");
  EXPECT_EQ(get(reader, "a"), "1");
  EXPECT_GE(must(reader.lag()), 1U);
  EXPECT_LT(reader.id(), id);
  // Without a change: what it started from.
  txn = must(database.write());
  reader = must(txn.commit_and_read());
  EXPECT_EQ(reader.id(), id);
  EXPECT_EQ(get(reader, "a"), "2");
  expect_clean(database);
}

TEST_F(ContinueTest, ANestedTransactionCannotGoOn) {
  const Database database = open();
  WriteTxn outer = must(database.write());
  must(outer.put({}, as_bytes("a"), as_bytes("1")));
  {
    WriteTxn inner = must(outer.nested());
    EXPECT_TRUE(fails(inner.commit_and_continue(), ErrorCode::kMisuse));
    EXPECT_TRUE(fails(inner.commit_and_read(), ErrorCode::kMisuse));
    EXPECT_TRUE(fails(outer.commit_and_continue(), ErrorCode::kMisuse)) << "one is nested in it";
    EXPECT_TRUE(fails(outer.commit_and_read(), ErrorCode::kMisuse));
    EXPECT_TRUE(fails(outer.sequence({}), ErrorCode::kMisuse));
    EXPECT_TRUE(fails(outer.lag(), ErrorCode::kMisuse));
    must(inner.put({}, as_bytes("b"), as_bytes("2")));
    must(inner.advance_sequence({}, 5));
  }
  EXPECT_EQ(must(outer.sequence({})), 0U) << "undone with the rest";
  must(outer.advance_sequence({}, 3));
  const engine::Savepoint savepoint = must(outer.savepoint());
  must(outer.advance_sequence({}, 4));
  must(outer.rollback_to(savepoint));
  EXPECT_EQ(must(outer.sequence({})), 3U);
  must(outer.commit_and_continue());
  EXPECT_TRUE(fails(outer.rollback_to(savepoint), ErrorCode::kMisuse)) << "of the one before";
  EXPECT_EQ(get(outer, "a"), "1");
  EXPECT_EQ(get(outer, "b"), std::nullopt);
  {
    WriteTxn inner = must(outer.nested());
    must(inner.put({}, as_bytes("b"), as_bytes("3")));
    must(inner.commit());
  }
  const ReadTxn reader = must(outer.commit_and_read());
  EXPECT_EQ(get(reader, "b"), "3");
  EXPECT_EQ(must(reader.sequence({})), 3U);
  expect_clean(database);
}

TEST_F(ContinueTest, AllEndedCallsSaySo) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  WriteTxn moved = std::move(txn);
  moved.abort();
  for (WriteTxn* ended : {&txn, &moved}) {  // NOLINT(bugprone-use-after-move)
    EXPECT_TRUE(fails(ended->put({}, {}, {}), ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(ended->erase({}, {}), ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(ended->erase_pair({}, {}, {}), ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(ended->replace({}, {}, {}), ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(ended->take({}, {}), ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(ended->compare_and_set({}, {}, std::nullopt, std::nullopt),
                      ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(ended->clear({}), ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(ended->advance_sequence({}), ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(ended->sequence({}), ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(ended->lag(), ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(ended->commit(), ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(ended->commit_and_continue(), ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(ended->commit_and_read(), ErrorCode::kTransactionEnded));
    EXPECT_FALSE(ended->outlives_writes({}));
    EXPECT_EQ(ended->id(), 0U);
    ended->abort();
  }
}

using ConcurrentContinueTest = StoreTest;

// Nobody may commit between a commit and the pin of what was committed: the reader must see exactly
// its own transaction's number, whoever else writes.
TEST_F(ConcurrentContinueTest, WhatWasCommittedIsPinnedBeforeAnybodyCommitsOverIt) {
  const Database database = open();
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 60; ++i) {
        const std::string mine = std::to_string(t) + " " + std::to_string(i);
        WriteTxn txn = must(database.write());
        must(txn.put({}, as_bytes("who"), as_bytes(mine)));
        must(txn.put({}, as_bytes("large"), as_bytes(std::string(9000, static_cast<char>(i)))));
        const ReadTxn reader = must(txn.commit_and_read(Durability::kRelaxed));
        if (get(reader, "who") != mine) ++failures;
        const ReadTxn clone = must(reader.clone());
        if (get(clone, "large") != std::string(9000, static_cast<char>(i))) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures.load(), 0);
  expect_clean(database);
}

// A clone is pinned at every moment from the source's pin to its own end, however short-lived the
// source is and whatever is written over.
TEST_F(ConcurrentContinueTest, ClonesArePinnedAcrossThreads) {
  const Database database = open();
  put(database, "large", std::string(9000, 'a'));
  std::atomic<bool> stop{false};
  std::atomic<int> failures{0};
  std::thread writer([&] {
    for (int i = 0; !stop.load(); ++i) {
      WriteTxn txn = must(database.write());
      must(txn.put({}, as_bytes("large"), as_bytes(std::string(9000, static_cast<char>(i)))));
      must(txn.commit(Durability::kRelaxed));
    }
  });
  std::vector<std::thread> readers;
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        std::optional<ReadTxn> txn = must(database.read());
        for (int hop = 0; hop < 4; ++hop) {
          std::optional<ReadTxn> next = must(txn->clone());
          txn = std::move(next);
          const std::optional<std::string> value = get(*txn, "large");
          if (!value || *value != std::string(9000, value->front())) ++failures;
          if (hop == 2) must(txn->renew());
        }
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  stop = true;
  writer.join();
  EXPECT_EQ(failures.load(), 0);
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
