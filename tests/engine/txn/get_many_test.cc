#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

class GetManyTest : public StoreTest {};

void expect_same(const Txn& txn, Table table, const std::vector<std::string>& keys) {
  std::vector<Bytes> asked;
  for (const std::string& key : keys) asked.push_back(as_bytes(key));
  std::vector<std::optional<Bytes>> values(keys.size(), as_bytes("what was there before"));
  must(txn.get_many(table, asked, values));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::optional<Bytes> expected = must(txn.get(table, asked[i]));
    ASSERT_EQ(values[i].has_value(), expected.has_value()) << keys[i];
    if (!expected) continue;
    ASSERT_EQ(as_text(*values[i]), as_text(*expected)) << keys[i];
  }
}

TEST_F(GetManyTest, FindsWhatGetFinds) {
  Random random(test_seed("GetMany"));
  for (const std::uint32_t page_size : {256U, 4096U}) {
    const Database database =
        must(Database::open(path() + std::to_string(page_size), {.page_size = page_size}));
    const Table multi = must(database.table("multi"));
    WriteTxn txn = must(database.write());
    must(txn.create_table(multi, {.multi = true}));
    std::vector<std::string> keys;
    ASSERT_NO_FATAL_FAILURE(expect_same(txn, {}, {"nothing", "in", "here"}));
    for (int i = 0; i < 2000; ++i) {
      const std::string key = fmt::format("{}", random.below(3000));
      keys.push_back(key);
      if (random.one_in(3)) continue;
      const std::string value(random.one_in(50) ? 2 * page_size : random.below(20), 'v');
      must(txn.put({}, as_bytes(key), as_bytes(value)));
      must(txn.put(multi, as_bytes(key), as_bytes(value)));
    }
    ASSERT_NO_FATAL_FAILURE(expect_same(txn, {}, keys)) << "uncommitted";
    must(txn.commit());
    const ReadTxn read = must(database.read());
    ASSERT_NO_FATAL_FAILURE(expect_same(read, {}, keys));
    ASSERT_NO_FATAL_FAILURE(expect_same(read, {}, {keys.begin(), keys.begin() + 33}));
    ASSERT_NO_FATAL_FAILURE(expect_same(read, multi, keys));
    ASSERT_NO_FATAL_FAILURE(expect_same(read, {}, {}));
    expect_clean(database);
  }
}

TEST_F(GetManyTest, RefusesOtherNumbersOfValues) {
  const Database database = open();
  const ReadTxn txn = must(database.read());
  const std::vector<Bytes> keys(2);
  std::vector<std::optional<Bytes>> values(1);
  EXPECT_TRUE(fails(txn.get_many({}, keys, values), ErrorCode::kInvalidArgument));
}

}  // namespace
}  // namespace kist::test
