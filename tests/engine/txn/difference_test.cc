#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <kist/engine/difference.h>
#include <kist/engine/keys.h>

#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::Difference;
using engine::key_of;

using Change = std::tuple<std::string, std::optional<std::string>, std::optional<std::string>>;
using Changes = std::vector<Change>;

std::optional<std::string> copy(const std::optional<Bytes>& bytes) {
  return bytes ? std::optional(engine::to_string(*bytes)) : std::nullopt;
}

Changes changes(const Txn& before, const Txn& after, Table table = {}) {
  Changes found;
  Difference difference = must(Difference::between(before, after, table));
  while (must(difference.next())) {
    found.emplace_back(engine::to_string(difference.key()), copy(difference.before()),
                       copy(difference.after()));
  }
  return found;
}

class DifferenceTest : public StoreTest {};
class LongDifferenceTest : public StoreTest {};

TEST_F(DifferenceTest, TellsWhatCameWentAndChanged) {
  const Database database = open();
  put(database, "changed", "old");
  put(database, "gone", "was");
  put(database, "same", "same");
  const ReadTxn before = must(database.read());
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("changed"), as_bytes("new")));
  must(txn.put({}, as_bytes("came"), as_bytes("is")));
  must(txn.erase({}, as_bytes("gone")));
  const Changes expected = {
      {"came", std::nullopt, "is"}, {"changed", "old", "new"}, {"gone", "was", std::nullopt}};
  EXPECT_EQ(changes(before, txn), expected) << "uncommitted changes, too";
  must(txn.commit());
  const ReadTxn after = must(database.read());
  EXPECT_EQ(changes(before, after), expected);
  EXPECT_EQ(changes(after, before), (Changes{{"came", "is", std::nullopt},
                                             {"changed", "new", "old"},
                                             {"gone", std::nullopt, "was"}}));
  EXPECT_TRUE(changes(after, after).empty());
  expect_clean(database);
}

TEST_F(DifferenceTest, RewrittenWithTheSameValueIsNoChange) {
  const Database database = open();
  const std::string large(10'000, 'l');
  put(database, "large", large);
  put(database, "small", "s");
  const ReadTxn before = must(database.read());
  WriteTxn txn = must(database.write());
  for (const auto& [key, value] :
       {std::pair<std::string, std::string>{"large", large}, {"small", "s"}}) {
    must(txn.erase({}, as_bytes(key)));
    must(txn.put({}, as_bytes(key), as_bytes(value)));
  }
  must(txn.put({}, as_bytes("other"), {}));
  must(txn.commit());
  EXPECT_EQ(changes(before, must(database.read())), (Changes{{"other", std::nullopt, ""}}));
  expect_clean(database);
}

TEST_F(DifferenceTest, ATableThatOneSideHasNot) {
  const Database database = open();
  const Table table = must(database.table("t"));
  const ReadTxn before = must(database.read());
  WriteTxn txn = must(database.write());
  must(txn.create_table(table));
  must(txn.put(table, as_bytes("k"), as_bytes("v")));
  must(txn.commit());
  const ReadTxn after = must(database.read());
  EXPECT_EQ(changes(before, after, table), (Changes{{"k", std::nullopt, "v"}}));
  EXPECT_EQ(changes(after, before, table), (Changes{{"k", "v", std::nullopt}}));
  expect_clean(database);
}

TEST_F(DifferenceTest, MisuseIsNamed) {
  const Database database = open();
  const Database other = must(Database::open(path() + "-other"));
  ReadTxn before = must(database.read());
  EXPECT_TRUE(fails(Difference::between(before, must(other.read()), {}), ErrorCode::kMisuse));
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("a"), {}));
  Difference difference = must(Difference::between(before, txn, {}));
  must(txn.put({}, as_bytes("b"), {}));
  EXPECT_TRUE(fails(difference.next(), ErrorCode::kCursorInvalid));
  Difference ended = must(Difference::between(before, txn, {}));
  before.end();
  EXPECT_TRUE(fails(ended.next(), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(Difference::between(before, txn, {}), ErrorCode::kTransactionEnded));
}

TEST_F(DifferenceTest, OfAMultimapIsByPairs) {
  const Database database = open({.page_size = 512});
  const Table table = must(database.table("multi"));
  const auto put_pairs = [&](std::uint32_t key, std::uint32_t from, std::uint32_t to) {
    WriteTxn txn = must(database.write());
    must(txn.create_table(table, {.multi = true}, true));
    for (std::uint32_t value = from; value < to; ++value) {
      must(txn.put(table, key_of(key), key_of(value)));
    }
    must(txn.commit());
  };
  for (std::uint32_t key = 0; key < 50; ++key) put_pairs(key, 10, 13);
  put_pairs(7, 100, 1000);  // a tree of its own
  const ReadTxn before = must(database.read());
  put_pairs(3, 0, 1);
  put_pairs(7, 1000, 1001);
  put_pairs(9, 20, 300);  // becomes one
  {
    WriteTxn txn = must(database.write());
    must(txn.erase_pair(table, key_of(7U), key_of(500U)));
    must(txn.erase(table, key_of(20U)));
    must(txn.commit());
  }
  const ReadTxn after = must(database.read());
  Changes expected;
  const auto text = [](std::uint32_t number) { return engine::to_string(key_of(number)); };
  expected.emplace_back(text(3), std::nullopt, text(0));
  expected.emplace_back(text(7), text(500), std::nullopt);
  expected.emplace_back(text(7), std::nullopt, text(1000));
  for (std::uint32_t value = 20; value < 300; ++value) {
    expected.emplace_back(text(9), std::nullopt, text(value));
  }
  for (std::uint32_t value = 10; value < 13; ++value) {
    expected.emplace_back(text(20), text(value), std::nullopt);
  }
  EXPECT_EQ(changes(before, after, table), expected);
  expect_clean(database);
}

TEST_F(DifferenceTest, OfLongValuesInEveryOrder) {
  const Database database = open({.page_size = 256});
  Random random(test_seed("Difference"));
  for (const engine::Order order : {engine::Order::kBytes, engine::Order::kReversed}) {
    const Table table = must(database.table(order == engine::Order::kBytes ? "bytes" : "reversed"));
    WriteTxn txn = must(database.write());
    must(txn.create_table(table, {.multi = true, .value_order = order}));
    must(txn.commit());
    // Longer than what leaves keep, with the same start, so that branches cut their separators.
    const auto some_value = [&] {
      const std::string number = fmt::format("{:03}", random.below(400));
      return random.one_in(4) ? number
                              : std::string(80, 'v') + number + std::string(20, 'w') + number;
    };
    std::set<std::string> model;
    for (int round = 0; round < 12; ++round) {
      const std::set<std::string> old_model = model;
      const ReadTxn before = must(database.read());
      txn = must(database.write());
      for (std::uint64_t i = round == 0 ? 300 : random.below(20); i > 0; --i) {
        const std::string value = some_value();
        if (random.one_in(2)) {
          must(txn.erase_pair(table, as_bytes("key"), as_bytes(value)));
          model.erase(value);
        } else {
          must(txn.put(table, as_bytes("key"), as_bytes(value)));
          model.insert(value);
        }
      }
      must(txn.commit());
      const Changes found = changes(before, must(database.read()), table);
      std::set<std::string> came;
      std::set<std::string> went;
      for (const auto& [key, was, is] : found) {
        ASSERT_NE(was.has_value(), is.has_value());
        EXPECT_TRUE((was ? went : came).insert(was ? *was : *is).second);
      }
      std::set<std::string> expected_came;
      std::set<std::string> expected_went;
      std::ranges::set_difference(model, old_model,
                                  std::inserter(expected_came, expected_came.end()));
      std::ranges::set_difference(old_model, model,
                                  std::inserter(expected_went, expected_went.end()));
      ASSERT_EQ(came, expected_came);
      ASSERT_EQ(went, expected_went);
    }
  }
  expect_clean(database);
}

using Model = std::map<std::string, std::string>;

Changes expected_changes(const Model& before, const Model& after) {
  std::map<std::string, std::pair<std::optional<std::string>, std::optional<std::string>>> both;
  for (const auto& [key, value] : before) both[key].first = value;
  for (const auto& [key, value] : after) both[key].second = value;
  Changes expected;
  for (const auto& [key, values] : both) {
    if (values.first != values.second) expected.emplace_back(key, values.first, values.second);
  }
  return expected;
}

TEST_F(DifferenceTest, RandomSnapshotsEqualMaps) {
  const std::uint64_t seed = test_seed("Difference");
  for (const std::uint32_t page_size : {256U, 4096U, 65536U}) {
    SCOPED_TRACE(page_size);
    Random random(seed + page_size);
    const Database database =
        must(Database::open(path() + std::to_string(page_size), {.page_size = page_size}));
    Model model;
    std::vector<std::pair<Model, ReadTxn>> held;
    for (int round = 0; round < 25; ++round) {
      WriteTxn txn = must(database.write());
      for (std::uint64_t i = random.below(300); i > 0; --i) {
        const std::string key = fmt::format("{:0{}}", random.below(2000), random.between(4, 20));
        if (random.one_in(3)) {
          must(txn.erase({}, as_bytes(key)));
          model.erase(key);
        } else {
          const std::string value = random.bytes(random.one_in(15) ? page_size : random.below(20));
          must(txn.put({}, as_bytes(key), as_bytes(value)));
          model[key] = value;
        }
      }
      if (random.one_in(6)) {
        const std::string from = fmt::format("{:04}", random.below(2000));
        must(txn.erase_range({}, as_bytes(from), std::nullopt));
        model.erase(model.lower_bound(from), model.end());
      }
      must(txn.commit(Durability::kRelaxed));
      held.emplace_back(model, must(database.read()));
      const auto& [old_model, old_txn] = held[random.below(held.size())];
      ASSERT_EQ(changes(old_txn, held.back().second), expected_changes(old_model, model));
    }
    expect_clean(database);
  }
}

TEST_F(LongDifferenceTest, TenChangesInAMillionRecordsVisitFewPages) {
  constexpr std::uint64_t kRecords = 1'000'000;
  const Database database = open();
  {
    WriteTxn txn = must(database.write());
    for (std::uint64_t i = 0; i < kRecords; ++i)
      must(txn.put({}, key_of(i), as_bytes("0123456789")));
    must(txn.commit(Durability::kRelaxed));
  }
  const ReadTxn before = must(database.read());
  WriteTxn txn = must(database.write());
  for (std::uint64_t i = 0; i < 10; ++i) {
    must(txn.put({}, key_of(i * (kRecords / 10) + 4711), as_bytes("another")));
  }
  must(txn.commit());
  const ReadTxn after = must(database.read());
  Difference difference = must(Difference::between(before, after, {}));
  int found = 0;
  while (must(difference.next())) ++found;
  EXPECT_EQ(found, 10);
  std::cout << difference.pages_visited() << " pages visited\n";
  EXPECT_LT(difference.pages_visited(), 200U);
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
