#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <kist/engine/keys.h>

#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::CountOf;
using engine::key_of;
using engine::Order;
using engine::Record;

using Pair = std::pair<std::string, std::string>;

class OrderStatisticsTest : public StoreTest {};

/// What a table holds, in order, and trivial answers to every question.
struct Sorted {
  std::vector<Pair> pairs;

  std::uint64_t below(const std::string& key, CountOf what) const {
    std::set<std::string> keys;
    std::uint64_t count = 0;
    for (const Pair& pair : pairs) {
      if (!(pair.first < key)) break;
      keys.insert(pair.first);
      ++count;
    }
    return what == CountOf::kKeys ? keys.size() : count;
  }
  std::vector<Pair> firsts() const {
    std::vector<Pair> firsts;
    for (const Pair& pair : pairs) {
      if (firsts.empty() || firsts.back().first != pair.first) firsts.push_back(pair);
    }
    return firsts;
  }
};

std::optional<Pair> copy(const std::optional<Record>& record) {
  if (!record) return std::nullopt;
  return Pair{engine::to_string(record->key), engine::to_string(record->value)};
}

void expect_statistics(const Txn& txn, Table table, const Sorted& model, Random& random) {
  const std::uint64_t total = model.pairs.size();
  const std::vector<Pair> firsts = model.firsts();
  ASSERT_EQ(must(txn.count(table)), total);
  ASSERT_EQ(must(txn.count(table, CountOf::kKeys)), firsts.size());
  for (int i = 0; i < 15; ++i) {
    const std::string from = fmt::format("{:04}", random.below(1100));
    const std::string to = fmt::format("{:04}", random.below(1100));
    for (const CountOf what : {CountOf::kPairs, CountOf::kKeys}) {
      const std::uint64_t low = model.below(from, what);
      const std::uint64_t high = model.below(to, what);
      ASSERT_EQ(must(txn.rank(table, as_bytes(from), what)), low);
      ASSERT_EQ(must(txn.count_range(table, as_bytes(from), as_bytes(to), what)),
                high > low ? high - low : 0);
      const std::uint64_t all = what == CountOf::kKeys ? firsts.size() : total;
      ASSERT_EQ(must(txn.count_range(table, as_bytes(from), std::nullopt, what)), all - low);
      const std::string prefix = from.substr(0, 1 + random.below(3));
      const std::string behind =
          prefix.substr(0, prefix.size() - 1) + static_cast<char>(prefix.back() + 1);
      ASSERT_EQ(must(txn.count_prefix(table, as_bytes(prefix), what)),
                model.below(behind, what) - model.below(prefix, what));
    }
    const std::uint64_t n = random.below(total + 2);
    ASSERT_EQ(copy(must(txn.nth(table, n))),
              n < total ? std::optional(model.pairs[n]) : std::nullopt);
    ASSERT_EQ(copy(must(txn.nth(table, n, CountOf::kKeys))),
              n < firsts.size() ? std::optional(firsts[n]) : std::nullopt);
  }
}

void expect_split(const Txn& txn, Table table, const Sorted& model, std::size_t parts) {
  const std::vector<std::string> cuts = must(txn.split(table, parts));
  ASSERT_LT(cuts.size(), parts);
  ASSERT_TRUE(std::ranges::is_sorted(cuts));
  ASSERT_EQ(std::ranges::adjacent_find(cuts), cuts.end());
  const std::vector<Pair> firsts = model.firsts();
  std::size_t largest_group = 0;
  for (const Pair& first : firsts) {
    largest_group = std::max<std::size_t>(
        largest_group, std::ranges::count(model.pairs, first.first, &Pair::first));
  }
  std::uint64_t at = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::uint64_t end =
        i < cuts.size() ? model.below(cuts[i], CountOf::kPairs) : model.pairs.size();
    ASSERT_GT(end, at) << "no part is empty";
    ASSERT_LE(end - at, model.pairs.size() / parts + 1 + largest_group);
    at = end;
  }
}

void random_statistics(const std::string& path, std::uint32_t page_size, bool multi,
                       std::uint64_t seed) {
  Random random(seed);
  const Database database = must(Database::open(path, {.page_size = page_size}));
  const Table table = must(database.table("t"));
  std::set<Pair> pairs;
  for (int round = 0; round < 6; ++round) {
    WriteTxn txn = must(database.write());
    must(txn.create_table(table, {.multi = multi}, true));
    for (std::uint64_t i = random.below(600); i > 0; --i) {
      const std::string key = fmt::format("{:04}", random.below(random.one_in(3) ? 20 : 1000));
      const std::string value = fmt::format("{:{}}", random.below(50), random.between(1, 12));
      if (!multi) {
        std::erase_if(pairs, [&](const Pair& pair) { return pair.first == key; });
      }
      if (random.one_in(4)) {
        must(txn.erase_pair(table, as_bytes(key), as_bytes(value)));
        if (!multi) must(txn.erase(table, as_bytes(key)));
        pairs.erase({key, value});
      } else {
        must(txn.put(table, as_bytes(key), as_bytes(value)));
        pairs.emplace(key, value);
      }
    }
    const Sorted model{{pairs.begin(), pairs.end()}};
    ASSERT_NO_FATAL_FAILURE(expect_statistics(txn, table, model, random)) << "uncommitted";
    must(txn.commit(Durability::kRelaxed));
    const ReadTxn read = must(database.read());
    ASSERT_NO_FATAL_FAILURE(expect_statistics(read, table, model, random));
    for (const std::size_t parts : {1U, 2U, 7U, 1000U}) {
      ASSERT_NO_FATAL_FAILURE(expect_split(read, table, model, parts));
    }
    expect_clean(database);
  }
}

TEST_F(OrderStatisticsTest, RandomTablesEqualSortedLists) {
  const std::uint64_t seed = test_seed("OrderStatistics");
  for (const std::uint32_t page_size : {256U, 1024U, 4096U}) {
    for (const bool multi : {false, true}) {
      SCOPED_TRACE(fmt::format("page size {}, multi {}", page_size, multi));
      random_statistics(fmt::format("{}{}{}", path(), page_size, multi), page_size, multi,
                        seed + page_size);
    }
  }
}

TEST_F(OrderStatisticsTest, OfAnEmptyTable) {
  const Database database = open();
  const ReadTxn txn = must(database.read());
  EXPECT_EQ(must(txn.rank({}, as_bytes("a"))), 0U);
  EXPECT_EQ(must(txn.count_range({}, {}, std::nullopt)), 0U);
  EXPECT_FALSE(must(txn.nth({}, 0)));
  EXPECT_TRUE(must(txn.split({}, 4)).empty());
  EXPECT_TRUE(must(txn.sample({}, 4, 1)).empty());
  EXPECT_TRUE(fails(txn.split({}, 0), ErrorCode::kInvalidArgument));
  expect_clean(database);
}

TEST_F(OrderStatisticsTest, SplitsAMultimapWhereAKeyIsNearest) {
  const Database database = open();
  const Table table = must(database.table("t"));
  const auto cuts_of = [&](int a, int b, int c) {
    WriteTxn txn = must(database.write());
    must(txn.create_table(table, {.multi = true}, true));
    must(txn.clear(table));
    for (const auto& [key, values] : {std::pair("a", a), std::pair("b", b), std::pair("c", c)}) {
      for (int i = 0; i < values; ++i) {
        must(txn.put(table, as_bytes(key), as_bytes(fmt::format("{:04}", i))));
      }
    }
    auto cuts = must(txn.split(table, 2));
    must(txn.commit(Durability::kRelaxed));
    return cuts;
  };
  EXPECT_EQ(cuts_of(90, 10, 0), std::vector<std::string>{"b"}) << "50 is 40 before b";
  EXPECT_EQ(cuts_of(10, 90, 0), std::vector<std::string>{"b"});
  EXPECT_EQ(cuts_of(30, 60, 10), std::vector<std::string>{"b"}) << "20 behind, 40 before";
  EXPECT_EQ(cuts_of(10, 60, 30), std::vector<std::string>{"c"});
  EXPECT_EQ(cuts_of(0, 100, 0), std::vector<std::string>{}) << "one key";
  EXPECT_EQ(cuts_of(900, 1, 0), std::vector<std::string>{"b"}) << "a group with a tree of its own";
  expect_clean(database);
}

TEST_F(OrderStatisticsTest, FollowTheOrderOfTheTable) {
  const Database database = open();
  const Table table = must(database.table("reversed"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table, {.key_order = Order::kReversed}));
  for (const char* key : {"ab", "ca", "bc", "aa"}) must(txn.put(table, as_bytes(key), {}));
  EXPECT_EQ(must(txn.rank(table, as_bytes("b"))), 2U) << "behind aa and ca";
  EXPECT_EQ(engine::to_string(must(txn.nth(table, 1))->key), "ca");
  EXPECT_TRUE(fails(txn.count_prefix(table, as_bytes("a")), ErrorCode::kMisuse));
  must(txn.commit());
  expect_clean(database);
}

/// Where a comparator orders, the empty key may come last.
TEST_F(OrderStatisticsTest, NoBoundMeansTheStartInEveryOrder) {
  const Database database = open();
  must(database.register_comparator(
      "descending", [](Bytes a, Bytes b) { return as_text(b).compare(as_text(a)); }));
  const Table table = must(database.table("t"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table, {.key_order = Order::kCustom, .key_comparator = "descending"}));
  for (const char* key : {"", "a", "b", "c", "d"}) must(txn.put(table, as_bytes(key), {}));
  EXPECT_EQ(must(txn.count_range(table, std::nullopt, as_bytes("b"))), 2U) << "d and c";
  EXPECT_EQ(must(txn.count_range(table, Bytes(), std::nullopt)), 1U);
  EXPECT_EQ(must(txn.split(table, 5)).size(), 4U);
  EXPECT_EQ(must(txn.erase_range(table, std::nullopt, as_bytes("b"))), 2U);
  EXPECT_EQ(must(txn.count(table)), 3U);
  must(txn.commit());
  expect_clean(database);
}

TEST_F(OrderStatisticsTest, SamplesEveryRecordWithEqualChance) {
  const Database database = open({.page_size = 256});
  {
    WriteTxn txn = must(database.write());
    for (std::uint32_t i = 0; i < 100; ++i) must(txn.put({}, key_of(i), as_bytes("v")));
    must(txn.commit());
  }
  const ReadTxn txn = must(database.read());
  const std::uint64_t seed = test_seed("Sample");
  const std::vector<Record> drawn = must(txn.sample({}, 100'000, seed));
  ASSERT_EQ(drawn.size(), 100'000U);
  std::map<std::uint32_t, int> times;
  for (const Record& record : drawn) ++times[engine::uint32_of(record.key)];
  ASSERT_EQ(times.size(), 100U);
  for (const auto& [key, count] : times) {
    EXPECT_GT(count, 800) << key;  // 1,000 expected, with a standard deviation of 31
    EXPECT_LT(count, 1200) << key;
  }
  const std::vector<Record> again = must(txn.sample({}, 100'000, seed));
  EXPECT_TRUE(std::ranges::equal(drawn, again, [](const Record& a, const Record& b) {
    return std::ranges::equal(a.key, b.key);
  }));
  expect_clean(database);
}

/// Counting must not visit what it counts.
TEST_F(OrderStatisticsTest, CostsAsManyPagesAsTheTreeIsDeep) {
  {
    const Database database = open();
    WriteTxn txn = must(database.write());
    for (std::uint64_t i = 0; i < 50'000; ++i) must(txn.put({}, key_of(i), as_bytes("0123456789")));
    must(txn.commit());
    expect_clean(database);
  }
  const Database database = open();
  const ReadTxn txn = must(database.read());
  const std::uint64_t before = must(database.stats()).pages_verified;
  EXPECT_EQ(must(txn.count_range({}, key_of(std::uint64_t{1000}), key_of(std::uint64_t{49'000}))),
            48'000U);
  const std::uint64_t touched = must(database.stats()).pages_verified - before;
  EXPECT_LE(touched, 2 * must(txn.table_stats({})).depth);
}

}  // namespace
}  // namespace kist::test
