// Cursors in the values of one key, and reading of many records at once.

#include <array>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <kist/engine/cursor.h>
#include <kist/engine/keys.h>

#include "tests/support/store_test.h"

namespace kist::test {
namespace {

class CursorGroupsTest : public StoreTest {
 protected:
  static std::string at(const Cursor& cursor) {
    if (!cursor.valid()) return "-";
    return engine::to_string(cursor.key()) + engine::to_string(must(cursor.value()));
  }
  /// A table of the pairs a1 a2 a3 b1 c1 c2, or of values of one byte.
  Database open_pairs(bool dense) {
    Database database = open();
    table_ = must(database.table("pairs"));
    WriteTxn txn = must(database.write());
    must(txn.create_table(
        table_, {.multi = true, .value_size = static_cast<std::uint16_t>(dense ? 1 : 0)}));
    for (const char* pair : {"c2", "a3", "a1", "b1", "a2", "c1"}) {
      must(txn.put(table_, as_bytes({pair, 1}), as_bytes({pair + 1, 1})));
    }
    must(txn.commit());
    return database;
  }
  Table table_;
};

TEST_F(CursorGroupsTest, MovesOverKeysAndValues) {
  const Database database = open_pairs(false);
  const ReadTxn txn = must(database.read());
  Cursor cursor = must(txn.cursor(table_));
  std::string walked;
  while (must(cursor.next())) walked += at(cursor);
  EXPECT_EQ(walked, "a1a2a3b1c1c2");
  ASSERT_TRUE(must(cursor.prev_key()));
  EXPECT_EQ(at(cursor), "c2");
  ASSERT_TRUE(must(cursor.prev_key()));
  EXPECT_EQ(at(cursor), "b1");
  ASSERT_TRUE(must(cursor.prev_key()));
  EXPECT_EQ(at(cursor), "a3");
  EXPECT_EQ(must(cursor.value_count()), 3U);
  EXPECT_FALSE(must(cursor.next_value())) << "stays";
  EXPECT_EQ(at(cursor), "a3");
  ASSERT_TRUE(must(cursor.first_value()));
  EXPECT_EQ(at(cursor), "a1");
  EXPECT_FALSE(must(cursor.prev_value())) << "stays";
  ASSERT_TRUE(must(cursor.seek_value(as_bytes("2"))));
  EXPECT_EQ(at(cursor), "a2");
  EXPECT_FALSE(must(cursor.seek_value(as_bytes("4")))) << "stays";
  EXPECT_EQ(at(cursor), "a2");
  ASSERT_TRUE(must(cursor.last_value()));
  EXPECT_EQ(at(cursor), "a3");
  ASSERT_TRUE(must(cursor.next_key()));
  EXPECT_EQ(at(cursor), "b1");
  ASSERT_TRUE(must(cursor.next_key()));
  EXPECT_FALSE(must(cursor.next_key()));
  EXPECT_TRUE(cursor.off());
}

TEST_F(CursorGroupsTest, SeeksPairs) {
  const Database database = open_pairs(true);
  const ReadTxn txn = must(database.read());
  Cursor cursor = must(txn.cursor(table_));
  const Bytes a = as_bytes("a");
  const Bytes two = as_bytes("2");
  EXPECT_TRUE(must(cursor.seek_pair_exact(a, two)));
  EXPECT_EQ(at(cursor), "a2");
  EXPECT_TRUE(must(cursor.seek_pair_after(a, two)));
  EXPECT_EQ(at(cursor), "a3");
  EXPECT_TRUE(must(cursor.seek_pair_before(a, two)));
  EXPECT_EQ(at(cursor), "a1");
  EXPECT_TRUE(must(cursor.seek_pair(a, as_bytes("4"))));
  EXPECT_EQ(at(cursor), "b1");
  EXPECT_TRUE(must(cursor.seek_pair_back(as_bytes("b"), as_bytes("0"))));
  EXPECT_EQ(at(cursor), "a3");
  EXPECT_FALSE(must(cursor.seek_pair_exact(a, as_bytes("4"))));
  EXPECT_EQ(must(cursor.rank()), 3U);
  EXPECT_TRUE(must(cursor.seek_back(a)));
  EXPECT_EQ(at(cursor), "a3");
  EXPECT_TRUE(must(cursor.seek_exact(a)));
  EXPECT_EQ(at(cursor), "a1");
}

TEST_F(CursorGroupsTest, SeeksPairsInATableOfOneValueAKey) {
  const Database database = open();
  put(database, "a", "5");
  put(database, "b", "5");
  const ReadTxn txn = must(database.read());
  Cursor cursor = must(txn.cursor({}));
  EXPECT_TRUE(must(cursor.seek_pair(as_bytes("a"), as_bytes("4"))));
  EXPECT_EQ(at(cursor), "a5");
  EXPECT_TRUE(must(cursor.seek_pair(as_bytes("a"), as_bytes("6"))));
  EXPECT_EQ(at(cursor), "b5");
  EXPECT_FALSE(must(cursor.seek_pair_exact(as_bytes("a"), as_bytes("4"))));
  ASSERT_TRUE(must(cursor.next())) << "the pair lies before that of the table";
  EXPECT_EQ(at(cursor), "a5");
  EXPECT_FALSE(must(cursor.seek_pair_exact(as_bytes("a"), as_bytes("6"))));
  ASSERT_TRUE(must(cursor.prev()));
  EXPECT_EQ(at(cursor), "a5");
  EXPECT_EQ(must(cursor.value_count()), 1U);
  EXPECT_TRUE(must(cursor.first_value()));
  EXPECT_FALSE(must(cursor.next_value()));
  EXPECT_TRUE(must(cursor.seek_value(as_bytes("5"))));
  EXPECT_FALSE(must(cursor.seek_value(as_bytes("6"))));
  EXPECT_EQ(at(cursor), "a5");
  EXPECT_TRUE(fails(cursor.read_value_block(), ErrorCode::kMisuse));
}

TEST_F(CursorGroupsTest, PutGivesThePairAnotherValue) {
  const Database database = open_pairs(false);
  WriteTxn txn = must(database.write());
  Cursor cursor = must(txn.cursor(table_));
  ASSERT_TRUE(must(cursor.seek_pair_exact(as_bytes("a"), as_bytes("1"))));
  Cursor beside = cursor;
  must(cursor.put(as_bytes("9")));
  EXPECT_EQ(at(cursor), "a9");
  EXPECT_EQ(at(beside), "-");
  ASSERT_TRUE(must(beside.next()));
  EXPECT_EQ(at(beside), "a2");
  must(cursor.put(as_bytes("3")));
  EXPECT_EQ(at(cursor), "a3") << "the two became one";
  EXPECT_EQ(must(cursor.value_count()), 2U);
  EXPECT_FALSE(must(cursor.put(as_bytes("b"), as_bytes("1"))));
  EXPECT_EQ(at(cursor), "b1");
  EXPECT_TRUE(must(cursor.erase()));
  ASSERT_TRUE(must(cursor.next()));
  EXPECT_EQ(at(cursor), "c1");
  EXPECT_TRUE(must(cursor.erase_key()));
  EXPECT_FALSE(must(cursor.next()));
  EXPECT_EQ(must(txn.count(table_)), 2U);
  must(txn.commit());
  expect_clean(database);
}

TEST_F(CursorGroupsTest, ReadsRecordsInBatches) {
  const Database database = open_pairs(false);
  const ReadTxn txn = must(database.read());
  Cursor cursor = must(txn.cursor(table_));
  std::array<engine::Record, 4> records;
  EXPECT_EQ(must(cursor.read({})), 0U);
  ASSERT_EQ(must(cursor.read(records)), 4U);
  EXPECT_EQ(at(cursor), "b1");
  EXPECT_EQ(as_text(records[3].key), "b");
  ASSERT_EQ(must(cursor.read(records)), 2U);
  EXPECT_EQ(at(cursor), "c2") << "on the last one read";
  EXPECT_EQ(as_text(records[1].value), "2");
  EXPECT_EQ(must(cursor.read(records)), 0U);
  EXPECT_TRUE(cursor.off());
  std::string scanned;
  must(cursor.first());
  must(cursor.scan([&](const engine::Record& record) {
    scanned += as_text(record.value);
    return scanned.size() < 4;
  }));
  EXPECT_EQ(scanned, "2311") << "begins behind the position";
}

TEST_F(CursorGroupsTest, ReadsValuesOfOneSizeAsBlocks) {
  const Database database = open({.page_size = 256});
  const Table table = must(database.table("numbers"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table, {.multi = true, .value_order = engine::Order::kUint32}));
  // A group inside its record, and one with a tree of its own.
  for (std::uint32_t i = 0; i < 1010; ++i) {
    const auto value = engine::key_of(i);
    must(txn.put(table, as_bytes(i < 10 ? "few" : "many"), value));
  }
  must(txn.commit());
  const ReadTxn reader = must(database.read());
  Cursor cursor = must(reader.cursor(table));
  ASSERT_TRUE(must(cursor.first()));
  EXPECT_EQ(must(cursor.read_value_block()).size(), 40U);
  EXPECT_FALSE(must(cursor.next_value())) << "on the last of the block";
  ASSERT_TRUE(must(cursor.next_key()));
  std::uint32_t expected = 10;
  std::size_t blocks = 0;
  do {
    Bytes block = must(cursor.read_value_block());
    ++blocks;
    for (; !block.empty(); block = block.subspan(4)) {
      ASSERT_EQ(engine::uint32_of(block.first(4)), expected++);
    }
  } while (must(cursor.next_value()));
  EXPECT_EQ(expected, 1010U);
  EXPECT_LE(blocks, 1000 / (200 / 4 / 2)) << "a leaf at a time";
  std::vector<Bytes> values(2000);
  ASSERT_TRUE(must(cursor.first_value()));
  EXPECT_EQ(must(cursor.read_values(values)), 1000U);
  EXPECT_EQ(engine::uint32_of(values[999]), 1009U);
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
