#include <algorithm>
#include <map>
#include <ranges>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <kist/engine/range.h>

#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::Range;
using engine::RangeOptions;
using engine::Record;

static_assert(std::ranges::input_range<Range>);

class RangeTest : public StoreTest {};

std::vector<std::string> keys(const Txn& txn, const RangeOptions& options, Table table = {}) {
  std::vector<std::string> found;
  Range range = must(txn.range(table, options));
  for (const Result<Record>& record : range) {
    if (!record) throw std::runtime_error(record.error().message);
    found.push_back(engine::to_string(record->key));
  }
  return found;
}

using Keys = std::vector<std::string>;

TEST_F(RangeTest, BoundsOpenAndClosed) {
  const Database database = open();
  for (const char* key : {"a", "b", "c", "d"}) put(database, key, "x");
  const ReadTxn txn = must(database.read());
  EXPECT_EQ(keys(txn, {}), (Keys{"a", "b", "c", "d"}));
  EXPECT_EQ(keys(txn, {.from = "b", .to = "d"}), (Keys{"b", "c"}));
  EXPECT_EQ(keys(txn, {.from = "b", .to = "d", .from_open = true, .to_closed = true}),
            (Keys{"c", "d"}));
  EXPECT_EQ(keys(txn, {.from = "bb", .to = "cc", .reverse = true}), (Keys{"c"}));
  EXPECT_EQ(keys(txn, {.reverse = true}), (Keys{"d", "c", "b", "a"}));
  EXPECT_EQ(keys(txn, {.offset = 1, .limit = 2}), (Keys{"b", "c"}));
  EXPECT_EQ(keys(txn, {.reverse = true, .offset = 1, .limit = 2}), (Keys{"c", "b"}));
  EXPECT_EQ(keys(txn, {.from = "d", .to = "a"}), Keys());
  EXPECT_EQ(keys(txn, {.offset = 4}), Keys());
  EXPECT_EQ(keys(txn, {.limit = 0}), Keys());
  expect_clean(database);
}

TEST_F(RangeTest, PrefixesEvenThoseThatEndInFF) {
  const Database database = open();
  for (const std::string& key : {std::string("p"), std::string("p\xFF"), std::string("p\xFFq"),
                                 std::string("q"), std::string("\xFF"), std::string("\xFF\xFF")}) {
    put(database, key, "x");
  }
  const ReadTxn txn = must(database.read());
  EXPECT_EQ(keys(txn, {.prefix = "p\xFF"}), (Keys{"p\xFF", "p\xFFq"}));
  EXPECT_EQ(keys(txn, {.prefix = "\xFF", .reverse = true}), (Keys{"\xFF\xFF", "\xFF"}));
  EXPECT_EQ(keys(txn, {.prefix = "", .limit = 1}), (Keys{"p"}));
  EXPECT_TRUE(fails(txn.range({}, {.from = "a", .prefix = "p"}), ErrorCode::kMisuse));
  expect_clean(database);
}

TEST_F(RangeTest, AnEmptyTableHasNone) {
  const Database database = open();
  const ReadTxn txn = must(database.read());
  EXPECT_EQ(keys(txn, {}), Keys());
  EXPECT_EQ(keys(txn, {.from = "a", .reverse = true}), Keys());
}

TEST_F(RangeTest, AWriteIsTheLastElement) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  for (const char* key : {"a", "b", "c"}) must(txn.put({}, as_bytes(key), {}));
  Range range = must(txn.range({}, {}));
  Range::Iterator it = range.begin();
  EXPECT_TRUE(*it);
  must(txn.put({}, as_bytes("d"), {}));
  ++it;
  ASSERT_FALSE(it == range.end());
  EXPECT_TRUE(fails(*it, ErrorCode::kCursorInvalid));
  ++it;
  EXPECT_TRUE(it == range.end());
  must(txn.commit());
  expect_clean(database);
}

TEST_F(RangeTest, OutlivingTheTransactionIsAnError) {
  const Database database = open();
  put(database, "a", "x");
  put(database, "b", "x");
  ReadTxn txn = must(database.read());
  Range begun = must(txn.range({}, {}));
  Range::Iterator it = begun.begin();
  Range fresh = must(txn.range({}, {}));
  txn.end();
  ++it;
  EXPECT_FALSE(*it);
  EXPECT_TRUE(fails(*fresh.begin(), ErrorCode::kTransactionEnded));
}

TEST_F(RangeTest, OfAMultimapIsByPairs) {
  const Database database = open({.page_size = 256});
  const Table table = must(database.table("multi"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table, {.multi = true}));
  for (const char* key : {"a", "b", "c"}) {
    for (int i = 0; i < 60; ++i) {
      must(txn.put(table, as_bytes(key), as_bytes(fmt::format("{:03}", i))));
    }
  }
  EXPECT_EQ(keys(txn, {.from = "b", .to = "b", .to_closed = true}, table), Keys(60, "b"));
  EXPECT_EQ(keys(txn, {.offset = 59, .limit = 2}, table), (Keys{"a", "b"}));
  EXPECT_EQ(keys(txn, {.from = "a", .from_open = true, .reverse = true, .offset = 119}, table),
            (Keys{"b"}));
  must(txn.commit());
  expect_clean(database);
}

TEST_F(RangeTest, RandomRangesEqualAMap) {
  const std::uint64_t seed = test_seed("Range");
  Random random(seed);
  const Database database = open({.page_size = 256});
  std::map<std::string, std::string> model;
  {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < 500; ++i) {
      const std::string key = random.bytes(random.between(0, 5));
      model[key] = "v";
      must(txn.put({}, as_bytes(key), as_bytes("v")));
    }
    must(txn.commit());
  }
  const ReadTxn txn = must(database.read());
  for (int i = 0; i < 500; ++i) {
    RangeOptions options{
        .from_open = random.one_in(2), .to_closed = random.one_in(2), .reverse = random.one_in(2)};
    if (random.one_in(4)) {
      options.prefix = random.one_in(2) ? std::string("\xFF") : random.bytes(1);
    } else {
      if (!random.one_in(4)) options.from = random.bytes(random.between(0, 2));
      if (!random.one_in(4)) options.to = random.bytes(random.between(0, 2));
    }
    if (random.one_in(2)) options.offset = random.below(20);
    if (random.one_in(2)) options.limit = random.below(20);
    Keys expected;
    for (const auto& [key, value] : model) {
      if (options.prefix && !key.starts_with(*options.prefix)) continue;
      if (options.from && (options.from_open ? key <= *options.from : key < *options.from))
        continue;
      if (options.to && (options.to_closed ? key > *options.to : key >= *options.to)) continue;
      expected.push_back(key);
    }
    if (options.reverse) std::ranges::reverse(expected);
    expected.erase(expected.begin(),
                   expected.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(
                                          options.offset, expected.size())));
    if (expected.size() > options.limit) expected.resize(options.limit);
    ASSERT_EQ(keys(txn, options), expected);
  }
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
