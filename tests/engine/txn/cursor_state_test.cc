// What a position means when records, tables and transactions come and go.

#include <memory>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include <kist/engine/cursor.h>

#include "tests/support/store_test.h"

namespace kist::test {
namespace {

class CursorStateTest : public StoreTest {
 protected:
  /// A write transaction in which the default table holds the letters of `keys`.
  WriteTxn letters(const Database& database, std::string_view keys) {
    WriteTxn txn = must(database.write());
    for (const char& key : keys) store(txn, {&key, 1});
    return txn;
  }
  static void store(WriteTxn& txn, std::string_view key, Table table = {}) {
    must(txn.put(table, as_bytes(key), as_bytes("value of " + std::string(key))));
  }
  static void erase(WriteTxn& txn, std::string_view key, Table table = {}) {
    must(txn.erase(table, as_bytes(key)));
  }
  /// The key that the cursor stands on, after holding its value against it; "-" on none.
  static std::string at(const Cursor& cursor) {
    if (!cursor.valid()) {
      EXPECT_TRUE(cursor.key().empty());
      EXPECT_TRUE(fails(cursor.value(), ErrorCode::kCursorInvalid));
      return "-";
    }
    EXPECT_EQ(as_text(must(cursor.value())), "value of " + engine::to_string(cursor.key()));
    return engine::to_string(cursor.key());
  }
  static Cursor on(const Txn& txn, std::string_view key, Table table = {}) {
    Cursor cursor = must(txn.cursor(table));
    EXPECT_TRUE(must(cursor.seek_exact(as_bytes(key))));
    return cursor;
  }
};

TEST_F(CursorStateTest, StaysOnItsRecordWhateverComesAndGoesAround) {
  const Database database = open();
  WriteTxn txn = letters(database, "aceg");
  const Cursor cursor = on(txn, "e");
  for (const char* key : {"b", "d", "f"}) store(txn, key);
  EXPECT_EQ(at(cursor), "e");
  for (const char* key : {"a", "b", "c", "d", "f", "g"}) erase(txn, key);
  EXPECT_EQ(at(cursor), "e");
  EXPECT_TRUE(must(cursor.on_first()));
  EXPECT_TRUE(must(cursor.on_last()));
}

TEST_F(CursorStateTest, StandsBetweenTheNeighboursOfARemovedRecord) {
  const Database database = open();
  WriteTxn txn = letters(database, "abc");
  Cursor cursor = on(txn, "b");
  erase(txn, "b");
  EXPECT_EQ(at(cursor), "-");
  EXPECT_FALSE(cursor.off());
  Cursor forward = cursor;
  EXPECT_TRUE(must(forward.next()));
  EXPECT_EQ(at(forward), "c");
  EXPECT_TRUE(must(cursor.prev()));
  EXPECT_EQ(at(cursor), "a");
}

TEST_F(CursorStateTest, StandsAgainOnARecordThatComesBack) {
  const Database database = open();
  WriteTxn txn = letters(database, "abc");
  const Cursor cursor = on(txn, "b");
  erase(txn, "b");
  EXPECT_EQ(at(cursor), "-");
  store(txn, "b");
  EXPECT_EQ(at(cursor), "b");
}

TEST_F(CursorStateTest, TakesPartInWhatASeekDidNotFind) {
  const Database database = open();
  WriteTxn txn = letters(database, "ac");
  Cursor cursor = must(txn.cursor({}));
  EXPECT_FALSE(must(cursor.seek_exact(as_bytes("b"))));
  EXPECT_FALSE(cursor.off());
  EXPECT_EQ(must(cursor.rank()), 1U);
  store(txn, "aa");
  EXPECT_EQ(must(cursor.rank()), 2U);
  store(txn, "b");
  EXPECT_EQ(at(cursor), "b");
}

TEST_F(CursorStateTest, EndsStayEndsWhenTheTableGrows) {
  const Database database = open();
  WriteTxn txn = letters(database, "m");
  Cursor start = must(txn.cursor({}));
  Cursor end = must(txn.cursor({}));
  EXPECT_TRUE(start.off());
  ASSERT_TRUE(must(end.next()));
  ASSERT_FALSE(must(end.next()));
  EXPECT_TRUE(end.off());
  store(txn, "a");
  store(txn, "z");
  EXPECT_FALSE(must(end.next())) << "z lies before the end";
  EXPECT_FALSE(must(start.prev()));
  EXPECT_TRUE(must(end.prev()));
  EXPECT_EQ(at(end), "z");
  EXPECT_TRUE(must(start.next()));
  EXPECT_EQ(at(start), "a");
}

TEST_F(CursorStateTest, SeesTheNewValueOfItsRecord) {
  const Database database = open();
  WriteTxn txn = letters(database, "ab");
  Cursor cursor = on(txn, "a");
  must(txn.put({}, as_bytes("a"), as_bytes("another")));
  EXPECT_EQ(as_text(must(cursor.value())), "another");
  must(cursor.put(as_bytes(std::string(100'000, 'x'))));
  EXPECT_EQ(must(cursor.value()).size(), 100'000U);
  EXPECT_TRUE(must(cursor.next()));
  EXPECT_EQ(at(cursor), "b");
}

TEST_F(CursorStateTest, ErasingAtTheCursorInALoopRemovesEveryRecord) {
  const Database database = open();
  WriteTxn txn = letters(database, "abcdefgh");
  Cursor cursor = must(txn.cursor({}));
  std::string seen;
  while (must(cursor.next())) {
    seen += at(cursor);
    ASSERT_TRUE(must(cursor.erase()));
    ASSERT_FALSE(must(cursor.erase())) << "it stands on none";
  }
  EXPECT_EQ(seen, "abcdefgh");
  EXPECT_EQ(must(txn.count({})), 0U);
}

TEST_F(CursorStateTest, ATableDroppedAndCreatedAgain) {
  const Database database = open();
  const Table table = must(database.table("table"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table));
  for (const char* key : {"a", "b", "c"}) store(txn, key, table);
  Cursor cursor = on(txn, "b", table);
  must(txn.drop_table(table));
  EXPECT_FALSE(cursor.valid());
  EXPECT_TRUE(cursor.key().empty());
  EXPECT_TRUE(fails(cursor.value(), ErrorCode::kTableNotFound));
  EXPECT_TRUE(fails(cursor.next(), ErrorCode::kTableNotFound));
  EXPECT_TRUE(fails(cursor.first(), ErrorCode::kTableNotFound));
  EXPECT_TRUE(fails(cursor.rank(), ErrorCode::kTableNotFound));
  must(txn.create_table(table));
  EXPECT_EQ(at(cursor), "-");
  for (const char* key : {"a", "b"}) store(txn, key, table);
  EXPECT_EQ(at(cursor), "b");
  const Table renamed = must(database.table("renamed"));
  must(txn.rename_table(table, renamed));
  EXPECT_TRUE(fails(cursor.next(), ErrorCode::kTableNotFound)) << "a cursor is of a name";
  must(txn.commit());
  expect_clean(database);
}

TEST_F(CursorStateTest, AMultimapCreatedInThePlaceOfAMap) {
  const Database database = open();
  const Table table = must(database.table("table"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table));
  store(txn, "a", table);
  Cursor cursor = on(txn, "a", table);
  must(txn.drop_table(table));
  must(txn.create_table(table, {.multi = true}));
  must(txn.put(table, as_bytes("a"), as_bytes("1")));
  must(txn.put(table, as_bytes("a"), as_bytes("2")));
  EXPECT_EQ(as_text(must(cursor.value())), "1");
  ASSERT_TRUE(must(cursor.next()));
  must(txn.drop_table(table));
  must(txn.create_table(table));
  must(txn.put(table, as_bytes("a"), as_bytes("2")));
  EXPECT_EQ(as_text(must(cursor.value())), "2");
  must(txn.commit());
  expect_clean(database);
}

TEST_F(CursorStateTest, MissingTable) {
  const Database database = open();
  const Table table = must(database.table("none"));
  const ReadTxn txn = must(database.read());
  EXPECT_TRUE(fails(txn.cursor(table), ErrorCode::kTableNotFound));
}

TEST_F(CursorStateTest, AfterItsTransactionEveryCallSaysSo) {
  std::optional<Database> database = open();
  put(*database, "a", "value of a");
  ReadTxn reader = must(database->read());
  Cursor cursor = on(reader, "a");
  const Cursor gap = cursor;
  reader.end();
  database.reset();
  EXPECT_FALSE(cursor.valid());
  EXPECT_TRUE(cursor.key().empty());
  const auto ended = [](const auto& result) { return fails(result, ErrorCode::kTransactionEnded); };
  EXPECT_TRUE(ended(cursor.value()));
  EXPECT_TRUE(ended(cursor.first()));
  EXPECT_TRUE(ended(cursor.last()));
  EXPECT_TRUE(ended(cursor.next()));
  EXPECT_TRUE(ended(cursor.prev()));
  EXPECT_TRUE(ended(cursor.seek(as_bytes("a"))));
  EXPECT_TRUE(ended(cursor.seek_exact(as_bytes("a"))));
  EXPECT_TRUE(ended(cursor.seek_pair(as_bytes("a"), {})));
  EXPECT_TRUE(ended(cursor.seek_nth(0)));
  EXPECT_TRUE(ended(cursor.scroll(1)));
  EXPECT_TRUE(ended(cursor.next_key()));
  EXPECT_TRUE(ended(cursor.next_value()));
  EXPECT_TRUE(ended(cursor.value_count()));
  EXPECT_TRUE(ended(cursor.rank()));
  EXPECT_TRUE(ended(cursor.compare(gap)));
  EXPECT_TRUE(ended(cursor.distance(gap)));
  EXPECT_TRUE(ended(cursor.on_first()));
  EXPECT_TRUE(ended(cursor.put({})));
  EXPECT_TRUE(ended(cursor.put(as_bytes("a"), {})));
  EXPECT_TRUE(ended(cursor.erase()));
  EXPECT_TRUE(ended(cursor.erase_key()));
  std::array<engine::Record, 1> records;
  EXPECT_TRUE(ended(cursor.read(records)));
  EXPECT_TRUE(ended(cursor.scan([](const engine::Record&) { return true; })));
}

TEST_F(CursorStateTest, DiesBeforeOrAfterItsTransactionInAnyOrder) {
  const Database database = open();
  WriteTxn txn = letters(database, "abc");
  auto first = std::make_unique<Cursor>(on(txn, "a"));
  auto second = std::make_unique<Cursor>(on(txn, "b"));
  auto third = std::make_unique<Cursor>(on(txn, "c"));
  second.reset();
  store(txn, "aa");
  EXPECT_EQ(at(*first), "a");
  EXPECT_EQ(at(*third), "c");
  third.reset();
  must(txn.commit());
  EXPECT_TRUE(fails(first->next(), ErrorCode::kTransactionEnded));
  WriteTxn aborted = must(database.write());
  const Cursor last = on(aborted, "c");
  aborted.abort();
  EXPECT_TRUE(fails(last.value(), ErrorCode::kTransactionEnded));
}

TEST_F(CursorStateTest, OuterTransactionsWaitForTheNestedOne) {
  const Database database = open();
  WriteTxn txn = letters(database, "abc");
  Cursor cursor = on(txn, "b");
  WriteTxn inner = must(txn.nested());
  EXPECT_FALSE(cursor.valid());
  EXPECT_TRUE(fails(cursor.next(), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(cursor.seek(as_bytes("a")), ErrorCode::kMisuse));
  Cursor within = on(inner, "b");
  erase(inner, "b");
  must(inner.commit());
  EXPECT_TRUE(fails(within.prev(), ErrorCode::kTransactionEnded));
  EXPECT_EQ(at(cursor), "-");
  ASSERT_TRUE(must(cursor.next()));
  EXPECT_EQ(at(cursor), "c");
}

TEST_F(CursorStateTest, GoesBackWithARollback) {
  const Database database = open();
  WriteTxn txn = letters(database, "abc");
  Cursor cursor = on(txn, "b");
  const engine::Savepoint savepoint = must(txn.savepoint());
  must(txn.clear({}));
  EXPECT_EQ(at(cursor), "-");
  must(txn.rollback_to(savepoint));
  EXPECT_EQ(at(cursor), "b");
  ASSERT_TRUE(must(cursor.next()));
  EXPECT_EQ(at(cursor), "c");
}

TEST_F(CursorStateTest, StaysAcrossACommitThatGoesOn) {
  const Database database = open();
  WriteTxn txn = letters(database, "abc");
  Cursor cursor = on(txn, "b");
  must(txn.commit_and_continue());
  EXPECT_EQ(at(cursor), "b");
  store(txn, "bb");
  ASSERT_TRUE(must(cursor.next()));
  EXPECT_EQ(at(cursor), "bb");
}

TEST_F(CursorStateTest, GoesOverToAnotherTransaction) {
  const Database database = open();
  put(database, "a", "value of a");
  ReadTxn old = must(database.read());
  Cursor cursor = on(old, "a");
  put(database, "A", "value of A");
  const ReadTxn fresh = must(database.read());
  must(cursor.rebind(fresh));
  EXPECT_TRUE(cursor.off());
  old.end();
  ASSERT_TRUE(must(cursor.next()));
  EXPECT_EQ(at(cursor), "A");
  const Database other = must(Database::open(directory().file("other")));
  const ReadTxn foreign = must(other.read());
  EXPECT_TRUE(fails(cursor.rebind(foreign), ErrorCode::kMisuse));
  EXPECT_EQ(at(cursor), "A");
}

TEST_F(CursorStateTest, ReadersDoNotWrite) {
  const Database database = open();
  put(database, "a", "value of a");
  const ReadTxn txn = must(database.read());
  Cursor cursor = on(txn, "a");
  EXPECT_TRUE(fails(cursor.put(as_bytes("x")), ErrorCode::kReadOnly));
  EXPECT_TRUE(fails(cursor.put(as_bytes("a"), as_bytes("x")), ErrorCode::kReadOnly));
  EXPECT_TRUE(fails(cursor.erase(), ErrorCode::kReadOnly));
  EXPECT_TRUE(fails(cursor.erase_key(), ErrorCode::kReadOnly));
  EXPECT_EQ(at(cursor), "a");
}

TEST_F(CursorStateTest, AMovedFromCursorIsMisused) {
  const Database database = open();
  put(database, "a", "value of a");
  const ReadTxn txn = must(database.read());
  Cursor cursor = on(txn, "a");
  const Cursor moved = std::move(cursor);
  EXPECT_EQ(at(moved), "a");
  // NOLINTBEGIN(bugprone-use-after-move)
  EXPECT_FALSE(cursor.valid());
  EXPECT_TRUE(cursor.key().empty());
  EXPECT_TRUE(fails(cursor.next(), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(cursor.value(), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(cursor.rebind(txn), ErrorCode::kMisuse));
  const Cursor copy = cursor;
  EXPECT_TRUE(fails(copy.rank(), ErrorCode::kMisuse));
  cursor = moved;
  EXPECT_EQ(at(cursor), "a");
  // NOLINTEND(bugprone-use-after-move)
}

TEST_F(CursorStateTest, AFailedWriteLeavesItWhereItWas) {
  const Database database = open();
  WriteTxn txn = letters(database, "abc");
  Cursor cursor = on(txn, "b");
  const std::string long_key(database.max_key_size() + 1, 'k');
  EXPECT_TRUE(fails(cursor.put(as_bytes(long_key), {}), ErrorCode::kKeyTooLong));
  EXPECT_EQ(at(cursor), "b");
  EXPECT_FALSE(must(cursor.put(as_bytes("a"), as_bytes("x"), PutMode::kIfAbsent)));
  EXPECT_EQ(at(cursor), "a") << "on the record that held it back";
}

}  // namespace
}  // namespace kist::test
