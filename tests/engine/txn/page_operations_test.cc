#include <gtest/gtest.h>

#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::PageOperations;

class PageOperationsTest : public StoreTest {
 protected:
  static std::string key(int i) { return std::to_string(100'000 + i); }
  static PageOperations fill(const Database& database, int from, int to) {
    WriteTxn txn = must(database.write());
    for (int i = from; i < to; ++i) must(txn.put({}, as_bytes(key(i)), as_bytes("some value")));
    PageOperations done = txn.page_operations();
    must(txn.commit());
    return done;
  }
};

TEST_F(PageOperationsTest, CountsWhatATransactionDoes) {
  const Database database = open();
  const PageOperations filled = fill(database, 0, 20'000);
  auto shape = must(must(database.read()).table_stats({}));
  EXPECT_EQ(filled.created, shape.leaf_pages + shape.branch_pages);
  EXPECT_EQ(filled.split + shape.depth, filled.created)
      << "each split makes one page, a new root has no sibling";
  EXPECT_EQ(filled.copied + filled.merged + filled.spilled, 0U);
  {
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes(key(7)), as_bytes("else")));
    EXPECT_EQ(txn.page_operations(), (PageOperations{.copied = shape.depth}));
    EXPECT_EQ(txn.dirty_pages(), shape.depth);
    must(txn.put({}, as_bytes(key(7)), as_bytes("again")));
    EXPECT_EQ(txn.page_operations(), (PageOperations{.copied = shape.depth})) << "in place now";
    txn.abort();
    EXPECT_EQ(txn.page_operations(), PageOperations());
    EXPECT_EQ(txn.dirty_pages(), 0U);
  }
  {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < 20'000; ++i) {
      if (i % 50 != 0) must(txn.erase({}, as_bytes(key(i))));
    }
    EXPECT_GT(txn.page_operations().merged, shape.leaf_pages / 2);
    must(txn.commit());
  }
  expect_clean(database);
}

TEST_F(PageOperationsTest, CountsPagesThatWereWrittenEarly) {
  const Database database = open({.transaction_memory = 64 * 4096});
  const PageOperations done = fill(database, 0, 20'000);
  EXPECT_GT(done.spilled, 64U);
  EXPECT_GT(done.copied, 0U) << "of pages written early";
  expect_clean(database);
}

TEST_F(PageOperationsTest, TheEnvironmentAddsThemUp) {
  const Database database = open();
  EXPECT_EQ(must(database.stats()).operations, PageOperations());
  const PageOperations first = fill(database, 0, 1000);
  const PageOperations second = fill(database, 1000, 2000);
  const PageOperations sum = must(database.stats()).operations;
  EXPECT_EQ(sum.created, first.created + second.created);
  EXPECT_EQ(sum.split, first.split + second.split);
  {
    WriteTxn txn = must(database.write());
    WriteTxn nested = must(txn.nested());
    must(nested.put({}, as_bytes("k"), as_bytes("v")));
    must(nested.commit());
    EXPECT_GT(txn.page_operations().copied, 0U);
  }
  EXPECT_GT(must(database.stats()).operations.copied, sum.copied) << "aborted ones, too";
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
