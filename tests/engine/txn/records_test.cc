#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/call_counter.h"
#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

// What a write transaction does to single records of tables with one value a key.
class RecordsTest : public StoreTest, public testing::WithParamInterface<std::size_t> {
 protected:
  /// A value of the length under test: in the leaf, pending until the commit, or written at once.
  static std::string value(char fill) { return std::string(GetParam(), fill); }
};

TEST_P(RecordsTest, PutIfAbsentAndIfPresent) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  const Bytes key = as_bytes("key");
  EXPECT_FALSE(must(txn.put({}, key, as_bytes(value('a')), PutMode::kIfPresent)));
  EXPECT_FALSE(must(txn.contains({}, key)));
  EXPECT_TRUE(must(txn.put({}, key, as_bytes(value('b')), PutMode::kIfAbsent)));
  EXPECT_FALSE(must(txn.put({}, key, as_bytes(value('c')), PutMode::kIfAbsent)));
  EXPECT_EQ(get(txn, "key"), value('b'));
  EXPECT_TRUE(must(txn.put({}, key, as_bytes(value('d')), PutMode::kIfPresent)));
  must(txn.commit());
  EXPECT_EQ(get(database, "key"), value('d'));
  expect_clean(database);
}

TEST_P(RecordsTest, CompareAndSet) {
  const Database database = open();
  const Bytes key = as_bytes("key");
  const std::string a = value('a');
  const std::string b = value('b');
  const std::string longer = value('a') + 'a';
  for (const bool committed : {false, true}) {
    WriteTxn txn = must(database.write());
    const auto next = [&] {
      if (!committed) return;
      must(txn.commit());
      txn = must(database.write());
    };
    EXPECT_FALSE(must(txn.compare_and_set({}, key, as_bytes(a), as_bytes(b))));
    EXPECT_FALSE(must(txn.contains({}, key)));
    EXPECT_TRUE(must(txn.compare_and_set({}, key, std::nullopt, std::nullopt)));
    EXPECT_TRUE(must(txn.compare_and_set({}, key, std::nullopt, as_bytes(a))));
    next();
    EXPECT_FALSE(must(txn.compare_and_set({}, key, std::nullopt, as_bytes(b))));
    EXPECT_FALSE(must(txn.compare_and_set({}, key, as_bytes(b), as_bytes(b))));
    EXPECT_FALSE(must(txn.compare_and_set({}, key, as_bytes(longer), std::nullopt)));
    EXPECT_EQ(get(txn, "key"), a);
    EXPECT_TRUE(must(txn.compare_and_set({}, key, as_bytes(a), as_bytes(a))));
    EXPECT_TRUE(must(txn.compare_and_set({}, key, as_bytes(a), as_bytes(b))));
    next();
    EXPECT_EQ(get(txn, "key"), b);
    EXPECT_FALSE(must(txn.erase_if_equal({}, key, as_bytes(a))));
    EXPECT_FALSE(must(txn.erase_pair({}, key, as_bytes(a))));
    EXPECT_TRUE(must(txn.erase_if_equal({}, key, as_bytes(b))));
    EXPECT_FALSE(must(txn.erase_if_equal({}, key, as_bytes(b))));
    EXPECT_FALSE(must(txn.contains({}, key)));
    must(txn.put({}, key, as_bytes(b)));
    next();
    EXPECT_TRUE(must(txn.erase_pair({}, key, as_bytes(b))));
    EXPECT_EQ(must(txn.count({})), 0U);
    must(txn.commit());
    expect_clean(database);
  }
}

TEST_P(RecordsTest, ReplaceAndTake) {
  const Database database = open();
  const Bytes key = as_bytes("key");
  WriteTxn txn = must(database.write());
  EXPECT_EQ(must(txn.take({}, key)), std::nullopt);
  EXPECT_EQ(must(txn.replace({}, key, as_bytes(value('a')))), std::nullopt);
  EXPECT_EQ(must(txn.replace({}, key, as_bytes(value('b')))), value('a'));
  EXPECT_EQ(must(txn.replace({}, key, as_bytes(value('b')))), value('b'));
  must(txn.commit());
  txn = must(database.write());
  EXPECT_EQ(must(txn.replace({}, key, as_bytes(value('c')))), value('b'));
  EXPECT_EQ(must(txn.take({}, key)), value('c'));
  EXPECT_EQ(must(txn.take({}, key)), std::nullopt);
  EXPECT_EQ(must(txn.count({})), 0U);
  must(txn.commit());
  expect_clean(database);
}

TEST_P(RecordsTest, WhatIsThereAlreadyIsNotWritten) {
  CallCounter calls;
  const Database database = open({.page_size = {}, .observer = &calls});
  for (int i = 0; i < 100; ++i) put(database, "key " + std::to_string(i), value('v'));
  const std::uint64_t id = must(database.read()).id();
  WriteTxn txn = must(database.write());
  for (int i = 0; i < 100; ++i) {
    const std::string key = "key " + std::to_string(i);
    EXPECT_TRUE(must(txn.put({}, as_bytes(key), as_bytes(value('v')))));
    EXPECT_TRUE(must(txn.put({}, as_bytes(key), as_bytes(value('v')), PutMode::kIfPresent)));
    EXPECT_EQ(must(txn.replace({}, as_bytes(key), as_bytes(value('v')))), value('v'));
    EXPECT_TRUE(
        must(txn.compare_and_set({}, as_bytes(key), as_bytes(value('v')), as_bytes(value('v')))));
    // What an own span says is there already, too.
    EXPECT_TRUE(must(txn.put({}, as_bytes(key), *must(txn.get({}, as_bytes(key))))));
  }
  calls.reset();
  EXPECT_EQ(must(txn.commit()), id);
  EXPECT_EQ(calls.count(Call::Kind::kWrite), 0);
  EXPECT_EQ(calls.count(Call::Kind::kFlush), 0);
  expect_clean(database);
}

TEST_P(RecordsTest, AppendTakesAscendingKeysOnly) {
  const Database database = open({.page_size = 512});
  WriteTxn txn = must(database.write());
  const auto append = [&](int key) {
    return txn.put({}, as_bytes(std::to_string(50000 + key)), as_bytes(value('v')),
                   PutMode::kAppend);
  };
  for (int i = 0; i < 300; i += 3) {
    EXPECT_TRUE(must(append(i)));
    EXPECT_TRUE(fails(append(i), ErrorCode::kOutOfOrder)) << "the same again";
    EXPECT_TRUE(fails(append(i - 1), ErrorCode::kOutOfOrder));
    EXPECT_TRUE(fails(append(-5), ErrorCode::kOutOfOrder)) << "before all";
  }
  EXPECT_EQ(must(txn.count({})), 100U);
  must(txn.commit());
  expect_clean(database);
  txn = must(database.write());
  EXPECT_TRUE(fails(append(297), ErrorCode::kOutOfOrder));
  EXPECT_TRUE(fails(append(100), ErrorCode::kOutOfOrder));
  EXPECT_TRUE(must(append(298)));
  must(txn.commit());
  expect_clean(database);
}

INSTANTIATE_TEST_SUITE_P(ValueSizes, RecordsTest,
                         testing::Values(1U, 8U, 100U, 5000U, 70'000U, (1U << 20U) + 5));

using RecordCallsTest = StoreTest;

TEST_F(RecordCallsTest, AppendedPagesAreFull) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  for (int i = 0; i < 20000; ++i) {
    must(txn.put({}, as_bytes(std::to_string(100000 + i)), as_bytes(std::string(50, 'v')),
                 PutMode::kAppend));
  }
  must(txn.commit());
  // 6 bytes of key, 50 of value, 10 of the page's own.
  const std::uint64_t in_a_page = (4096 - 32) / 66;
  EXPECT_EQ(must(must(database.read()).table_stats({})).leaf_pages,
            (20000 + in_a_page - 1) / in_a_page);
  expect_clean(database);
}

TEST_F(RecordCallsTest, ValuesOfOtherSizesTakeTheirPlaces) {
  const Database database = open();
  const std::vector<std::size_t> sizes{0, 1, 100, 2020, 2021, 4096, 65536, 65537, 1 << 20};
  for (const std::size_t from : sizes) {
    for (const std::size_t to : sizes) {
      WriteTxn txn = must(database.write());
      must(txn.put({}, as_bytes("key"), as_bytes(std::string(from, 'a'))));
      must(txn.commit(Durability::kRelaxed));
      txn = must(database.write());
      EXPECT_TRUE(must(txn.compare_and_set({}, as_bytes("key"), as_bytes(std::string(from, 'a')),
                                           as_bytes(std::string(to, 'b')))));
      EXPECT_EQ(get(txn, "key"), std::string(to, 'b'));
      must(txn.commit(Durability::kRelaxed));
      EXPECT_EQ(get(database, "key"), std::string(to, 'b'));
    }
  }
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
