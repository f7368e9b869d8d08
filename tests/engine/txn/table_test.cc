#include <gtest/gtest.h>

#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using TableTest = StoreTest;
using testing::Test;

TEST_F(TableTest, CreateUseDrop) {
  const Database database = open();
  const Table table = must(database.table("one"));
  WriteTxn txn = must(database.write());
  EXPECT_FALSE(must(txn.exists(table)));
  EXPECT_TRUE(fails(txn.put(table, as_bytes("a"), as_bytes("1")), ErrorCode::kTableNotFound));
  EXPECT_TRUE(fails(txn.get(table, as_bytes("a")), ErrorCode::kTableNotFound));
  EXPECT_TRUE(fails(txn.erase(table, as_bytes("a")), ErrorCode::kTableNotFound));
  EXPECT_TRUE(fails(txn.clear(table), ErrorCode::kTableNotFound));
  EXPECT_TRUE(fails(txn.count(table), ErrorCode::kTableNotFound));
  EXPECT_TRUE(fails(txn.drop_table(table), ErrorCode::kTableNotFound));
  must(txn.create_table(table));
  EXPECT_TRUE(must(txn.exists(table)));
  EXPECT_TRUE(fails(txn.create_table(table), ErrorCode::kTableExists));
  EXPECT_TRUE(ok(txn.create_table(table, true)));
  must(txn.put(table, as_bytes("a"), as_bytes("1")));
  must(txn.commit());
  EXPECT_EQ(get(database, "a", table), "1");
  EXPECT_FALSE(get(database, "a")) << "the default table is another";

  txn = must(database.write());
  must(txn.drop_table(table));
  EXPECT_FALSE(must(txn.exists(table)));
  EXPECT_TRUE(fails(txn.get(table, as_bytes("a")), ErrorCode::kTableNotFound));
  must(txn.commit());
  EXPECT_FALSE(must(must(database.read()).exists(table)));
  expect_clean(database);
}

TEST_F(TableTest, CreatingAgainKeepsWhatIsThere) {
  const Database database = open();
  const Table table = must(database.table("one"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table, true));
  must(txn.put(table, as_bytes("a"), as_bytes("1")));
  must(txn.create_table(table, true));
  EXPECT_EQ(get(txn, "a", table), "1");
  must(txn.commit());
  EXPECT_EQ(get(database, "a", table), "1");
}

TEST_F(TableTest, DropAndCreateInOneTransactionEmpties) {
  const Database database = open();
  const Table table = must(database.table("one"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table));
  for (int i = 0; i < 500; ++i) must(txn.put(table, as_bytes(std::to_string(i)), as_bytes("v")));
  must(txn.put(table, as_bytes("large"), as_bytes(std::string(50000, 'x'))));
  must(txn.commit());
  txn = must(database.write());
  must(txn.drop_table(table));
  must(txn.create_table(table));
  EXPECT_EQ(must(txn.count(table)), 0U);
  must(txn.put(table, as_bytes("new"), as_bytes("v")));
  must(txn.commit());
  EXPECT_EQ(must(must(database.read()).count(table)), 1U);
  expect_clean(database);
}

TEST_F(TableTest, HandlesOutliveAbortedTransactions) {
  const Database database = open();
  const Table table = must(database.table("one"));
  {
    WriteTxn txn = must(database.write());
    must(txn.create_table(table));
    must(txn.put(table, as_bytes("a"), as_bytes("1")));
  }
  EXPECT_FALSE(must(must(database.read()).exists(table)));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table));
  EXPECT_EQ(must(txn.count(table)), 0U);
  must(txn.put(table, as_bytes("b"), as_bytes("2")));
  must(txn.commit());
  EXPECT_EQ(get(database, "b", table), "2");
  EXPECT_FALSE(get(database, "a", table));
  expect_clean(database);
}

TEST_F(TableTest, TheSameNameGivesTheSameTable) {
  const Database database = open();
  const Table one = must(database.table("one"));
  EXPECT_EQ(must(database.table("one")).index(), one.index());
  EXPECT_NE(must(database.table("two")).index(), one.index());
  EXPECT_NE(one.index(), Table().index());
}

TEST_F(TableTest, NamesAreBytes) {
  const Database database = open();
  std::vector<std::string> names{std::string("\0", 1), std::string("a\0b", 3), "a", "\xff\xfe",
                                 "ä"};
  names.emplace_back(database.max_table_name_size(), 'n');
  WriteTxn txn = must(database.write());
  for (const std::string& name : names) {
    const Table table = must(database.table(name));
    must(txn.create_table(table));
    must(txn.put(table, as_bytes("name"), as_bytes(name)));
  }
  must(txn.commit());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(must(must(database.read()).table_names()), names);
  for (const std::string& name : names) {
    EXPECT_EQ(get(database, "name", must(database.table(name))), name);
  }
  EXPECT_EQ(must(database.stats()).tables, names.size());
  expect_clean(database);
}

TEST_F(TableTest, RefusesEmptyAndOverlongNames) {
  const Database database = open();
  EXPECT_TRUE(fails(database.table(""), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(fails(database.table(std::string(database.max_table_name_size() + 1, 'n')),
                    ErrorCode::kInvalidArgument));
}

TEST_F(TableTest, Rename) {
  const Database database = open();
  const Table one = must(database.table("one"));
  const Table two = must(database.table("two"));
  WriteTxn txn = must(database.write());
  EXPECT_TRUE(fails(txn.rename_table(one, two), ErrorCode::kTableNotFound));
  must(txn.create_table(one));
  must(txn.put(one, as_bytes("a"), as_bytes("1")));
  must(txn.commit());

  const ReadTxn old = must(database.read());
  txn = must(database.write());
  must(txn.rename_table(one, two));
  EXPECT_FALSE(must(txn.exists(one)));
  EXPECT_EQ(get(txn, "a", two), "1");
  must(txn.put(two, as_bytes("b"), as_bytes("2")));
  must(txn.create_table(one));
  EXPECT_TRUE(fails(txn.rename_table(one, two), ErrorCode::kTableExists));
  must(txn.commit());
  EXPECT_EQ(get(database, "a", two), "1");
  EXPECT_EQ(get(database, "b", two), "2");
  EXPECT_EQ(must(must(database.read()).count(one)), 0U);
  EXPECT_EQ(get(old, "a", one), "1");
  EXPECT_FALSE(must(old.exists(two)));
  expect_clean(database);
}

TEST_F(TableTest, ClearLeavesAnEmptyTable) {
  const Database database = open({.page_size = 512});
  const Table table = must(database.table("one"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table));
  for (int i = 0; i < 1000; ++i) {
    must(txn.put(table, as_bytes(std::to_string(i)),
                 as_bytes(std::string(i % 7 == 0 ? 2000U : 9U, 'x'))));
  }
  must(txn.commit());
  txn = must(database.write());
  must(txn.put(table, as_bytes("dirty"), as_bytes(std::string(3000, 'x'))));
  EXPECT_EQ(must(txn.clear(table)), 1001U);
  EXPECT_EQ(must(txn.clear(table)), 0U);
  EXPECT_EQ(must(txn.count(table)), 0U);
  must(txn.commit());
  EXPECT_TRUE(must(must(database.read()).exists(table)));
  EXPECT_EQ(must(must(database.read()).table_stats(table)).depth, 0U);
  put(database, "again", "v", table);
  EXPECT_EQ(must(must(database.read()).count(table)), 1U);
  expect_clean(database);
}

TEST_F(TableTest, TheDefaultTableCannotBeDroppedOrRenamed) {
  const Database database = open();
  const Table table = must(database.table("one"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table));
  EXPECT_FALSE(txn.drop_table({}).has_value());
  EXPECT_FALSE(txn.rename_table({}, must(database.table("two"))).has_value());
  EXPECT_FALSE(txn.rename_table(table, {}).has_value());
  must(txn.put({}, as_bytes("a"), as_bytes("1")));
  must(txn.commit());
  EXPECT_EQ(get(database, "a"), "1");
  expect_clean(database);
}

TEST_F(TableTest, ManyTables) {
  {
    const Database database = open({.page_size = 512});
    WriteTxn txn = must(database.write());
    for (int i = 0; i < 2000; ++i) {
      const Table table = must(database.table("table " + std::to_string(i)));
      must(txn.create_table(table));
      must(txn.put(table, as_bytes("number"), as_bytes(std::to_string(i))));
    }
    must(txn.commit());
  }
  const Database database = open();
  const ReadTxn reader = must(database.read());
  EXPECT_EQ(must(reader.table_names()).size(), 2000U);
  WriteTxn txn = must(database.write());
  for (int i = 0; i < 2000; ++i) {
    const Table table = must(database.table("table " + std::to_string(i)));
    EXPECT_EQ(get(reader, "number", table), std::to_string(i));
    if (i % 2 == 0) must(txn.drop_table(table));
  }
  must(txn.commit());
  EXPECT_EQ(must(must(database.read()).table_names()).size(), 1000U);
  EXPECT_EQ(must(reader.table_names()).size(), 2000U);
  expect_clean(database);
}

TEST_F(TableTest, TransactionOlderThanTheTableDoesNotSeeIt) {
  const Database database = open();
  const ReadTxn old = must(database.read());
  const Table table = must(database.table("one"));
  EXPECT_FALSE(must(old.exists(table)));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table));
  must(txn.commit());
  EXPECT_FALSE(must(old.exists(table)));
  EXPECT_TRUE(must(must(database.read()).exists(table)));
}

}  // namespace
}  // namespace kist::test
