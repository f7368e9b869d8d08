#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kist/engine/keys.h>

#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::Comparator;
using engine::key_of;
using engine::Order;
using engine::TableOptions;

/// Upper and lower case are the same.
int compare_caseless(Bytes a, Bytes b) {
  const auto lower = [](std::uint8_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : int{c}; };
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return lower(a[i]) - lower(b[i]);
  }
  return a.size() < b.size() ? -1 : (a.size() > b.size() ? 1 : 0);
}

class TableOptionsTest : public StoreTest {
 protected:
  Database open_knowing(const Options& options = {}) {
    Database database = open(options);
    must(database.register_comparator("caseless", compare_caseless));
    return database;
  }
  /// The message of the error, which must be of this code.
  template <typename T>
  static std::string said(const Result<T>& result, ErrorCode code) {
    EXPECT_TRUE(fails(result, code));
    return result ? std::string() : result.error().message;
  }
};

TEST_F(TableOptionsTest, AreKept) {
  const std::map<std::string, TableOptions> all = {
      {"plain", {}},
      {"reversed", {.key_order = Order::kReversed}},
      {"numbers", {.key_order = Order::kDouble}},
      {"custom", {.key_order = Order::kCustom, .key_comparator = "caseless"}},
      {"multi", {.multi = true}},
      {"multi numbers", {.multi = true, .value_order = Order::kInt64, .value_size = 8}},
      {"multi sized", {.key_order = Order::kReversed, .multi = true, .value_size = 20}},
      {"multi custom",
       {.key_order = Order::kCustom,
        .key_comparator = "caseless",
        .multi = true,
        .value_order = Order::kCustom,
        .value_comparator = "caseless",
        .value_size = 3}},
  };
  {
    const Database database = open_knowing();
    WriteTxn txn = must(database.write());
    for (const auto& [name, options] : all) {
      const Table table = must(database.table(name));
      must(txn.create_table(table, options));
      EXPECT_EQ(must(txn.table_options(table)), options);
      EXPECT_TRUE(ok(txn.create_table(table, options, true)));
      EXPECT_TRUE(fails(txn.create_table(table, options), ErrorCode::kTableExists));
    }
    must(txn.commit());
    expect_clean(database);
  }
  const Database database = open();
  const ReadTxn txn = must(database.read());
  EXPECT_EQ(must(txn.table_options({})), TableOptions());
  for (const auto& [name, options] : all) {
    EXPECT_EQ(must(txn.table_options(must(database.table(name)))), options) << name;
  }
  EXPECT_TRUE(fails(txn.table_options(must(database.table("none"))), ErrorCode::kTableNotFound));
}

TEST_F(TableOptionsTest, ImplyTheSizeOfNumbers) {
  const Database database = open();
  const Table table = must(database.table("t"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table, {.multi = true, .value_order = Order::kUint32}));
  EXPECT_EQ(must(txn.table_options(table)).value_size, 4);
  EXPECT_TRUE(ok(txn.create_table(table, {.multi = true, .value_order = Order::kUint32}, true)));
}

TEST_F(TableOptionsTest, TheFirstDifferenceIsNamed) {
  const Database database = open_knowing();
  must(database.register_comparator("other", compare_caseless));
  const Table table = must(database.table("t"));
  WriteTxn txn = must(database.write());
  const TableOptions is{.key_order = Order::kCustom,
                        .key_comparator = "caseless",
                        .multi = true,
                        .value_order = Order::kCustom,
                        .value_comparator = "caseless",
                        .value_size = 9};
  must(txn.create_table(table, is));
  const auto conflict = [&](auto change) {
    TableOptions asked = is;
    change(asked);
    return said(txn.create_table(table, asked, true), ErrorCode::kOptionConflict);
  };
  using testing::HasSubstr;
  EXPECT_THAT(conflict([](TableOptions& o) {
                o.key_order = Order::kReversed;
                o.key_comparator = "";
                o.value_size = 1;
              }),
              HasSubstr("its key_order is kCustom, asked for is kReversed"));
  EXPECT_THAT(conflict([](TableOptions& o) { o.key_comparator = "other"; }),
              HasSubstr("its key_comparator is caseless, asked for is other"));
  EXPECT_THAT(conflict([](TableOptions& o) {
                o = {.key_order = Order::kCustom, .key_comparator = "caseless"};
              }),
              HasSubstr("its multi is true, asked for is false"));
  EXPECT_THAT(conflict([](TableOptions& o) {
                o.value_order = Order::kBytes;
                o.value_comparator = "";
              }),
              HasSubstr("its value_order is kCustom, asked for is kBytes"));
  EXPECT_THAT(conflict([](TableOptions& o) { o.value_comparator = "other"; }),
              HasSubstr("its value_comparator is caseless, asked for is other"));
  EXPECT_THAT(conflict([](TableOptions& o) { o.value_size = 8; }),
              HasSubstr("its value_size is 9, asked for is 8"));
  EXPECT_THAT(said(txn.create_table({}, {.multi = true}, true), ErrorCode::kOptionConflict),
              HasSubstr("its multi is false, asked for is true"));
}

TEST_F(TableOptionsTest, ThatMakeNoSenseAreRefused) {
  const Database database = open_knowing();
  const Table table = must(database.table("t"));
  WriteTxn txn = must(database.write());
  const TableOptions senseless[] = {
      {.key_order = static_cast<Order>(0)},
      {.key_order = static_cast<Order>(9)},
      {.key_comparator = "caseless"},
      {.key_order = Order::kCustom},
      {.key_order = Order::kCustom, .key_comparator = std::string(33, 'c')},
      {.value_order = Order::kReversed},
      {.value_comparator = "caseless"},
      {.value_size = 4},
      {.multi = true, .value_order = Order::kCustom},
      {.multi = true, .value_order = Order::kUint64, .value_size = 4},
  };
  for (const TableOptions& options : senseless) {
    EXPECT_TRUE(fails(txn.create_table(table, options), ErrorCode::kInvalidArgument));
  }
  EXPECT_FALSE(must(txn.exists(table)));
  must(txn.commit());
  expect_clean(database);
}

TEST_F(TableOptionsTest, ComparatorsAreRegisteredOnceUnderANameOf32Bytes) {
  const Database database = open();
  const std::string longest(32, 'n');
  EXPECT_TRUE(ok(database.register_comparator(longest, compare_caseless)));
  EXPECT_TRUE(fails(database.register_comparator(longest, compare_caseless), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(database.register_comparator(longest + "n", compare_caseless),
                    ErrorCode::kInvalidArgument));
  EXPECT_TRUE(
      fails(database.register_comparator("", compare_caseless), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(
      fails(database.register_comparator("none", Comparator()), ErrorCode::kInvalidArgument));
}

TEST_F(TableOptionsTest, OfAnUnknownComparatorATableCanBeCheckedListedAndDropped) {
  {
    const Database database = open_knowing({.page_size = 256});
    WriteTxn txn = must(database.write());
    for (const char* name : {"keys", "values"}) {
      const Table table = must(database.table(name));
      const bool keys = name[0] == 'k';
      must(txn.create_table(
          table, keys ? TableOptions{.key_order = Order::kCustom, .key_comparator = "caseless"}
                      : TableOptions{.multi = true,
                                     .value_order = Order::kCustom,
                                     .value_comparator = "caseless"}));
      for (int i = 0; i < 300; ++i) {
        const std::string text = std::string(i % 2 == 0 ? "A" : "b") + std::to_string(i);
        must(txn.put(table, as_bytes(keys ? text : "one"), as_bytes(keys ? "v" : text)));
      }
      must(txn.put(table, as_bytes("one"), as_bytes(std::string(1000, 'l'))));
    }
    must(txn.commit());
    expect_clean(database);
  }
  const Database database = open();
  expect_clean(database);
  WriteTxn txn = must(database.write());
  EXPECT_EQ(must(txn.table_names()), (std::vector<std::string>{"keys", "values"}));
  const Table keys = must(database.table("keys"));
  const Table values = must(database.table("values"));
  EXPECT_EQ(must(txn.count(keys)), 301U);
  EXPECT_EQ(must(txn.count(values)), 301U);
  EXPECT_EQ(must(txn.count(values, engine::CountOf::kKeys)), 1U);
  EXPECT_GT(must(txn.table_stats(values)).leaf_pages, 3U);
  for (const Table table : {keys, values}) {
    EXPECT_THAT(said(txn.get(table, as_bytes("b1")), ErrorCode::kNoComparator),
                testing::HasSubstr("'caseless'"));
    EXPECT_TRUE(fails(txn.put(table, as_bytes("b1"), {}), ErrorCode::kNoComparator));
    EXPECT_TRUE(fails(txn.erase(table, as_bytes("b1")), ErrorCode::kNoComparator));
    EXPECT_TRUE(fails(txn.cursor(table), ErrorCode::kNoComparator));
  }
  must(txn.rename_table(keys, must(database.table("renamed"))));
  EXPECT_EQ(must(txn.clear(values)), 301U);
  must(txn.commit());
  expect_clean(database);
  // Known at last: in transactions that began before, too.
  txn = must(database.write());
  const Table renamed = must(database.table("renamed"));
  EXPECT_TRUE(fails(txn.get(renamed, as_bytes("B1")), ErrorCode::kNoComparator));
  must(database.register_comparator("caseless", compare_caseless));
  EXPECT_EQ(get(txn, "B1", renamed), "v");
  must(txn.drop_table(renamed));
  must(txn.commit());
  expect_clean(database);
}

TEST_F(TableOptionsTest, WithoutItsComparatorNoTableIsCreated) {
  const Database database = open();
  const Table table = must(database.table("t"));
  WriteTxn txn = must(database.write());
  EXPECT_TRUE(
      fails(txn.create_table(table, {.key_order = Order::kCustom, .key_comparator = "unknown"}),
            ErrorCode::kNoComparator));
  EXPECT_FALSE(must(txn.exists(table)));
}

TEST_F(TableOptionsTest, NamesMustFitTheCatalog) {
  // A record of the catalog has room for 38 bytes of names at this page size.
  const Database database = open({.page_size = 256});
  const std::string comparator(20, 'c');
  must(database.register_comparator(comparator, compare_caseless));
  const TableOptions options{.key_order = Order::kCustom, .key_comparator = comparator};
  WriteTxn txn = must(database.write());
  ASSERT_EQ(database.max_table_name_size(), 38U);
  const Table fits = must(database.table(std::string(18, 'f')));
  const Table too_long = must(database.table(std::string(19, 'l')));
  must(txn.create_table(fits, options));
  EXPECT_TRUE(fails(txn.create_table(too_long, options), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(fails(txn.rename_table(fits, too_long), ErrorCode::kInvalidArgument));
  must(txn.put(fits, as_bytes("k"), as_bytes("v")));
  must(txn.commit());
  EXPECT_EQ(get(database, "K", fits), "v");
  expect_clean(database);
}

TEST_F(TableOptionsTest, AKeyThatAComparatorTakesForTheSameStaysWhatItIs) {
  const Database database = open_knowing();
  const Table table = must(database.table("t"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table, {.key_order = Order::kCustom, .key_comparator = "caseless"}));
  must(txn.put(table, as_bytes("Key"), as_bytes("1")));
  must(txn.put(table, as_bytes("KEY"), as_bytes("longer")));
  EXPECT_EQ(must(txn.count(table)), 1U);
  EXPECT_EQ(get(txn, "kEY", table), "longer");
  auto cursor = must(txn.cursor(table));
  ASSERT_TRUE(must(cursor.first()));
  EXPECT_EQ(as_text(cursor.key()), "Key");
  EXPECT_TRUE(must(txn.erase(table, as_bytes("key"))));
  must(txn.commit());
  expect_clean(database);
}

// What fits, and what is one byte too long, in every order and at every page size.
class OrderLimitsTest : public StoreTest, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(OrderLimitsTest, LongestAndEmptyKeysAndValues) {
  const Database database = open({.page_size = GetParam()});
  must(database.register_comparator("c", compare_caseless));
  const std::size_t longest = database.max_key_size();
  EXPECT_EQ(longest, GetParam() / 2 - 26);
  const TableOptions kinds[] = {
      {.key_order = Order::kReversed},
      {.key_order = Order::kCustom, .key_comparator = "c"},
      {.multi = true},
      {.key_order = Order::kReversed, .multi = true, .value_order = Order::kReversed},
  };
  int number = 0;
  for (const TableOptions& options : kinds) {
    const Table table = must(database.table(std::to_string(++number)));
    WriteTxn txn = must(database.write());
    must(txn.create_table(table, options));
    // Keys that differ in the last byte only, or in the first.
    const auto key = [&](int i) {
      std::string text(longest, 'k');
      text[i % 2 == 0 ? longest - 1 : 0] = static_cast<char>(1 + i);
      return text;
    };
    must(txn.put(table, {}, {}));
    for (int i = 0; i < 70; ++i) {
      must(txn.put(table, as_bytes(key(i)),
                   as_bytes(std::string(static_cast<std::size_t>(i), 'v'))));
    }
    EXPECT_TRUE(
        fails(txn.put(table, as_bytes(std::string(longest + 1, 'k')), {}), ErrorCode::kKeyTooLong));
    must(txn.commit());
    expect_clean(database);
    txn = must(database.write());
    EXPECT_EQ(get(txn, "", table), "");
    for (int i = 0; i < 70; ++i) {
      EXPECT_EQ(get(txn, key(i), table), std::string(static_cast<std::size_t>(i), 'v'));
      EXPECT_TRUE(must(txn.erase(table, as_bytes(key(i)))));
    }
    EXPECT_TRUE(must(txn.erase(table, {})));
    EXPECT_EQ(must(txn.count(table)), 0U);
    must(txn.commit());
    expect_clean(database);
  }
}

TEST_P(OrderLimitsTest, NumbersHaveTheirSize) {
  const Database database = open({.page_size = GetParam()});
  const std::pair<Order, std::size_t> orders[] = {{Order::kUint32, 4},
                                                  {Order::kInt32, 4},
                                                  {Order::kUint64, 8},
                                                  {Order::kInt64, 8},
                                                  {Order::kDouble, 8}};
  WriteTxn txn = must(database.write());
  for (const auto& [order, size] : orders) {
    const Table table = must(database.table(std::to_string(static_cast<int>(order))));
    must(txn.create_table(table, {.key_order = order}));
    for (const std::size_t wrong : {std::size_t{0}, size - 1, size + 1, 12 - size}) {
      EXPECT_TRUE(fails(txn.put(table, as_bytes(std::string(wrong, '1')), {}),
                        ErrorCode::kInvalidArgument));
      EXPECT_EQ(get(txn, std::string(wrong, '1'), table), std::nullopt);
    }
    for (char c = 0; c < 100; ++c) must(txn.put(table, as_bytes(std::string(size, c)), {}));
    EXPECT_EQ(must(txn.count(table)), 100U);
  }
  must(txn.commit());
  expect_clean(database);
}

INSTANTIATE_TEST_SUITE_P(PageSizes, OrderLimitsTest,
                         testing::Values(256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536));

}  // namespace
}  // namespace kist::test
