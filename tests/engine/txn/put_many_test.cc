#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::Order;
using engine::Record;

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::vector<Record> records_of(const Pairs& pairs) {
  std::vector<Record> records;
  for (const auto& [key, value] : pairs) records.push_back({as_bytes(key), as_bytes(value)});
  return records;
}

class PutManyTest : public StoreTest, public testing::WithParamInterface<std::uint32_t> {
 protected:
  static void expect_same(const Txn& txn, const std::map<std::string, std::string>& model,
                          Table table = {}) {
    ASSERT_EQ(must(txn.count(table)), model.size());
    for (const auto& [key, value] : model) ASSERT_EQ(get(txn, key, table), value);
  }
};

// Sorted and unsorted batches, with keys that are there and keys that come twice, in every mode.
TEST_P(PutManyTest, AsManyPuts) {
  Random random(test_seed("PutManyTest"));
  const Database database = open({.page_size = GetParam()});
  const Table reversed = must(database.table("reversed"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(reversed, {.key_order = Order::kReversed}));
  std::map<std::string, std::string> model;
  for (int round = 0; round < 150; ++round) {
    Pairs pairs(random.below(round % 10 == 0 ? 2000 : 200));
    const std::string prefix = random.bytes(random.below(3));
    for (auto& [key, value] : pairs) {
      key = prefix + random.bytes(1 + random.below(random.one_in(4) ? 60 : 3));
      value = random.bytes(random.below(random.one_in(50) ? 3 * GetParam() : 20));
      if (const auto found = model.find(key); found != model.end() && random.one_in(2)) {
        value = found->second;
      }
    }
    if (!random.one_in(4)) std::ranges::sort(pairs);
    const PutMode mode = random.one_in(2)   ? PutMode::kUpsert
                         : random.one_in(2) ? PutMode::kIfAbsent
                                            : PutMode::kIfPresent;
    std::uint64_t stored = 0;
    for (const auto& [key, value] : pairs) {
      const bool there = model.contains(key);
      if (mode == PutMode::kIfAbsent ? there : mode == PutMode::kIfPresent && !there) continue;
      model[key] = value;
      ++stored;
    }
    const std::vector<Record> records = records_of(pairs);
    ASSERT_EQ(must(txn.put_many({}, records, mode)), stored);
    ASSERT_EQ(must(txn.put_many(reversed, records, mode)), stored);
    if (random.one_in(5)) {
      must(txn.commit(Durability::kRelaxed));
      txn = must(database.write());
    }
    if (random.one_in(10)) {
      must(txn.erase_prefix({}, as_bytes(prefix)));
      for (auto it = model.begin(); it != model.end();) {
        if (it->first.starts_with(prefix)) {
          must(txn.erase(reversed, as_bytes(it->first)));
          it = model.erase(it);
        } else {
          ++it;
        }
      }
    }
  }
  expect_same(txn, model);
  expect_same(txn, model, reversed);
  must(txn.commit());
  expect_clean(database);
}

TEST_P(PutManyTest, AppendsAllOrNone) {
  const Database database = open({.page_size = GetParam()});
  WriteTxn txn = must(database.write());
  Pairs pairs;
  for (int i = 0; i < 3000; ++i) pairs.emplace_back(std::to_string(10000 + i), "value");
  EXPECT_EQ(must(txn.put_many({}, records_of(pairs), PutMode::kAppend)), 3000U);
  EXPECT_TRUE(fails(txn.put_many({}, records_of({{"12999", ""}, {"2", ""}}), PutMode::kAppend),
                    ErrorCode::kOutOfOrder));
  EXPECT_TRUE(
      fails(txn.put_many({}, records_of({{"13000", ""}, {"2", ""}, {"2", ""}}), PutMode::kAppend),
            ErrorCode::kOutOfOrder));
  EXPECT_EQ(must(txn.count({})), 3000U);
  EXPECT_EQ(must(txn.put_many({}, records_of({{"13000", ""}, {"2", ""}}), PutMode::kAppend)), 2U);
  EXPECT_EQ(must(txn.put_many({}, {}, PutMode::kAppend)), 0U);
  EXPECT_EQ(must(txn.put_many({}, {})), 0U);
  must(txn.commit());
  expect_clean(database);
}

TEST_P(PutManyTest, WhatIsTooLongIsFoundFirst) {
  const Database database = open({.page_size = GetParam()});
  WriteTxn txn = must(database.write());
  const std::string long_key(GetParam() / 2, 'k');
  EXPECT_TRUE(
      fails(txn.put_many({}, records_of({{"a", "1"}, {long_key, "2"}})), ErrorCode::kKeyTooLong));
  EXPECT_EQ(must(txn.count({})), 0U);
  EXPECT_EQ(must(txn.put_many({}, records_of({{"a", "1"}}))), 1U) << "goes on";
  must(txn.commit());
  const std::uint64_t id = must(database.read()).id();
  txn = must(database.write());
  EXPECT_EQ(must(txn.put_many({}, records_of({{"a", "1"}, {"a", "1"}}))), 2U);
  EXPECT_EQ(must(txn.commit()), id) << "nothing was new";
  expect_clean(database);
}

INSTANTIATE_TEST_SUITE_P(PageSizes, PutManyTest, testing::Values(256, 1024, 4096, 65536));

class ReserveTest : public StoreTest, public testing::WithParamInterface<std::size_t> {};

TEST_P(ReserveTest, ToBeFilledIn) {
  Random random(test_seed("ReserveTest"));
  const std::size_t size = GetParam();
  const Database database = open({.page_size = 1024});
  std::map<std::string, std::string> model;
  for (int round = 0; round < 4; ++round) {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < 60; ++i) {
      const std::string key = "key " + std::to_string(random.below(100));
      const std::span<std::uint8_t> room = must(txn.reserve({}, as_bytes(key), size));
      ASSERT_EQ(room.size(), size);
      EXPECT_TRUE(std::ranges::all_of(room, [](std::uint8_t byte) { return byte == 0; }));
      EXPECT_FALSE(size != 0 && txn.outlives_writes(room));
      const std::string value = random.bytes(size);
      std::ranges::copy(as_bytes(value), room.begin());
      EXPECT_EQ(get(txn, key), value);
      model[key] = value;
      if (random.one_in(4)) {
        const engine::Savepoint savepoint = must(txn.savepoint());
        const std::span<std::uint8_t> other = must(txn.reserve({}, as_bytes(key), size));
        std::ranges::fill(other, std::uint8_t{1});
        EXPECT_EQ(get(txn, key), std::string(size, '\1'));
        must(txn.rollback_to(savepoint));
        must(txn.release(savepoint));
        EXPECT_EQ(get(txn, key), value);
      }
    }
    must(txn.commit());
    expect_clean(database);
  }
  const ReadTxn txn = must(database.read());
  EXPECT_EQ(must(txn.count({})), model.size());
  for (const auto& [key, value] : model) EXPECT_EQ(get(txn, key), value);
}

INSTANTIATE_TEST_SUITE_P(Sizes, ReserveTest, testing::Values(0U, 1U, 30U, 400U, 2000U, 100'000U));

using ReserveLimitsTest = StoreTest;

TEST_F(ReserveLimitsTest, Errors) {
  const Database database = open();
  const Table multi = must(database.table("multi"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(multi, {.multi = true}));
  EXPECT_TRUE(fails(txn.reserve(multi, as_bytes("a"), 10), ErrorCode::kMisuse));
  EXPECT_TRUE(fails(txn.reserve({}, as_bytes(std::string(5000, 'k')), 10), ErrorCode::kKeyTooLong));
  EXPECT_TRUE(
      fails(txn.reserve({}, as_bytes("a"), (std::size_t{1} << 40) + 1), ErrorCode::kValueTooLong));
  // The key may be a span of the transaction.
  must(txn.put({}, as_bytes("a"), as_bytes("the key")));
  const Bytes key = *must(txn.get({}, as_bytes("a")));
  std::ranges::copy(as_bytes("value"), must(txn.reserve({}, key, 5)).begin());
  EXPECT_EQ(get(txn, "the key"), "value");
  must(txn.commit());
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
