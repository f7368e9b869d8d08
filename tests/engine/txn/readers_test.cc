// The list of readers; parked and ousted ones; the slow-reader callback.

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::IfOusted;
using engine::Reader;
using engine::SlowReader;
using engine::SlowReaderAnswer;
using engine::SpaceShortage;
using engine::Unparked;

class ReadersTest : public StoreTest {
 protected:
  static constexpr int kValues = 50;
  static void rewrite(const Database& database, int generation) {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < kValues; ++i) {
      const std::string value = std::to_string(generation) + std::string(3000, 'v');
      must(txn.put({}, as_bytes("key " + std::to_string(i)), as_bytes(value)));
    }
    must(txn.commit(Durability::kRelaxed));
  }
  static void expect_generation(const Txn& txn, int generation) {
    for (int i = 0; i < kValues; ++i) {
      EXPECT_EQ(get(txn, "key " + std::to_string(i)),
                std::to_string(generation) + std::string(3000, 'v'));
    }
  }
  static Reader only(const Database& database) {
    const std::vector<Reader> readers = must(database.readers());
    require(readers.size() == 1, std::to_string(readers.size()) + " readers, expected one");
    return readers.front();
  }
};

TEST_F(ReadersTest, TheListNamesProcessSnapshotLagAndWhatIsHeld) {
  const Database database = open();
  EXPECT_TRUE(must(database.readers()).empty());
  rewrite(database, 0);
  must(database.sync());
  const ReadTxn old = must(database.read());
  Reader reader = only(database);
  EXPECT_EQ(reader.snapshot, old.id());
  EXPECT_EQ(reader.lag, 0U);
  EXPECT_EQ(reader.process, static_cast<std::uint64_t>(::getpid()));
  EXPECT_LT(reader.age, std::chrono::minutes(5));
  EXPECT_FALSE(reader.parked);
  EXPECT_EQ(reader.pages_held, 0U);

  rewrite(database, 1);
  rewrite(database, 2);
  must(database.sync());
  reader = only(database);
  EXPECT_EQ(reader.lag, 2U);
  EXPECT_GE(reader.pages_held, static_cast<std::uint64_t>(kValues) / 2);
  EXPECT_LE(reader.pages_held, 2U * kValues);
  EXPECT_EQ(reader.pages_held_alone, reader.pages_held);

  // A second reader of the same snapshot shares what is held, and nobody holds it alone.
  const ReadTxn copy = must(old.clone());
  EXPECT_EQ(must(database.readers()).size(), 1U) << "clones share a pin";
  const ReadTxn young = must(database.read());
  const std::vector<Reader> both = must(database.readers());
  ASSERT_EQ(both.size(), 2U);
  for (const Reader& one : both) {
    EXPECT_EQ(one.pages_held, one.snapshot == old.id() ? reader.pages_held : 0U);
  }
  expect_clean(database);
}

TEST_F(ReadersTest, WhatIsHeldIsUnknownWhileSomebodyWrites) {
  const Database database = open();
  put(database, "a", "1");
  const ReadTxn txn = must(database.read());
  const WriteTxn writer = must(database.write());
  const Reader reader = only(database);
  EXPECT_EQ(reader.snapshot, txn.id());
  EXPECT_EQ(reader.pages_held, std::nullopt);
}

TEST_F(ReadersTest, ReadersOfOtherProcessesAreListedUntilTheyDie) {
  const Database database = open();
  put(database, "a", "1");
  Signal pinned;
  ChildProcess child([&] {
    const Database other = must(Database::open(path()));
    const ReadTxn txn = must(other.read());
    pinned.send();
    for (;;) ::pause();
    return 0;
  });
  pinned.wait();
  put(database, "a", "2");
  const Reader reader = only(database);
  EXPECT_NE(reader.process, static_cast<std::uint64_t>(::getpid()));
  EXPECT_NE(reader.process, 0U);
  EXPECT_EQ(reader.lag, 1U);
  child.kill();
  EXPECT_TRUE(must(database.readers()).empty());
}

TEST_F(ReadersTest, ReadersWithoutASlotAreListedBySnapshot) {
  const Database database = open();
  put(database, "a", "1");
  Signal pinned;
  ChildProcess child([&] {
    // Another user, who may read the data file and nothing else.
    if (::chmod(directory().path().c_str(), 0755) != 0 || ::chmod(path().c_str(), 0444) != 0) {
      return 1;
    }
    if (::geteuid() == 0 && ::seteuid(65534) != 0) return 1;
    auto other = Database::open(path(), {.read_only = true});
    if (!other) {
      pinned.send();
      return 77;
    }
    const ReadTxn txn = must(other->read());
    pinned.send();
    for (;;) ::pause();
    return 0;
  });
  pinned.wait();
  put(database, "a", "2");
  const std::vector<Reader> readers = must(database.readers());
  if (readers.empty()) {
    EXPECT_EQ(child.wait(), 77);
    GTEST_SKIP() << "another user may not read here";
  }
  EXPECT_EQ(readers.front().process, 0U);
  EXPECT_EQ(readers.front().lag, 1U);
}

TEST_F(ReadersTest, ParkedReadersAreKeptWhileNobodyNeedsTheirPages) {
  const Database database = open();
  rewrite(database, 0);
  ReadTxn txn = must(database.read());
  must(txn.park());
  EXPECT_TRUE(only(database).parked);
  EXPECT_TRUE(fails(txn.get({}, as_bytes("key 1")), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(txn.park(), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(txn.clone(), ErrorCode::kMisuse));
  for (int generation = 1; generation < 20; ++generation) rewrite(database, generation);
  EXPECT_EQ(must(txn.unpark()), Unparked::kKept);
  EXPECT_FALSE(only(database).parked);
  EXPECT_TRUE(fails(txn.unpark(), ErrorCode::kMisuse));
  expect_generation(txn, 0);
  must(txn.park());
  EXPECT_TRUE(must(txn.renew())) << "renew() ends the parking";
  expect_generation(txn, 19);
  must(txn.park());
  txn.end();
  EXPECT_TRUE(must(database.readers()).empty());
  expect_clean(database);
}

TEST_F(ReadersTest, WhatCannotBeParked) {
  const Database database = open();
  put(database, "a", "1");
  ReadTxn txn = must(database.read());
  {
    const ReadTxn copy = must(txn.clone());
    EXPECT_TRUE(fails(txn.park(), ErrorCode::kMisuse));
  }
  must(txn.park());
  must(txn.unpark());
  EXPECT_EQ(get(txn, "a"), "1");
  WriteTxn writer = must(database.write());
  must(writer.put({}, as_bytes("a"), as_bytes("2")));
  ReadTxn uncommitted = must(writer.read_uncommitted());
  EXPECT_TRUE(fails(uncommitted.park(), ErrorCode::kMisuse));
  txn.end();
  EXPECT_TRUE(fails(txn.park(), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(txn.unpark(), ErrorCode::kTransactionEnded));
}

TEST_F(ReadersTest, CursorsAreGoodAgainAfterwards) {
  const Database database = open();
  rewrite(database, 0);
  ReadTxn txn = must(database.read());
  Cursor cursor = must(txn.cursor({}));
  ASSERT_TRUE(must(cursor.first()));
  must(txn.park());
  EXPECT_TRUE(fails(cursor.next(), ErrorCode::kMisuse));
  must(txn.unpark());
  ASSERT_TRUE(must(cursor.first()));
  EXPECT_EQ(as_text(cursor.key()), "key 0");
}

TEST_F(ReadersTest, AParkedReaderIsOustedWhenTheFileWouldGrow) {
  std::vector<SlowReader> asked;
  const Database database = open({.slow_reader = [&](const SlowReader& slow) {
    asked.push_back(slow);
    return SlowReaderAnswer::kOust;
  }});
  rewrite(database, 0);
  must(database.sync());
  ReadTxn txn = must(database.read());
  ReadTxn other = must(database.read());
  const std::uint64_t id = txn.id();
  must(txn.park());
  // Not while another reader of the snapshot goes on.
  int generation = 1;
  for (; asked.empty() && generation < 50; ++generation) {
    rewrite(database, generation);
    must(database.sync());
  }
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked.front().reader.snapshot, id);
  EXPECT_EQ(asked.front().readers, 2U);
  EXPECT_FALSE(asked.front().reader.parked);
  EXPECT_EQ(asked.front().shortage, SpaceShortage::kGrowth);
  EXPECT_GE(asked.front().reader.pages_held, asked.front().pages_wanted);
  EXPECT_EQ(must(txn.unpark()), Unparked::kKept);
  expect_generation(txn, 0);
  must(txn.park());
  must(other.park());
  asked.clear();
  // A larger transaction, for which the file has to grow.
  WriteTxn large = must(database.write());
  for (int i = 0; i < 400; ++i) {
    must(large.put({}, as_bytes("large " + std::to_string(i)), as_bytes(std::string(3000, 'x'))));
  }
  must(large.commit());
  for (; asked.empty() && generation < 100; ++generation) {
    rewrite(database, generation);
    must(database.sync());
  }
  ASSERT_FALSE(asked.empty());
  EXPECT_TRUE(asked.front().reader.parked);
  EXPECT_TRUE(fails(txn.unpark(), ErrorCode::kOusted));
  EXPECT_TRUE(fails(txn.get({}, as_bytes("key 1")), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(must(txn.renew()));
  expect_generation(txn, generation - 1);
  EXPECT_EQ(must(other.unpark(IfOusted::kRestart)), Unparked::kRestarted);
  expect_generation(other, generation - 1);
  expect_clean(database);
}

TEST_F(ReadersTest, AtTheBoundTheCallbackCanEndReadersItself) {
  std::optional<ReadTxn> reader;
  std::vector<SlowReader> asked;
  const Database database =
      open({.max_file_size = 1 << 20, .slow_reader = [&](const SlowReader& slow) {
              asked.push_back(slow);
              if (slow.shortage == SpaceShortage::kGrowth) return SlowReaderAnswer::kGoOn;
              if (slow.attempt < 3) return SlowReaderAnswer::kWait;
              reader.reset();
              return SlowReaderAnswer::kRetry;
            }});
  for (int generation = 0; generation < 3; ++generation) rewrite(database, generation);
  reader = must(database.read());
  WriteTxn txn = must(database.write());
  for (int i = 0; i < 150; ++i) {
    must(txn.put({}, as_bytes("more " + std::to_string(i)), as_bytes(std::string(1500, 'x'))));
  }
  must(txn.commit());
  for (int generation = 3; reader && generation < 30; ++generation) rewrite(database, generation);
  EXPECT_FALSE(reader);
  ASSERT_GE(asked.size(), 4U);
  EXPECT_EQ(asked.back().shortage, SpaceShortage::kLimit);
  EXPECT_EQ(asked.back().attempt, 3U);
  EXPECT_LE(std::filesystem::file_size(path()), 1U << 20);
  expect_clean(database);
}

TEST_F(ReadersTest, TheCallbackCanLetTheWriterFail) {
  SlowReaderAnswer answer = SlowReaderAnswer::kFail;
  const Database database = open({.slow_reader = [&](const SlowReader&) { return answer; }});
  rewrite(database, 0);
  must(database.sync());
  const ReadTxn reader = must(database.read());
  rewrite(database, 1);
  must(database.sync());
  Result<std::uint64_t> committed = 0;
  for (int i = 0; committed && i < 100; ++i) {
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes("large " + std::to_string(i)), as_bytes(std::string(20'000, 'x'))));
    committed = txn.commit();
  }
  EXPECT_TRUE(fails(committed, ErrorCode::kNoSpace));
  EXPECT_NE(committed.error().message.find("snapshot " + std::to_string(reader.id())),
            std::string::npos);
  answer = SlowReaderAnswer::kGoOn;
  put(database, "a", "goes on");
  expect_generation(reader, 0);
  expect_clean(database);
}

// Ousting is a race with the reader that comes back: one of the two wins, and the other knows.
TEST(ConcurrentReaders, ParkAndOustFromTwoThreads) {
  const TempDirectory directory;
  const Database database =
      must(Database::open(directory.file("store"), {.durability = Durability::kRelaxed,
                                                    .max_file_size = 1 << 18,
                                                    .slow_reader = [](const SlowReader& slow) {
                                                      return slow.reader.parked
                                                                 ? SlowReaderAnswer::kOust
                                                                 : SlowReaderAnswer::kWait;
                                                    }}));
  const auto write = [&](int round) {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < 20; ++i) {
      const std::string value(1000, static_cast<char>('a' + round % 26));
      must(txn.put({}, as_bytes(std::to_string(i)), as_bytes(value)));
    }
    must(txn.commit());
  };
  write(0);
  std::atomic<bool> over{false};
  std::atomic<int> kept{0};
  std::atomic<int> restarted{0};
  std::thread reader([&] {
    ReadTxn txn = must(database.read());
    while (!over) {
      const std::string before(as_text(*must(txn.get({}, as_bytes("7")))));
      const std::uint64_t id = txn.id();
      must(txn.park());
      std::this_thread::yield();
      const Unparked what = must(txn.unpark(IfOusted::kRestart));
      ++(what == Unparked::kKept ? kept : restarted);
      const std::string after(as_text(*must(txn.get({}, as_bytes("7")))));
      require(what == Unparked::kRestarted || (id == txn.id() && before == after),
              "another snapshot");
      require(after == std::string(1000, after[0]), "a torn value");
    }
  });
  for (int round = 1; round < 400; ++round) write(round);
  over = true;
  reader.join();
  EXPECT_GT(kept + restarted, 0);
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
