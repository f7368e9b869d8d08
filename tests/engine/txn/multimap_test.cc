#include <gtest/gtest.h>

#include <kist/engine/keys.h>

#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::CountOf;
using engine::Order;
using engine::TableOptions;

class Multimap : public StoreTest {
 protected:
  static Bytes b(std::string_view text) { return as_bytes(text); }
};

TEST_F(Multimap, KeepsSortedValues) {
  const Database database = open();
  const Table table = must(database.table("tags"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table, {.multi = true}));
  EXPECT_TRUE(must(txn.put(table, b("k"), b("2"))));
  EXPECT_TRUE(must(txn.put(table, b("k"), b("1"))));
  EXPECT_FALSE(must(txn.put(table, b("k"), b("1"))));
  EXPECT_EQ(get(txn, "k", table), "1");
  for (int i = 0; i < 5000; ++i) {
    must(txn.put(table, b("k"), b("value " + std::to_string(i))));
  }
  EXPECT_EQ(must(txn.count_values(table, b("k"))), 5002U);
  EXPECT_EQ(must(txn.count(table)), 5002U);
  EXPECT_EQ(must(txn.count(table, CountOf::kKeys)), 1U);
  must(txn.commit());
  EXPECT_EQ(must(must(database.read()).count_values(table, b("k"))), 5002U);
  EXPECT_TRUE(must(must(database.read()).contains_pair(table, b("k"), b("value 17"))));
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
