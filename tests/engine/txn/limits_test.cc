#include <algorithm>

#include <gtest/gtest.h>

#include <kist/engine/value_stream.h>

#include "tests/support/call_counter.h"
#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

// What fits, and what is one byte too long, at every page size.
class LimitsTest : public StoreTest, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(LimitsTest, LongestKeys) {
  const Database database = open({.page_size = GetParam()});
  const std::size_t longest = database.max_key_size();
  EXPECT_EQ(longest, GetParam() / 2 - 26);
  WriteTxn txn = must(database.write());
  // Keys that differ in the last byte only, or in the first: short and long separators.
  for (int i = 0; i < 120; ++i) {
    std::string key(longest, 'k');
    key[i % 2 == 0 ? longest - 1 : 0] = static_cast<char>(i);
    must(txn.put({}, as_bytes(key), as_bytes(std::to_string(i))));
  }
  EXPECT_TRUE(
      fails(txn.put({}, as_bytes(std::string(longest + 1, 'k')), {}), ErrorCode::kKeyTooLong));
  must(txn.commit());
  expect_clean(database);
  const ReadTxn reader = must(database.read());
  EXPECT_EQ(must(reader.count({})), 120U);
  for (int i = 0; i < 120; ++i) {
    std::string key(longest, 'k');
    key[i % 2 == 0 ? longest - 1 : 0] = static_cast<char>(i);
    EXPECT_EQ(get(reader, key), std::to_string(i));
  }
  // Nothing that long can be there; looking is no error unless it says which.
  const auto found = reader.get({}, as_bytes(std::string(longest + 1, 'k')));
  if (found) {
    EXPECT_FALSE(found->has_value());
  } else {
    EXPECT_TRUE(fails(found, ErrorCode::kKeyTooLong));
  }
  WriteTxn eraser = must(database.write());
  for (int i = 0; i < 120; ++i) {
    std::string key(longest, 'k');
    key[i % 2 == 0 ? longest - 1 : 0] = static_cast<char>(i);
    EXPECT_TRUE(must(eraser.erase({}, as_bytes(key))));
  }
  must(eraser.commit());
  EXPECT_EQ(must(must(database.read()).count({})), 0U);
  expect_clean(database);
}

TEST_P(LimitsTest, ValuesAroundEveryEdge) {
  const std::size_t page = GetParam();
  std::vector<std::size_t> sizes{0, 1, 7, 8, 9};
  for (const std::size_t edge : {page / 4, page / 2, page, 2 * page, 3 * page, std::size_t{32768},
                                 std::size_t{65536}, std::size_t{131072}}) {
    for (std::size_t size = edge - std::min<std::size_t>(edge, 72); size <= edge + 16; size += 3) {
      sizes.push_back(size);
    }
    sizes.insert(sizes.end(), {edge - 1, edge, edge + 1});
  }
  Random random(test_seed("LimitsTest"));
  const std::string source = random.bytes(200000);
  {
    const Database database = open({.page_size = GetParam()});
    WriteTxn txn = must(database.write());
    for (const std::size_t size : sizes) {
      must(txn.put({}, as_bytes("k" + std::to_string(size)), as_bytes(source).first(size)));
    }
    must(txn.commit());
    expect_clean(database);
  }
  const Database database = open();
  {
    const ReadTxn txn = must(database.read());
    for (const std::size_t size : sizes) {
      const auto value = must(txn.get({}, as_bytes("k" + std::to_string(size))));
      ASSERT_TRUE(value.has_value()) << size;
      EXPECT_TRUE(as_text(*value) == std::string_view(source).substr(0, size)) << size;
      if (size > page) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(value->data()) % 8, 0U);
      }
    }
  }
  // Every size turned into every next one.
  WriteTxn txn = must(database.write());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::size_t other = sizes[(i * 31 + 7) % sizes.size()];
    must(txn.put({}, as_bytes("k" + std::to_string(sizes[i])), as_bytes(source).last(other)));
  }
  must(txn.commit());
  expect_clean(database);
}

TEST_P(LimitsTest, LongestValues) {
  // No disk here has the room, so the announcement has to do.
  CallCounter calls;
  const Database database = open({.page_size = GetParam(), .observer = &calls});
  constexpr std::uint64_t kLongest = std::uint64_t{1} << 40;
  WriteTxn txn = must(database.write());
  calls.fail(Call::Kind::kAllocate, ENOSPC);
  EXPECT_TRUE(fails(txn.stream_value({}, as_bytes("k"), kLongest), ErrorCode::kNoSpace));
  calls.stop_failing();
  EXPECT_TRUE(fails(txn.stream_value({}, as_bytes("k"), kLongest + 1), ErrorCode::kValueTooLong));
  EXPECT_TRUE(fails(txn.reserve({}, as_bytes("k"), kLongest + 1), ErrorCode::kValueTooLong));
  must(txn.put({}, as_bytes("k"), as_bytes("v")));
  must(txn.commit());
  expect_clean(database);
}

TEST_P(LimitsTest, LongestTableNames) {
  const std::size_t longest = (GetParam() - 32) / 2 - 74;
  std::vector<std::string> names;
  for (const char fill : {'\0', 'n', '\xFF'}) {
    for (int i = 0; i < 10; ++i) {
      std::string name(longest, fill);
      name[i % 2 == 0 ? 0 : longest - 1] = static_cast<char>('0' + i);
      names.push_back(std::move(name));
    }
  }
  std::ranges::sort(names);
  {
    const Database database = open({.page_size = GetParam()});
    EXPECT_EQ(database.max_table_name_size(), longest);
    EXPECT_TRUE(fails(database.table(std::string(longest + 1, 'n')), ErrorCode::kInvalidArgument));
    EXPECT_TRUE(fails(database.table(""), ErrorCode::kInvalidArgument));
    WriteTxn txn = must(database.write());
    for (const std::string& name : names) {
      const Table table = must(database.table(name));
      must(txn.create_table(table));
      must(txn.put(table, as_bytes("name"), as_bytes(name)));
    }
    must(txn.commit());
    expect_clean(database);
  }
  const Database database = open();
  WriteTxn txn = must(database.write());
  EXPECT_EQ(must(txn.table_names()), names);
  for (const std::string& name : names) {
    const Table table = must(database.table(name));
    EXPECT_EQ(get(txn, "name", table), name);
    must(txn.drop_table(table));
  }
  must(txn.commit());
  EXPECT_EQ(must(must(database.read()).table_names()).size(), 0U);
  expect_clean(database);
}

INSTANTIATE_TEST_SUITE_P(PageSizes, LimitsTest,
                         testing::Values(256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536));

using LongTablesTest = StoreTest;

// LMDB has 32,765 at the most, and wants to be told beforehand.
TEST_F(LongTablesTest, FortyThousand) {
  constexpr int kTables = 40'000;
  const auto name = [](int i) { return "table " + std::to_string(i); };
  {
    const Database database = open({.page_size = 512});
    WriteTxn txn = must(database.write());
    for (int i = 0; i < kTables; ++i) {
      const Table table = must(database.table(name(i)));
      must(txn.create_table(table));
      must(txn.put(table, as_bytes("number"), as_bytes(std::to_string(i))));
    }
    must(txn.commit());
    expect_clean(database);
  }
  const Database database = open();
  {
    const ReadTxn txn = must(database.read());
    EXPECT_EQ(must(txn.table_names()).size(), std::size_t{kTables});
    for (int i = 0; i < kTables; ++i) {
      ASSERT_EQ(get(txn, "number", must(database.table(name(i)))), std::to_string(i));
    }
  }
  WriteTxn txn = must(database.write());
  for (int i = 0; i < kTables; i += 2) must(txn.drop_table(must(database.table(name(i)))));
  must(txn.commit());
  EXPECT_EQ(must(database.stats()).tables, std::uint64_t{kTables} / 2);
  expect_clean(database);
}

using LongValueTest = StoreTest;

TEST_F(LongValueTest, OneGibibyte) {
  constexpr std::size_t kSize = std::size_t{1} << 30;
  std::string value(kSize, '\0');
  for (std::size_t i = 0; i < kSize; i += 4096) value[i] = static_cast<char>(i / 4096 * 31 % 251);
  value.back() = 'z';
  {
    const Database database = open();
    put(database, "before", "1");
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes("large"), as_bytes(value)));
    must(txn.commit());
  }
  const Database database = open();
  {
    const ReadTxn txn = must(database.read());
    const auto found = must(txn.get({}, as_bytes("large")));
    ASSERT_TRUE(found.has_value());
    EXPECT_TRUE(as_text(*found) == value);
    EXPECT_EQ(get(txn, "before"), "1");
  }
  expect_clean(database);
  WriteTxn txn = must(database.write());
  EXPECT_TRUE(must(txn.erase({}, as_bytes("large"))));
  must(txn.commit());
  // The end of the file goes back when nothing lies there any more.
  for (int i = 0; i < 8; ++i) put(database, "after", std::to_string(i));
  EXPECT_LT(must(database.stats()).file_pages * 4096, kSize / 2);
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
