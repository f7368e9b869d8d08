#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using std::chrono::milliseconds;

// Calls that break the protocol of what they are made on: each is an Error that says how.
class MisuseTest : public StoreTest {
 protected:
  /// Runs `work` in a thread of its own, to its end.
  template <typename Work>
  static void elsewhere(Work work) {
    std::thread(work).join();
  }
};

TEST_F(MisuseTest, ASecondWriterOfTheThreadIsNamedInsteadOfWaitingForEver) {
  const Database database = open();
  WriteTxn first = must(database.write());
  const auto second = database.write();
  ASSERT_TRUE(fails(second, ErrorCode::kMisuse));
  EXPECT_NE(second.error().message.find("this thread"), std::string::npos)
      << second.error().message;
  EXPECT_NE(second.error().message.find(path()), std::string::npos) << second.error().message;
  // A wait that ends is no trap, but says who it was.
  const auto busy = database.write(kNoWait);
  ASSERT_TRUE(fails(busy, ErrorCode::kBusy));
  EXPECT_NE(busy.error().message.find("this thread"), std::string::npos) << busy.error().message;
  EXPECT_TRUE(fails(database.write(milliseconds(1)), ErrorCode::kTimedOut));

  // The first goes on as if nothing had been.
  must(first.put({}, as_bytes("a"), as_bytes("1")));
  must(first.commit());
  WriteTxn next = must(database.write());
  next.abort();
  EXPECT_TRUE(ok(database.write()));
  expect_clean(database);
}

TEST_F(MisuseTest, TheWriterLockKnowsWhoBeganWhereverTheHandleWent) {
  const Database database = open();
  std::optional<WriteTxn> moved = must(database.write());
  elsewhere([&] {
    WriteTxn mine = *std::move(moved);
    must(mine.put({}, as_bytes("a"), as_bytes("1")));
    moved = std::move(mine);
  });
  EXPECT_TRUE(fails(database.write(), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(database.sync(), ErrorCode::kMisuse));
  elsewhere([&] {
    must(moved->commit());
    moved.reset();
  });
  EXPECT_TRUE(ok(database.write()));
  EXPECT_EQ(get(database, "a"), "1");

  // Begun elsewhere by a thread that is gone: nobody's own any more, whatever number we have.
  elsewhere([&] { moved = must(database.write()); });
  EXPECT_TRUE(fails(database.write(milliseconds(1)), ErrorCode::kTimedOut));
  moved.reset();
  EXPECT_TRUE(ok(database.write()));
}

TEST_F(MisuseTest, AnotherThreadWaitsAsEver) {
  const Database database = open();
  WriteTxn first = must(database.write());
  std::thread other([&] { put(database, "a", "theirs"); });
  std::this_thread::sleep_for(milliseconds(5));
  must(first.put({}, as_bytes("a"), as_bytes("ours")));
  must(first.commit());
  other.join();
  EXPECT_EQ(get(database, "a"), "theirs");
}

TEST_F(MisuseTest, TwoStoresMayBeWrittenAtOnce) {
  const Database one = open();
  const Database two = must(Database::open(directory().file("two")));
  const WriteTxn first = must(one.write());
  EXPECT_TRUE(ok(two.write()));
}

TEST_F(MisuseTest, SyncAndStatsBesideTheOwnWriter) {
  const Database database = open();
  put(database, "a", "1");
  WriteTxn txn = must(database.write());
  EXPECT_TRUE(fails(database.sync(), ErrorCode::kMisuse));
  const auto stats = must(database.stats());
  EXPECT_EQ(stats.transaction_id, txn.id());
  EXPECT_EQ(stats.free_pages, 0U) << "only the writer knows";
  EXPECT_TRUE(must(database.check()).clean());
  txn.abort();
  EXPECT_TRUE(ok(database.sync()));
}

TEST_F(MisuseTest, ATableOfAnotherDatabase) {
  const Database one = open();
  const Database two = must(Database::open(directory().file("two")));
  const Table table_one = must(one.table("table"));
  const Table table_two = must(two.table("another"));
  for (const auto& [database, table] : {std::pair{&one, table_one}, std::pair{&two, table_two}}) {
    WriteTxn txn = must(database->write());
    must(txn.create_table(table));
    must(txn.put(table, as_bytes("a"), as_bytes("1")));
    must(txn.commit());
  }
  // Both have the same number, and there is a table of that number on either side.
  EXPECT_EQ(table_one.index(), table_two.index());
  EXPECT_NE(table_one.owner(), table_two.owner());
  {
    const ReadTxn txn = must(one.read());
    for (int i = 0; i < 2; ++i) {  // before and after the table of that number was looked up
      EXPECT_TRUE(fails(txn.get(table_two, as_bytes("a")), ErrorCode::kMisuse));
      EXPECT_TRUE(fails(txn.contains(table_two, as_bytes("a")), ErrorCode::kMisuse));
      EXPECT_TRUE(fails(txn.count(table_two), ErrorCode::kMisuse));
      EXPECT_TRUE(fails(txn.exists(table_two), ErrorCode::kMisuse));
      EXPECT_TRUE(fails(txn.cursor(table_two), ErrorCode::kMisuse));
      EXPECT_TRUE(fails(txn.table_stats(table_two), ErrorCode::kMisuse));
      EXPECT_EQ(get(txn, "a", table_one), "1");
    }
    const auto error = txn.get(table_two, as_bytes("a"));
    EXPECT_NE(error.error().message.find("another database"), std::string::npos);
  }
  WriteTxn txn = must(one.write());
  EXPECT_TRUE(fails(txn.put(table_two, as_bytes("a"), {}), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(txn.erase(table_two, as_bytes("a")), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(txn.clear(table_two), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(txn.create_table(table_two, true), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(txn.drop_table(table_two), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(txn.rename_table(table_one, table_two), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(txn.rename_table(table_two, table_one), ErrorCode::kMisuse));
  // Dropped and created again, it is still this one's alone.
  must(txn.drop_table(table_one));
  EXPECT_TRUE(fails(txn.create_table(table_two), ErrorCode::kMisuse));
  must(txn.create_table(table_one));
  EXPECT_TRUE(fails(txn.put(table_two, as_bytes("a"), {}), ErrorCode::kMisuse));
  EXPECT_TRUE(ok(txn.put(table_one, as_bytes("a"), as_bytes("2"))));
  must(txn.commit());
  expect_clean(one);
  expect_clean(two);
}

TEST_F(MisuseTest, ATableDoesNotOutliveItsDatabase) {
  Database database = open();
  const Table old = must(database.table("first"));
  {
    const Database again = open();  // the same environment, so the same handles
    EXPECT_EQ(must(again.table("first")).owner(), old.owner());
  }
  must(database.close());
  database = open();
  const Table fresh = must(database.table("second"));
  EXPECT_EQ(fresh.index(), old.index());
  WriteTxn txn = must(database.write());
  must(txn.create_table(fresh));
  EXPECT_TRUE(fails(txn.put(old, as_bytes("a"), as_bytes("1")), ErrorCode::kMisuse));
  EXPECT_EQ(must(txn.count(fresh)), 0U);
}

}  // namespace
}  // namespace kist::test
