#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/call_counter.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::Savepoint;

constexpr std::size_t kWriteThrough = std::size_t{1} << 20;

// Nested write transactions and savepoints.
class LevelsTest : public StoreTest {
 protected:
  static void store(WriteTxn& txn, std::string_view key, std::string_view value, Table table = {}) {
    must(txn.put(table, as_bytes(key), as_bytes(value)));
  }
  static void remove(WriteTxn& txn, std::string_view key) { must(txn.erase({}, as_bytes(key))); }

  // What `txn` says to every kind of call that it must refuse with `code`.
  static void expect_refuses(WriteTxn& txn, ErrorCode code) {
    const Bytes key = as_bytes("a");
    EXPECT_TRUE(fails(txn.get({}, key), code));
    EXPECT_TRUE(fails(txn.contains({}, key), code));
    EXPECT_TRUE(fails(txn.count({}), code));
    EXPECT_TRUE(fails(txn.exists({}), code));
    EXPECT_TRUE(fails(txn.cursor({}), code));
    EXPECT_TRUE(fails(txn.table_names(), code));
    EXPECT_TRUE(fails(txn.table_stats({}), code));
    EXPECT_TRUE(fails(txn.put({}, key, key), code));
    EXPECT_TRUE(fails(txn.erase({}, key), code));
    EXPECT_TRUE(fails(txn.replace({}, key, key), code));
    EXPECT_TRUE(fails(txn.take({}, key), code));
    EXPECT_TRUE(fails(txn.clear({}), code));
    EXPECT_TRUE(fails(txn.nested(), code));
    EXPECT_TRUE(fails(txn.savepoint(), code));
    EXPECT_TRUE(fails(txn.rollback_to(Savepoint()), code));
    EXPECT_TRUE(fails(txn.release(Savepoint()), code));
    EXPECT_TRUE(fails(txn.commit(), code));
  }
};

TEST_F(LevelsTest, ANestedTransactionKeepsOrUndoes) {
  const Database database = open();
  put(database, "committed", "1");
  WriteTxn txn = must(database.write());
  store(txn, "outer", "1");
  {
    WriteTxn inner = must(txn.nested());
    EXPECT_EQ(inner.id(), txn.id());
    EXPECT_EQ(get(inner, "committed"), "1");
    EXPECT_EQ(get(inner, "outer"), "1");
    store(inner, "outer", "2");
    store(inner, "inner", "1");
    remove(inner, "committed");
    EXPECT_EQ(must(inner.commit()), txn.id());
    expect_refuses(inner, ErrorCode::kTransactionEnded);
  }
  EXPECT_EQ(get(txn, "outer"), "2");
  EXPECT_EQ(get(txn, "inner"), "1");
  EXPECT_EQ(get(txn, "committed"), std::nullopt);
  {
    WriteTxn inner = must(txn.nested());
    store(inner, "outer", "3");
    store(inner, "inner", "3");
    store(inner, "committed", "3");
    EXPECT_EQ(get(inner, "outer"), "3");
  }
  EXPECT_EQ(get(txn, "outer"), "2");
  EXPECT_EQ(get(txn, "inner"), "1");
  EXPECT_EQ(get(txn, "committed"), std::nullopt);
  must(txn.commit());
  EXPECT_EQ(get(database, "outer"), "2");
  EXPECT_EQ(get(database, "committed"), std::nullopt);
  expect_clean(database);
}

TEST_F(LevelsTest, TheOuterTransactionMayNotBeUsedWhileANestedOneLives) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  store(txn, "a", "1");
  WriteTxn inner = must(txn.nested());
  expect_refuses(txn, ErrorCode::kMisuse);
  const auto error = txn.get({}, as_bytes("a"));
  EXPECT_NE(error.error().message.find("nested"), std::string::npos) << error.error().message;
  WriteTxn innermost = must(inner.nested());
  expect_refuses(txn, ErrorCode::kMisuse);
  expect_refuses(inner, ErrorCode::kMisuse);
  innermost.abort();
  expect_refuses(txn, ErrorCode::kMisuse);
  store(inner, "a", "2");
  must(inner.commit());
  EXPECT_EQ(get(txn, "a"), "2");
  must(txn.commit());
  expect_clean(database);
}

TEST_F(LevelsTest, TheEndOfTheOuterTransactionEndsNestedOnes) {
  const Database database = open();
  put(database, "a", "1");
  WriteTxn txn = must(database.write());
  WriteTxn inner = must(txn.nested());
  store(inner, "a", "2");
  WriteTxn innermost = must(inner.nested());
  store(innermost, "a", "3");
  txn.abort();
  expect_refuses(txn, ErrorCode::kTransactionEnded);
  expect_refuses(inner, ErrorCode::kTransactionEnded);
  expect_refuses(innermost, ErrorCode::kTransactionEnded);
  innermost.abort();
  inner.abort();
  EXPECT_EQ(get(database, "a"), "1");
  put(database, "a", "4");
  EXPECT_EQ(get(database, "a"), "4");
  expect_clean(database);
}

TEST_F(LevelsTest, HandlesMayBeMovedAndEndedTwice) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  WriteTxn inner = must(txn.nested());
  WriteTxn moved = std::move(inner);
  expect_refuses(inner, ErrorCode::kTransactionEnded);  // NOLINT(bugprone-use-after-move)
  inner.abort();
  store(moved, "a", "1");
  WriteTxn outer = std::move(txn);  // the inner one belongs to what was moved
  expect_refuses(outer, ErrorCode::kMisuse);
  must(moved.commit());
  moved.abort();
  moved.abort();
  EXPECT_EQ(get(outer, "a"), "1");
  moved = must(outer.nested());
  store(moved, "a", "2");
  moved = WriteTxn(must(std::move(moved).nested()));  // ends the one that it is nested in
  expect_refuses(moved, ErrorCode::kTransactionEnded);
  EXPECT_EQ(get(outer, "a"), "1");
  must(outer.commit());
  expect_clean(database);
}

TEST_F(LevelsTest, OneThousandLevelsDeep) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  std::deque<WriteTxn> levels;
  levels.push_back(std::move(txn));
  for (int i = 1; i <= 1000; ++i) {
    store(levels.back(), "key", std::to_string(i));
    levels.push_back(must(levels.back().nested()));
  }
  for (int i = 1000; i > 500; --i) {
    if (i % 2 == 0) must(levels.back().commit());
    levels.pop_back();
    // What level i - 1 stored, or what the committed level i did.
    EXPECT_EQ(get(levels.back(), "key"), std::to_string(i % 2 == 0 && i < 1000 ? i + 1 : i));
  }
  levels.pop_front();  // the outermost one first
  levels.clear();
  EXPECT_EQ(get(database, "key"), std::nullopt);
  expect_clean(database);
}

TEST_F(LevelsTest, ASavepointCanBeReturnedToManyTimes) {
  const Database database = open();
  put(database, "a", "0");
  WriteTxn txn = must(database.write());
  store(txn, "a", "1");
  const Savepoint first = must(txn.savepoint());
  for (int i = 0; i < 3; ++i) {
    store(txn, "a", "2");
    store(txn, "b", "2");
    const Savepoint second = must(txn.savepoint());
    remove(txn, "a");
    must(txn.rollback_to(second));
    EXPECT_EQ(get(txn, "a"), "2");
    must(txn.rollback_to(first));
    EXPECT_EQ(get(txn, "a"), "1");
    EXPECT_EQ(get(txn, "b"), std::nullopt);
    EXPECT_TRUE(fails(txn.rollback_to(second), ErrorCode::kMisuse)) << "rolled back beyond it";
    EXPECT_TRUE(fails(txn.release(second), ErrorCode::kMisuse));
  }
  store(txn, "a", "3");
  must(txn.release(first));
  EXPECT_TRUE(fails(txn.rollback_to(first), ErrorCode::kMisuse)) << "was released";
  EXPECT_EQ(get(txn, "a"), "3");
  must(txn.commit());
  EXPECT_EQ(get(database, "a"), "3");
  expect_clean(database);
}

TEST_F(LevelsTest, ASavepointIsGoodInItsOwnTransactionOnly) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  const Savepoint outer = must(txn.savepoint());
  store(txn, "a", "1");
  WriteTxn inner = must(txn.nested());
  EXPECT_TRUE(fails(inner.rollback_to(outer), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(inner.release(outer), ErrorCode::kMisuse));
  const Savepoint within = must(inner.savepoint());
  store(inner, "a", "2");
  must(inner.rollback_to(within));
  EXPECT_EQ(get(inner, "a"), "1");
  must(inner.commit());
  EXPECT_TRUE(fails(txn.rollback_to(within), ErrorCode::kMisuse));
  must(txn.rollback_to(outer));
  EXPECT_EQ(get(txn, "a"), std::nullopt);
  txn.abort();

  const Database other = must(Database::open(directory().file("other")));
  WriteTxn another = must(other.write());
  must(another.savepoint());
  EXPECT_TRUE(fails(another.rollback_to(outer), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(another.rollback_to(Savepoint()), ErrorCode::kMisuse));
}

TEST_F(LevelsTest, CursorsOfTheOuterTransactionAreRefusedAndComeBack) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  for (const char* key : {"a", "b", "c"}) store(txn, key, key);
  Cursor cursor = must(txn.cursor({}));
  ASSERT_TRUE(must(cursor.seek_exact(as_bytes("b"))));
  WriteTxn inner = must(txn.nested());
  EXPECT_TRUE(fails(cursor.next(), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(cursor.seek(as_bytes("a")), ErrorCode::kMisuse));
  Cursor within = must(inner.cursor({}));
  ASSERT_TRUE(must(within.last()));
  inner.abort();
  EXPECT_TRUE(fails(within.prev(), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(within.first(), ErrorCode::kTransactionEnded));
  EXPECT_EQ(as_text(cursor.key()), "b") << "it stands where it stood";
  EXPECT_TRUE(must(cursor.next()));
  EXPECT_EQ(as_text(cursor.key()), "c");

  const Savepoint savepoint = must(txn.savepoint());
  remove(txn, "c");
  store(txn, "d", "d");
  EXPECT_FALSE(cursor.valid());
  must(txn.rollback_to(savepoint));
  EXPECT_TRUE(cursor.valid());
  EXPECT_EQ(as_text(cursor.key()), "c");
  EXPECT_FALSE(must(cursor.next()));
}

TEST_F(LevelsTest, TablesComeAndGoWithTheirLevel) {
  const Database database = open();
  const Table kept = must(database.table("kept"));
  const Table made = must(database.table("made"));
  const Table renamed = must(database.table("renamed"));
  {
    WriteTxn txn = must(database.write());
    must(txn.create_table(kept));
    store(txn, "a", "1", kept);
    must(txn.commit());
  }
  WriteTxn txn = must(database.write());
  store(txn, "a", "2", kept);
  for (const bool keep : {false, true}) {
    WriteTxn inner = must(txn.nested());
    must(inner.create_table(made));
    store(inner, "a", "made", made);
    must(inner.rename_table(kept, renamed));
    EXPECT_EQ(get(inner, "a", renamed), "2");
    {
      WriteTxn innermost = must(inner.nested());
      must(innermost.drop_table(renamed));
      must(innermost.clear(made));
      must(innermost.create_table(kept));
    }
    EXPECT_EQ(get(inner, "a", renamed), "2");
    EXPECT_EQ(get(inner, "a", made), "made");
    EXPECT_FALSE(must(inner.exists(kept)));
    if (keep) must(inner.commit());
    inner.abort();
    EXPECT_EQ(must(txn.exists(made)), keep);
    EXPECT_EQ(must(txn.exists(kept)), !keep);
    EXPECT_EQ(get(txn, "a", keep ? renamed : kept), "2");
  }
  must(txn.commit());
  EXPECT_EQ(get(database, "a", renamed), "2");
  EXPECT_EQ(get(database, "a", made), "made");
  expect_clean(database);
}

TEST_F(LevelsTest, LargeValuesComeBackWithTheirLevel) {
  const Database database = open();
  const std::string held(20000, 'h');
  const std::string written(kWriteThrough + 5, 'w');
  WriteTxn txn = must(database.write());
  store(txn, "held", held);
  store(txn, "written", written);
  const Savepoint savepoint = must(txn.savepoint());
  for (int i = 0; i < 4; ++i) {
    remove(txn, "held");
    store(txn, "written", held);
    store(txn, "new held", held + "new");
    store(txn, "new written", written + "new");
    if (i % 2 == 0) remove(txn, "new written");
    must(txn.rollback_to(savepoint));
    EXPECT_EQ(get(txn, "held"), held);
    EXPECT_EQ(get(txn, "written"), written);
    EXPECT_EQ(get(txn, "new held"), std::nullopt);
    EXPECT_EQ(get(txn, "new written"), std::nullopt);
  }
  must(txn.commit());
  EXPECT_EQ(get(database, "held"), held);
  EXPECT_EQ(get(database, "written"), written);
  expect_clean(database);  // among other things, that no page is lost
}

TEST_F(LevelsTest, WhatWasUndoneIsNoChange) {
  const Database database = open();
  const std::uint64_t before = put(database, "a", "1");
  CallCounter calls;
  WriteTxn txn = must(database.write());
  {
    WriteTxn inner = must(txn.nested());
    store(inner, "a", "2");
  }
  const Savepoint savepoint = must(txn.savepoint());
  store(txn, "a", "3");
  must(txn.rollback_to(savepoint));
  EXPECT_EQ(must(txn.commit()), before);
  EXPECT_EQ(must(database.read()).id(), before);
}

TEST_F(LevelsTest, ASavepointMendsATransactionWhoseChangeFailed) {
  CallCounter calls;
  const Database database = open({.page_size = {}, .observer = &calls});
  put(database, "a", "1");
  WriteTxn txn = must(database.write());
  store(txn, "a", "2");
  const Savepoint savepoint = must(txn.savepoint());
  store(txn, "b", "2");
  calls.fail(engine::os::Call::Kind::kAllocate, ENOSPC);
  const std::string huge(64 * kWriteThrough, 'x');
  EXPECT_TRUE(fails(txn.put({}, as_bytes("huge"), as_bytes(huge)), ErrorCode::kNoSpace));
  calls.stop_failing();
  EXPECT_TRUE(fails(txn.put({}, as_bytes("c"), {}), ErrorCode::kNoSpace)) << "only a way back";
  EXPECT_TRUE(fails(txn.nested(), ErrorCode::kNoSpace));
  EXPECT_TRUE(fails(txn.savepoint(), ErrorCode::kNoSpace));
  must(txn.rollback_to(savepoint));
  EXPECT_EQ(get(txn, "b"), std::nullopt);
  store(txn, "c", "3");
  must(txn.commit());
  EXPECT_EQ(get(database, "a"), "2");
  EXPECT_EQ(get(database, "c"), "3");
  // The file was not lengthened for what failed.
  EXPECT_LT(must(database.stats()).file_pages, 64U);
  expect_clean(database);
}

TEST_F(LevelsTest, ABrokenNestedTransactionBreaksNothingElse) {
  CallCounter calls;
  const Database database = open({.page_size = {}, .observer = &calls});
  WriteTxn txn = must(database.write());
  store(txn, "a", "1");
  for (const bool commits : {true, false}) {
    WriteTxn inner = must(txn.nested());
    store(inner, "a", "2");
    calls.fail(engine::os::Call::Kind::kAllocate, ENOSPC);
    const std::string huge(64 * kWriteThrough, 'x');
    EXPECT_TRUE(fails(inner.put({}, as_bytes("huge"), as_bytes(huge)), ErrorCode::kNoSpace));
    calls.stop_failing();
    if (commits) {
      EXPECT_TRUE(fails(inner.commit(), ErrorCode::kNoSpace));
    }
    inner.abort();
    EXPECT_EQ(get(txn, "a"), "1");
  }
  must(txn.commit());
  EXPECT_EQ(get(database, "a"), "1");
  expect_clean(database);
}

TEST_F(LevelsTest, NoRollbackMendsAFailedWrite) {
  CallCounter calls;
  {
    const Database database = open({.page_size = {}, .observer = &calls});
    put(database, "a", "1");
    WriteTxn txn = must(database.write());
    const Savepoint savepoint = must(txn.savepoint());
    calls.fail(engine::os::Call::Kind::kWrite, EIO);
    const std::string large(4 * kWriteThrough, 'x');
    EXPECT_TRUE(fails(txn.put({}, as_bytes("large"), as_bytes(large)), ErrorCode::kIo));
    calls.stop_failing();
    must(txn.rollback_to(savepoint));
    EXPECT_FALSE(txn.put({}, as_bytes("b"), as_bytes("2")).has_value());
    EXPECT_FALSE(txn.commit().has_value());
    EXPECT_TRUE(fails(database.write(), ErrorCode::kLatched));
  }
  const Database again = open();
  EXPECT_EQ(get(again, "a"), "1");
  EXPECT_EQ(get(again, "b"), std::nullopt);
  expect_clean(again);
}

}  // namespace
}  // namespace kist::test
