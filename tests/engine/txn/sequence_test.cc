#include <limits>

#include <gtest/gtest.h>

#include "tests/support/store_test.h"

namespace kist::test {
namespace {

// A number of each table that only ever grows.
class SequenceTest : public StoreTest, public testing::WithParamInterface<const char*> {
 protected:
  /// The default table, or a named one that exists.
  static Table table(const Database& database) {
    if (*GetParam() == '\0') return {};
    const Table named = must(database.table(GetParam()));
    WriteTxn txn = must(database.write());
    must(txn.create_table(named, true));
    must(txn.commit());
    return named;
  }
};

TEST_P(SequenceTest, HandsOutEachNumberOnce) {
  {
    const Database database = open();
    const Table in = table(database);
    WriteTxn txn = must(database.write());
    EXPECT_EQ(must(txn.sequence(in)), 0U);
    EXPECT_EQ(must(txn.advance_sequence(in)), 0U);
    EXPECT_EQ(must(txn.advance_sequence(in)), 1U);
    EXPECT_EQ(must(txn.advance_sequence(in, 10)), 2U);
    EXPECT_EQ(must(txn.advance_sequence(in, 0)), 12U);
    EXPECT_EQ(must(txn.sequence(in)), 12U);
    EXPECT_EQ(must(must(database.read()).sequence(in)), 0U) << "not committed";
    must(txn.commit());
    EXPECT_EQ(must(must(database.read()).sequence(in)), 12U);
    txn = must(database.write());
    EXPECT_EQ(must(txn.advance_sequence(in)), 12U);
    txn.abort();
    expect_clean(database);
  }
  const Database database = open();
  const Table in = table(database);
  WriteTxn txn = must(database.write());
  EXPECT_EQ(must(txn.advance_sequence(in)), 12U) << "persistent, and aborted ones do not count";
  // Records come and go; the sequence stays.
  must(txn.put(in, as_bytes("a"), as_bytes("1")));
  must(txn.clear(in));
  EXPECT_EQ(must(txn.sequence(in)), 13U);
  must(txn.commit());
  EXPECT_EQ(must(must(database.read()).sequence(in)), 13U);
  expect_clean(database);
}

TEST_P(SequenceTest, DoesNotOverflow) {
  const Database database = open();
  const Table in = table(database);
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  WriteTxn txn = must(database.write());
  EXPECT_EQ(must(txn.advance_sequence(in, 5)), 0U);
  EXPECT_TRUE(fails(txn.advance_sequence(in, kMost), ErrorCode::kInvalidArgument));
  EXPECT_EQ(must(txn.advance_sequence(in, kMost - 5)), 5U);
  EXPECT_TRUE(fails(txn.advance_sequence(in), ErrorCode::kInvalidArgument));
  EXPECT_EQ(must(txn.sequence(in)), kMost);
  must(txn.commit());
  EXPECT_EQ(must(must(database.read()).sequence(in)), kMost);
  expect_clean(database);
}

INSTANTIATE_TEST_SUITE_P(Tables, SequenceTest, testing::Values("", "table"));

using TableSequenceTest = StoreTest;

TEST_F(TableSequenceTest, BelongsToTheTable) {
  const Database database = open();
  const Table table = must(database.table("table"));
  const Table renamed = must(database.table("renamed"));
  WriteTxn txn = must(database.write());
  EXPECT_TRUE(fails(txn.advance_sequence(table), ErrorCode::kTableNotFound));
  EXPECT_TRUE(fails(txn.sequence(table), ErrorCode::kTableNotFound));
  must(txn.create_table(table));
  must(txn.advance_sequence(table, 7));
  must(txn.advance_sequence({}, 3));
  must(txn.rename_table(table, renamed));
  EXPECT_EQ(must(txn.sequence(renamed)), 7U);
  EXPECT_EQ(must(txn.sequence({})), 3U);
  must(txn.commit());
  txn = must(database.write());
  EXPECT_EQ(must(txn.advance_sequence(renamed)), 7U);
  must(txn.drop_table(renamed));
  must(txn.create_table(renamed));
  EXPECT_EQ(must(txn.sequence(renamed)), 0U) << "another table";
  must(txn.commit());
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
