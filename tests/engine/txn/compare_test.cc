#include <gtest/gtest.h>

#include <kist/engine/keys.h>

#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::key_of;
using engine::Order;

class CompareTest : public StoreTest {};

TEST_F(CompareTest, ComparesAsTheTableDoes) {
  const Database database = open();
  const Table table = must(database.table("t"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(
      table, {.key_order = Order::kReversed, .multi = true, .value_order = Order::kInt32}));
  EXPECT_LT(must(txn.compare_keys(table, as_bytes("ba"), as_bytes("ab"))), 0);
  EXPECT_GT(must(txn.compare_keys({}, as_bytes("ba"), as_bytes("ab"))), 0);
  EXPECT_EQ(must(txn.compare_keys({}, as_bytes("ab"), as_bytes("ab"))), 0);
  EXPECT_LT(must(txn.compare_values(table, key_of(-1), key_of(1))), 0);
  EXPECT_GT(must(txn.compare_values({}, as_bytes("b"), as_bytes("a"))), 0);
  must(txn.commit());
  EXPECT_TRUE(fails(txn.compare_keys({}, {}, {}), ErrorCode::kTransactionEnded));
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
