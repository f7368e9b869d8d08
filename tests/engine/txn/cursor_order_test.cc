// Ranks, distances and jumps cost what the tree is deep.

#include <algorithm>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include <kist/engine/cursor.h>

#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

constexpr std::uint64_t kRecords = 20'000;

class CursorOrderTest : public StoreTest {
 protected:
  static std::string key(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(8 - digits.size(), '0') + digits;
  }
  /// A store of kRecords records, opened again so that no page was touched yet.
  Database open_filled() {
    {
      const Database database = open({.page_size = 512});
      WriteTxn txn = must(database.write());
      for (std::uint64_t i = 0; i < kRecords; ++i) {
        must(txn.put({}, as_bytes(key(i)), as_bytes("v"), PutMode::kAppend));
      }
      must(txn.commit());
    }
    return open();
  }
};

TEST_F(CursorOrderTest, TouchesOnlyTheWayDown) {
  const Database database = open_filled();
  const ReadTxn txn = must(database.read());
  const auto touched = [&] { return must(database.stats()).pages_verified; };
  Random random(test_seed("CursorOrderTest"));
  Cursor cursor = must(txn.cursor({}));
  std::uint64_t before = touched();
  std::uint64_t most = 0;
  for (int i = 0; i < 50; ++i) {
    const std::uint64_t from = random.below(kRecords);
    const std::uint64_t to = random.below(kRecords);
    ASSERT_TRUE(must(cursor.seek_nth(from)));
    EXPECT_EQ(as_text(cursor.key()), key(from));
    EXPECT_EQ(must(cursor.rank()), from);
    const std::int64_t way = static_cast<std::int64_t>(to) - static_cast<std::int64_t>(from);
    ASSERT_TRUE(must(cursor.scroll(way)));
    EXPECT_EQ(as_text(cursor.key()), key(to));
    const std::uint64_t after = touched();
    most = std::max(most, after - before);
    before = after;
  }
  EXPECT_LE(most, 2 * must(txn.table_stats({})).depth);
}

TEST_F(CursorOrderTest, ScrollsOffEitherEndAndBack) {
  const Database database = open_filled();
  const ReadTxn txn = must(database.read());
  Cursor cursor = must(txn.cursor({}));
  const auto all = static_cast<std::int64_t>(kRecords);
  EXPECT_TRUE(must(cursor.scroll(1))) << "from before the first";
  EXPECT_EQ(as_text(cursor.key()), key(0));
  EXPECT_FALSE(must(cursor.scroll(-1)));
  EXPECT_EQ(must(cursor.rank()), 0U);
  EXPECT_TRUE(must(cursor.scroll(all)));
  EXPECT_EQ(as_text(cursor.key()), key(kRecords - 1));
  EXPECT_FALSE(must(cursor.scroll(1)));
  EXPECT_TRUE(cursor.off());
  EXPECT_EQ(must(cursor.rank()), kRecords);
  EXPECT_FALSE(must(cursor.scroll(0)));
  EXPECT_TRUE(must(cursor.scroll(-all)));
  EXPECT_EQ(as_text(cursor.key()), key(0));
  EXPECT_FALSE(must(cursor.scroll(std::numeric_limits<std::int64_t>::max())));
  EXPECT_FALSE(must(cursor.scroll(std::numeric_limits<std::int64_t>::min())));
  EXPECT_TRUE(cursor.off());
  EXPECT_TRUE(must(cursor.next()));
  EXPECT_EQ(as_text(cursor.key()), key(0));
}

TEST_F(CursorOrderTest, CountsTheRecordsAGapHasBeforeIt) {
  const Database database = open_filled();
  const ReadTxn txn = must(database.read());
  Cursor cursor = must(txn.cursor({}));
  EXPECT_FALSE(must(cursor.seek_exact(as_bytes(key(700) + "x"))));
  EXPECT_EQ(must(cursor.rank()), 701U);
  Cursor forward = cursor;
  EXPECT_TRUE(must(forward.scroll(10)));
  EXPECT_EQ(as_text(forward.key()), key(710));
  EXPECT_TRUE(must(cursor.scroll(-10)));
  EXPECT_EQ(as_text(cursor.key()), key(691));
  EXPECT_EQ(must(cursor.distance(forward)), 19);
  EXPECT_EQ(must(forward.distance(cursor)), -19);
  EXPECT_LT(must(cursor.compare(forward)), 0);
}

TEST_F(CursorOrderTest, OnlyCursorsOfOneTableAndTransactionCompare) {
  const Database database = open();
  const Table table = must(database.table("table"));
  WriteTxn writer = must(database.write());
  must(writer.create_table(table));
  must(writer.put({}, as_bytes("a"), {}));
  must(writer.commit());
  const ReadTxn txn = must(database.read());
  const ReadTxn another = must(database.read());
  const Cursor cursor = must(txn.cursor({}));
  EXPECT_EQ(must(cursor.compare(must(txn.cursor({})))), 0);
  EXPECT_TRUE(fails(cursor.compare(must(txn.cursor(table))), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(cursor.distance(must(txn.cursor(table))), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(cursor.compare(must(another.cursor({}))), ErrorCode::kMisuse));
}

}  // namespace
}  // namespace kist::test
