#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

// Read transactions that are reset, renewed, cloned and upgraded, and how far they lag behind.
class RenewTest : public StoreTest {
 protected:
  /// Snapshots that are pinned now, but for the newest.
  static std::uint64_t oldest(const Database& database) {
    return must(database.stats()).oldest_pinned;
  }
};

TEST_F(RenewTest, LagCountsCommits) {
  const Database database = open();
  const ReadTxn txn = must(database.read());
  EXPECT_EQ(must(txn.lag()), 0U);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    put(database, "a", std::to_string(i));
    EXPECT_EQ(must(txn.lag()), i);
  }
  WriteTxn writer = must(database.write());
  EXPECT_EQ(must(writer.lag()), 0U);
  must(writer.put({}, as_bytes("a"), {}));
  EXPECT_EQ(must(writer.lag()), 0U);
  EXPECT_EQ(must(must(database.read()).lag()), 0U);
}

TEST_F(RenewTest, LagCountsCommitsOfOtherProcesses) {
  const Database database = open();
  const ReadTxn txn = must(database.read());
  EXPECT_EQ(ChildProcess([&] {
              const Database mine = must(Database::open(path()));
              for (int i = 0; i < 3; ++i) put(mine, "a", std::to_string(i));
              return 0;
            }).wait(),
            0);
  EXPECT_EQ(must(txn.lag()), 3U);
}

TEST_F(RenewTest, ResetGivesTheSnapshotUp) {
  const Database database = open();
  const std::uint64_t first = put(database, "a", "1");
  ReadTxn txn = must(database.read());
  Cursor cursor = must(txn.cursor({}));
  EXPECT_TRUE(must(cursor.first()));
  put(database, "a", "2");
  EXPECT_EQ(oldest(database), first);
  txn.reset();
  txn.reset();
  EXPECT_GT(oldest(database), first);
  EXPECT_TRUE(fails(txn.get({}, as_bytes("a")), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(txn.count({}), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(txn.lag(), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(txn.clone(), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(txn.cursor({}), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(txn.table_names(), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(txn.sequence({}), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(database.upgrade(txn), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(cursor.first(), ErrorCode::kTransactionEnded));
  EXPECT_FALSE(txn.outlives_writes(as_bytes("a")));
  EXPECT_EQ(txn.id(), 0U);

  EXPECT_TRUE(must(txn.renew()));
  EXPECT_EQ(get(txn, "a"), "2");
  EXPECT_TRUE(must(cursor.first()));
  EXPECT_EQ(as_text(must(cursor.value())), "2");
  txn.reset();
  EXPECT_FALSE(must(txn.renew())) << "the same again";
  EXPECT_EQ(get(txn, "a"), "2");
  txn.end();
  EXPECT_TRUE(fails(txn.renew(), ErrorCode::kTransactionEnded));
  txn.reset();
  EXPECT_TRUE(fails(txn.renew(), ErrorCode::kTransactionEnded)) << "ended is ended";
  expect_clean(database);
}

TEST_F(RenewTest, RenewInPlace) {
  const Database database = open();
  const Table table = must(database.table("table"));
  put(database, "a", "1");
  ReadTxn txn = must(database.read());
  EXPECT_FALSE(must(txn.renew()));
  EXPECT_FALSE(must(txn.exists(table)));
  WriteTxn writer = must(database.write());
  must(writer.create_table(table));
  must(writer.put(table, as_bytes("b"), as_bytes("2")));
  const std::uint64_t id = must(writer.commit());
  EXPECT_FALSE(must(txn.exists(table)));
  EXPECT_TRUE(must(txn.renew()));
  EXPECT_EQ(txn.id(), id);
  EXPECT_EQ(must(txn.lag()), 0U);
  EXPECT_TRUE(must(txn.exists(table))) << "what was known of tables is forgotten";
  EXPECT_EQ(get(txn, "b", table), "2");
  EXPECT_EQ(oldest(database), id);
}

TEST_F(RenewTest, ACursorOfARenewedTransactionStandsNowhere) {
  const Database database = open();
  put(database, "a", "1");
  put(database, "b", "1");
  ReadTxn txn = must(database.read());
  Cursor cursor = must(txn.cursor({}));
  EXPECT_TRUE(must(cursor.seek_exact(as_bytes("b"))));
  put(database, "0", "1");
  must(txn.renew());
  EXPECT_TRUE(fails(cursor.value(), ErrorCode::kCursorInvalid));
  EXPECT_TRUE(must(cursor.first()));
  EXPECT_EQ(as_text(cursor.key()), "0");
}

TEST_F(RenewTest, ARenewedTransactionFollowsAGrowingFile) {
  const Database database = open();
  put(database, "a", "1");
  ReadTxn txn = must(database.read());
  for (int i = 0; i < 20; ++i) {
    const std::string value(300'000, static_cast<char>('a' + i));
    put(database, "large", value);
    EXPECT_TRUE(must(txn.renew()));
    EXPECT_EQ(get(txn, "large"), value);
  }
  expect_clean(database);
}

TEST_F(RenewTest, AMovedFromTransactionIsEnded) {
  const Database database = open();
  put(database, "a", "1");
  ReadTxn txn = must(database.read());
  ReadTxn moved = std::move(txn);
  // NOLINTBEGIN(bugprone-use-after-move): that is what is tested
  EXPECT_TRUE(fails(txn.get({}, as_bytes("a")), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(txn.lag(), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(txn.renew(), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(txn.clone(), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(database.upgrade(txn), ErrorCode::kTransactionEnded));
  txn.reset();
  // NOLINTEND(bugprone-use-after-move)
  EXPECT_EQ(get(moved, "a"), "1");
}

TEST_F(RenewTest, CloneReadsTheSameSnapshotForAsLongAsItLives) {
  const Database database = open();
  const Table table = must(database.table("table"));
  {
    WriteTxn writer = must(database.write());
    must(writer.create_table(table));
    must(writer.put(table, as_bytes("a"), as_bytes(std::string(5000, 'x'))));
    must(writer.commit());
  }
  std::optional<ReadTxn> source = must(database.read());
  const std::uint64_t id = source->id();
  put(database, "a", "2", table);
  std::optional<ReadTxn> clone = must(source->clone());
  std::optional<ReadTxn> second = must(clone->clone());
  EXPECT_EQ(clone->id(), id);
  source.reset();
  for (int i = 0; i < 50; ++i) put(database, "b", std::string(5000, static_cast<char>(i)), table);
  EXPECT_EQ(oldest(database), id);
  std::thread([&] {
    EXPECT_EQ(get(*clone, "a", table), std::string(5000, 'x'));
    EXPECT_FALSE(must(clone->contains(table, as_bytes("b"))));
    clone.reset();
  }).join();
  EXPECT_EQ(oldest(database), id) << "one is left";
  EXPECT_EQ(get(*second, "a", table), std::string(5000, 'x'));
  // Renewed, it has a pin of its own.
  EXPECT_TRUE(must(second->renew()));
  EXPECT_EQ(get(*second, "a", table), "2");
  EXPECT_EQ(oldest(database), second->id());
  put(database, "a", "3", table);
  EXPECT_EQ(get(*second, "a", table), "2");
  expect_clean(database);
}

TEST_F(RenewTest, WithoutSlotsToo) {
  put(open(), "a", "1");
  Signal read;
  Signal written;
  ChildProcess child([&] {
    // The sole opener, who only reads, has nobody to vouch for a lock file: it pins by byte locks.
    const Database mine = must(Database::open(path(), {.read_only = true}));
    ReadTxn txn = must(mine.read());
    std::optional<ReadTxn> clone = must(txn.clone());
    require(must(txn.lag()) == 0, "behind");
    read.send();
    written.wait();
    require(must(txn.lag()) >= 2, "not behind");  // ids go on above the ceiling
    require(must(txn.renew()), "the same snapshot");
    require(get(txn, "a") == "3" && get(*clone, "a") == "1", "a value is wrong");
    read.send();
    written.wait();
    require(get(*clone, "a") == "1", "the clone's pin was lost");
    clone.reset();
    txn.end();
    read.send();
    written.wait();
    return 0;
  });
  read.wait();
  const Database writer = open();
  const std::uint64_t first = must(writer.stats()).transaction_id;
  put(writer, "a", "2");
  put(writer, "a", "3");
  EXPECT_EQ(oldest(writer), first);
  written.send();
  read.wait();
  for (int i = 0; i < 10; ++i) put(writer, "b", std::to_string(i));
  EXPECT_EQ(oldest(writer), first) << "the clone's";
  written.send();
  read.wait();
  EXPECT_GT(oldest(writer), first);
  EXPECT_EQ(oldest(writer), must(writer.stats()).transaction_id) << "nothing is pinned any more";
  written.send();
  EXPECT_EQ(child.wait(), 0);
  expect_clean(writer);
}

TEST_F(RenewTest, UpgradeWhileNewest) {
  const Database database = open();
  put(database, "a", "1");
  ReadTxn reader = must(database.read());
  Cursor cursor = must(reader.cursor({}));
  must(cursor.first());
  const std::uint64_t id = reader.id();
  WriteTxn writer = must(database.upgrade(reader));
  EXPECT_EQ(writer.id(), id);
  EXPECT_TRUE(fails(reader.get({}, as_bytes("a")), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(cursor.first(), ErrorCode::kTransactionEnded));
  EXPECT_EQ(get(writer, "a"), "1");
  must(writer.put({}, as_bytes("a"), as_bytes("2")));
  must(writer.commit());
  EXPECT_EQ(get(database, "a"), "2");
  expect_clean(database);
}

TEST_F(RenewTest, UpgradeRefusesWhatIsNotTheNewest) {
  const Database database = open();
  const Database other = must(Database::open(directory().file("other")));
  put(database, "a", "1");
  ReadTxn reader = must(database.read());
  put(database, "a", "2");
  const auto conflict = database.upgrade(reader);
  ASSERT_TRUE(fails(conflict, ErrorCode::kConflict));
  EXPECT_NE(conflict.error().message.find(std::to_string(reader.id())), std::string::npos);
  EXPECT_EQ(get(reader, "a"), "1") << "goes on";
  EXPECT_TRUE(ok(database.write(kNoWait))) << "the writer's place was given back";
  EXPECT_TRUE(fails(other.upgrade(reader), ErrorCode::kMisuse));

  // Newest when it begins to wait, but not when its turn comes.
  must(reader.renew());
  WriteTxn writer = must(database.write());
  EXPECT_TRUE(fails(database.upgrade(reader, kNoWait), ErrorCode::kBusy));
  EXPECT_TRUE(fails(database.upgrade(reader), ErrorCode::kMisuse)) << "the own writer";
  std::thread waiting([&] { EXPECT_TRUE(fails(database.upgrade(reader), ErrorCode::kConflict)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  must(writer.put({}, as_bytes("a"), as_bytes("3")));
  must(writer.commit());
  waiting.join();
  EXPECT_EQ(get(reader, "a"), "2");
  EXPECT_TRUE(ok(database.write(kNoWait)));
}

TEST_F(RenewTest, UncommittedStatesAreNotUpgraded) {
  const Database database = open();
  WriteTxn writer = must(database.write());
  must(writer.put({}, as_bytes("a"), as_bytes("1")));
  ReadTxn reader = must(writer.read_uncommitted());
  EXPECT_TRUE(fails(database.upgrade(reader), ErrorCode::kMisuse));
  std::thread([&] { EXPECT_TRUE(fails(database.upgrade(reader), ErrorCode::kMisuse)); }).join();
  EXPECT_EQ(get(reader, "a"), "1");
  writer.abort();
  EXPECT_TRUE(fails(database.upgrade(reader), ErrorCode::kTransactionEnded));
}

TEST_F(RenewTest, UpgradeNeedsAWriter) {
  const Database keeper = open();
  put(keeper, "a", "1");
  EXPECT_EQ(ChildProcess([&] {
              const Database mine = must(Database::open(path(), {.read_only = true}));
              ReadTxn txn = must(mine.read());
              return fails(mine.upgrade(txn), ErrorCode::kReadOnly) && get(txn, "a") == "1" ? 0 : 1;
            }).wait(),
            0);
}

TEST_F(RenewTest, OutlivesWritesTellsTheMapFromOwnMemory) {
  const Database database = open();
  put(database, "a", "1");
  put(database, "large", std::string(100'000, 'x'));
  WriteTxn txn = must(database.write());
  const Bytes mapped = *must(txn.get({}, as_bytes("a")));
  const Bytes mapped_large = *must(txn.get({}, as_bytes("large")));
  EXPECT_TRUE(txn.outlives_writes(mapped));
  EXPECT_TRUE(txn.outlives_writes(mapped_large));
  EXPECT_TRUE(txn.outlives_writes({}));
  must(txn.put({}, as_bytes("a"), as_bytes("2")));
  must(txn.put({}, as_bytes("large"), as_bytes(std::string(100'000, 'y'))));
  must(txn.put({}, as_bytes("huge"), as_bytes(std::string(2'000'000, 'z'))));
  EXPECT_FALSE(txn.outlives_writes(*must(txn.get({}, as_bytes("a")))));
  EXPECT_FALSE(txn.outlives_writes(*must(txn.get({}, as_bytes("large")))));
  EXPECT_FALSE(txn.outlives_writes(*must(txn.get({}, as_bytes("huge"))))) << "written at once";
  EXPECT_EQ(as_text(mapped), "1");
  EXPECT_EQ(as_text(mapped_large), std::string(100'000, 'x'));
  const std::string own = "own";
  EXPECT_FALSE(txn.outlives_writes(as_bytes(own)));
  const ReadTxn reader = must(database.read());
  EXPECT_TRUE(reader.outlives_writes(*must(reader.get({}, as_bytes("a")))));
  must(txn.commit());
  EXPECT_FALSE(txn.outlives_writes(mapped));
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
