#include <map>
#include <optional>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <kist/engine/keys.h>

#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::key_of;
using Model = std::map<std::string, std::string>;

class EraseRangeTest : public StoreTest {};
class LongEraseRangeTest : public StoreTest {};

std::optional<Bytes> bound(const std::optional<std::string>& text) {
  return text ? std::optional(as_bytes(*text)) : std::nullopt;
}

Model contents(const Txn& txn, Table table = {}) {
  Model found;
  Cursor cursor = must(txn.cursor(table));
  while (must(cursor.next())) {
    found[engine::to_string(cursor.key())] = engine::to_string(must(cursor.value()));
  }
  return found;
}

TEST_F(EraseRangeTest, TakesTheLowerBoundAndLeavesTheUpper) {
  const Database database = open();
  for (const char* key : {"a", "b", "c", "d"}) put(database, key, "x");
  WriteTxn txn = must(database.write());
  EXPECT_EQ(must(txn.erase_range({}, as_bytes("b"), as_bytes("d"))), 2U);
  EXPECT_EQ(contents(txn), (Model{{"a", "x"}, {"d", "x"}}));
  EXPECT_EQ(must(txn.erase_range({}, as_bytes("b"), as_bytes("d"))), 0U);
  EXPECT_EQ(must(txn.erase_range({}, as_bytes("d"), as_bytes("a"))), 0U);
  EXPECT_EQ(must(txn.erase_range({}, as_bytes("b"), std::nullopt)), 1U);
  EXPECT_EQ(must(txn.erase_range({}, {}, std::nullopt)), 1U);
  EXPECT_EQ(must(txn.count({})), 0U);
  must(txn.commit());
  expect_clean(database);
}

TEST_F(EraseRangeTest, NothingErasedCommitsNothing) {
  const Database database = open();
  const std::uint64_t id = put(database, "a", "x");
  WriteTxn txn = must(database.write());
  EXPECT_EQ(must(txn.erase_range({}, as_bytes("b"), std::nullopt)), 0U);
  EXPECT_EQ(must(txn.commit()), id);
  expect_clean(database);
}

TEST_F(EraseRangeTest, PrefixesEvenThoseThatEndInFF) {
  const Database database = open();
  const std::string ff = "p\xFF\xFF";
  for (const std::string& key : {std::string("o"), std::string("p"), "p\xFE" + std::string("z"), ff,
                                 ff + "tail", std::string("q"), std::string("\xFF\xFF")}) {
    put(database, key, "x");
  }
  WriteTxn txn = must(database.write());
  EXPECT_EQ(must(txn.erase_prefix({}, as_bytes(ff))), 2U);
  EXPECT_EQ(must(txn.erase_prefix({}, as_bytes("\xFF"))), 1U);
  EXPECT_EQ(must(txn.erase_prefix({}, as_bytes("p"))), 2U);
  EXPECT_EQ(contents(txn), (Model{{"o", "x"}, {"q", "x"}}));
  EXPECT_EQ(must(txn.erase_prefix({}, {})), 2U);
  must(txn.commit());
  expect_clean(database);
}

TEST_F(EraseRangeTest, PrefixNeedsByteOrder) {
  const Database database = open();
  const Table table = must(database.table("t"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(table, {.key_order = engine::Order::kReversed}));
  EXPECT_TRUE(fails(txn.erase_prefix(table, as_bytes("a")), ErrorCode::kMisuse));
  must(txn.put(table, as_bytes("xa"), {}));
  must(txn.put(table, as_bytes("ab"), {}));
  must(txn.put(table, as_bytes("bc"), {}));
  EXPECT_EQ(must(txn.erase_range(table, as_bytes("b"), as_bytes("c"))), 1U);
  EXPECT_TRUE(must(txn.contains(table, as_bytes("xa"))));
  EXPECT_TRUE(must(txn.contains(table, as_bytes("bc"))));
  must(txn.commit());
  expect_clean(database);
}

/// Joining what is left on both sides of a range may call for a longer separator than the branch
/// above has room for.
TEST_F(EraseRangeTest, LongSeparatorsStayWithinTheirBranch) {
  Random random(test_seed("LongSeparators"));
  const Database database = open({.page_size = 256});
  std::set<std::string> model;
  for (int round = 0; round < 60; ++round) {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < 150; ++i) {
      // Keys that share much, so that what divides them is long; some share nothing.
      const std::string key = std::string(random.below(4) * 30, 'k') +
                              random.bytes(random.between(0, 8)) +
                              std::string(random.below(2) * 60, 'z');
      const std::string fitting = key.substr(0, database.max_key_size());
      model.insert(fitting);
      must(txn.put({}, as_bytes(fitting), as_bytes("v")));
    }
    for (int i = 0; i < 20; ++i) {
      auto first = model.lower_bound(std::string(random.below(4) * 30, 'k') + random.bytes(1));
      if (first == model.end()) continue;
      auto last = first;
      std::advance(last, std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(random.below(40)),
                                                  std::distance(first, model.end())));
      const std::string from = *first;
      const std::optional<std::string> to =
          last == model.end() ? std::nullopt : std::optional(*last);
      const auto expected = static_cast<std::uint64_t>(std::distance(first, last));
      model.erase(first, last);
      ASSERT_EQ(must(txn.erase_range({}, as_bytes(from), bound(to))), expected);
    }
    ASSERT_EQ(must(txn.count({})), model.size());
    must(txn.commit(Durability::kRelaxed));
    expect_clean(database);
  }
}

/// Random ranges in trees of many levels, values inline and large, against a map.
void random_ranges(const std::string& path, std::uint32_t page_size, std::uint64_t seed) {
  Random random(seed);
  const Database database = must(Database::open(path, {.page_size = page_size}));
  Model model;
  for (int round = 0; round < 40; ++round) {
    WriteTxn txn = must(database.write());
    const std::uint64_t puts = random.below(400);
    for (std::uint64_t i = 0; i < puts; ++i) {
      const std::string key = fmt::format("{:0{}}", random.below(3000), random.between(4, 12));
      const std::string value = random.bytes(random.one_in(20) ? page_size : random.below(30));
      must(txn.put({}, as_bytes(key), as_bytes(value)));
      model[key] = value;
    }
    for (std::uint64_t i = random.below(5); i > 0; --i) {
      const std::string from = fmt::format("{:04}", random.below(3000));
      std::optional<std::string> to = fmt::format("{:04}", random.below(3000));
      if (random.one_in(10)) to = std::nullopt;
      const auto first = model.lower_bound(from);
      const auto last = to ? model.lower_bound(*to) : model.end();
      std::uint64_t expected = 0;
      if (!to || from < *to) {
        expected = static_cast<std::uint64_t>(std::distance(first, last));
        model.erase(first, last);
      }
      ASSERT_EQ(must(txn.erase_range({}, as_bytes(from), bound(to))), expected);
      ASSERT_EQ(must(txn.count({})), model.size());
    }
    ASSERT_EQ(contents(txn), model);
    must(txn.commit(Durability::kRelaxed));
    expect_clean(database);
  }
}

TEST_F(EraseRangeTest, RandomRangesEqualAMap) {
  const std::uint64_t seed = test_seed("EraseRange");
  for (const std::uint32_t page_size : {256U, 1024U, 4096U, 65536U}) {
    SCOPED_TRACE(page_size);
    random_ranges(path() + std::to_string(page_size), page_size, seed + page_size);
  }
}

TEST_F(EraseRangeTest, OfAMultimapRemovesGroupsWithTheirTrees) {
  const Database database = open({.page_size = 512});
  const Table table = must(database.table("multi"));
  {
    WriteTxn txn = must(database.write());
    must(txn.create_table(table, {.multi = true}));
    for (std::uint32_t key = 0; key < 100; ++key) {
      for (std::uint32_t value = 0; value < key % 10 * 20 + 1; ++value) {
        must(txn.put(table, key_of(key), key_of(value)));
      }
    }
    must(txn.put(table, key_of(50U), as_bytes(std::string(5000, 'v'))));
    must(txn.commit());
  }
  expect_clean(database);
  WriteTxn txn = must(database.write());
  const std::uint64_t before = must(txn.count(table));
  const std::uint64_t inside = must(txn.erase_range(table, key_of(5U), key_of(95U)));
  EXPECT_GT(inside, 90U);
  EXPECT_EQ(must(txn.count(table)), before - inside);
  EXPECT_EQ(must(txn.count(table, engine::CountOf::kKeys)), 10U);
  must(txn.commit());
  expect_clean(database);
}

/// A page is verified when a process first touches it, which counts those that were touched.
TEST_F(LongEraseRangeTest, TheMiddleOfAMillionRecordsTouchesItsBordersOnly) {
  constexpr std::uint64_t kRecords = 1'000'000;
  std::uint64_t pages = 0;
  std::uint64_t branches = 0;
  {
    const Database database = open();
    WriteTxn txn = must(database.write());
    for (std::uint64_t i = 0; i < kRecords; ++i)
      must(txn.put({}, key_of(i), as_bytes("0123456789")));
    must(txn.commit(Durability::kRelaxed));
    const engine::TableStats shape = must(must(database.read()).table_stats({}));
    pages = shape.leaf_pages + shape.branch_pages;
    branches = shape.branch_pages;
  }
  const Database database = open();
  const std::uint64_t before = must(database.stats()).pages_verified;
  WriteTxn txn = must(database.write());
  EXPECT_EQ(must(txn.erase_range({}, key_of(kRecords / 100), key_of(kRecords / 100 * 99))),
            kRecords / 100 * 98);
  must(txn.commit());
  const std::uint64_t touched = must(database.stats()).pages_verified - before;
  std::cout << touched << " of " << pages << " pages touched, " << branches << " are branches\n";
  EXPECT_LE(touched, branches + 2);
  EXPECT_LE(touched, pages / 50);
  EXPECT_EQ(must(must(database.read()).count({})), kRecords / 50);
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
