#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include <kist/engine/keys.h>

#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::CountOf;
using engine::key_of;
using engine::Order;
using engine::TableOptions;
using engine::TableStats;

// What transactions do to multimaps. Random sequences of it: multimap_model_test.cc.
class Multimap : public StoreTest {
 protected:
  static Bytes b(std::string_view text) { return as_bytes(text); }

  /// A store with one multimap, and a transaction that changes it.
  void start(TableOptions options = {}, std::uint32_t page_size = 4096) {
    database_.emplace(open({.page_size = page_size}));
    options.multi = true;
    table_ = must(database_->table("multi"));
    txn_.emplace(must(database_->write()));
    must(txn_->create_table(table_, options));
  }
  void commit() {
    must(txn_->commit());
    expect_clean(*database_);
    txn_.emplace(must(database_->write()));
  }
  bool put(std::string_view key, std::string_view value, PutMode mode = PutMode::kUpsert) {
    return must(txn_->put(table_, b(key), b(value), mode));
  }
  ErrorCode put_error(std::string_view key, std::string_view value,
                      PutMode mode = PutMode::kUpsert) {
    return error(txn_->put(table_, b(key), b(value), mode));
  }
  template <typename T>
  static ErrorCode error(const Result<T>& result) {
    return result ? ErrorCode::kOk : result.error().code;
  }
  std::uint64_t values(std::string_view key) { return must(txn_->count_values(table_, b(key))); }
  bool has(std::string_view key, std::string_view value) {
    return must(txn_->contains_pair(table_, b(key), b(value)));
  }
  std::optional<std::string> first(std::string_view key) { return get(*txn_, key, table_); }
  std::uint64_t pairs() { return must(txn_->count(table_)); }
  std::uint64_t keys() { return must(txn_->count(table_, CountOf::kKeys)); }
  TableStats stats() { return must(txn_->table_stats(table_)); }

  std::optional<Database> database_;
  std::optional<WriteTxn> txn_;
  Table table_;
};

TEST_F(Multimap, KeepsTheValuesOfAKeyInOrder) {
  start();
  EXPECT_EQ(values("k"), 0U);
  EXPECT_EQ(first("k"), std::nullopt);
  EXPECT_TRUE(put("k", "b"));
  EXPECT_TRUE(put("k", "c"));
  EXPECT_FALSE(put("k", "b"));
  EXPECT_TRUE(put("k", ""));
  EXPECT_TRUE(put("", "of the empty key"));
  EXPECT_EQ(values("k"), 3U);
  EXPECT_EQ(first("k"), "");
  EXPECT_TRUE(has("k", "c"));
  EXPECT_FALSE(has("k", "d"));
  EXPECT_FALSE(has("l", "c"));
  EXPECT_EQ(pairs(), 4U);
  EXPECT_EQ(keys(), 2U);
  commit();
  EXPECT_TRUE(must(txn_->erase_pair(table_, b("k"), b(""))));
  EXPECT_FALSE(must(txn_->erase_pair(table_, b("k"), b(""))));
  EXPECT_EQ(first("k"), "b");
  EXPECT_TRUE(must(txn_->erase_if_equal(table_, b("k"), b("c"))));
  EXPECT_TRUE(must(txn_->erase(table_, b("k"))));
  EXPECT_FALSE(must(txn_->erase(table_, b("k"))));
  EXPECT_EQ(keys(), 1U);
  commit();
}

TEST_F(Multimap, PairFunctionsAreOfOtherTablesToo) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  must(txn.put({}, b("k"), b("v")));
  EXPECT_EQ(must(txn.count_values({}, b("k"))), 1U);
  EXPECT_EQ(must(txn.count_values({}, b("l"))), 0U);
  EXPECT_TRUE(must(txn.contains_pair({}, b("k"), b("v"))));
  EXPECT_FALSE(must(txn.contains_pair({}, b("k"), b("w"))));
  EXPECT_FALSE(must(txn.erase_pair({}, b("k"), b("w"))));
  EXPECT_TRUE(must(txn.erase_pair({}, b("k"), b("v"))));
}

TEST_F(Multimap, ModesOfPut) {
  start();
  EXPECT_FALSE(put("k", "1", PutMode::kIfPresent));
  EXPECT_TRUE(put("k", "1", PutMode::kIfAbsent));
  EXPECT_FALSE(put("k", "2", PutMode::kIfAbsent));
  EXPECT_TRUE(put("k", "3", PutMode::kIfPresent)) << "takes the place of the only value";
  EXPECT_EQ(values("k"), 1U);
  EXPECT_EQ(first("k"), "3");
  EXPECT_TRUE(put("k", "3", PutMode::kIfPresent));
  EXPECT_TRUE(put("k", "4"));
  EXPECT_EQ(put_error("k", "5", PutMode::kIfPresent), ErrorCode::kAmbiguous);
  EXPECT_EQ(put_error("k", "4", PutMode::kIfPresent), ErrorCode::kAmbiguous);
  EXPECT_TRUE(put("k", "5", PutMode::kAppend));
  EXPECT_TRUE(put("l", "1", PutMode::kAppend));
  for (const auto& [key, value] : {std::pair("l", "1"), {"l", "0"}, {"k", "6"}, {"", "9"}}) {
    EXPECT_EQ(put_error(key, value, PutMode::kAppend), ErrorCode::kOutOfOrder) << key << value;
  }
  EXPECT_EQ(pairs(), 4U);
  commit();
}

TEST_F(Multimap, CallsAboutOneValueNeedOne) {
  start();
  EXPECT_EQ(must(txn_->replace(table_, b("k"), b("1"))), std::nullopt);
  EXPECT_EQ(must(txn_->replace(table_, b("k"), b("2"))), "1");
  EXPECT_EQ(must(txn_->replace(table_, b("k"), b("2"))), "2");
  EXPECT_FALSE(must(txn_->compare_and_set(table_, b("k"), b("1"), b("3"))));
  EXPECT_TRUE(must(txn_->compare_and_set(table_, b("k"), b("2"), b("3"))));
  EXPECT_FALSE(must(txn_->compare_and_set(table_, b("k"), std::nullopt, b("4"))));
  EXPECT_TRUE(must(txn_->compare_and_set(table_, b("l"), std::nullopt, b("4"))));
  EXPECT_TRUE(must(txn_->compare_and_set(table_, b("l"), b("4"), std::nullopt)));
  EXPECT_TRUE(must(txn_->compare_and_set(table_, b("l"), std::nullopt, std::nullopt)));
  EXPECT_EQ(keys(), 1U);
  EXPECT_EQ(pairs(), 1U);
  put("k", "4");
  EXPECT_EQ(error(txn_->replace(table_, b("k"), b("5"))), ErrorCode::kAmbiguous);
  EXPECT_EQ(error(txn_->take(table_, b("k"))), ErrorCode::kAmbiguous);
  EXPECT_EQ(error(txn_->compare_and_set(table_, b("k"), b("3"), b("5"))), ErrorCode::kAmbiguous);
  EXPECT_EQ(error(txn_->compare_and_set(table_, b("k"), std::nullopt, b("5"))),
            ErrorCode::kAmbiguous);
  EXPECT_TRUE(must(txn_->erase_pair(table_, b("k"), b("3"))));
  EXPECT_EQ(must(txn_->take(table_, b("k"))), "4");
  EXPECT_EQ(must(txn_->take(table_, b("k"))), std::nullopt);
  EXPECT_EQ(pairs(), 0U);
  commit();
}

TEST_F(Multimap, LargeValuesAreReplacedAndTaken) {
  start({}, 512);
  const std::string one(5000, 'x');
  const std::string other = one + "y";
  EXPECT_EQ(must(txn_->replace(table_, b("k"), b(one))), std::nullopt);
  EXPECT_EQ(must(txn_->replace(table_, b("k"), b(other))), one);
  commit();
  // The argument is a part of what is given up.
  const Bytes present = *must(txn_->get(table_, b("k")));
  EXPECT_EQ(must(txn_->replace(table_, b("k"), present.first(4999))), other);
  const Bytes pending = *must(txn_->get(table_, b("k")));
  EXPECT_EQ(must(txn_->replace(table_, b("k"), pending.first(4998))), one.substr(1));
  EXPECT_EQ(must(txn_->take(table_, b("k"))), one.substr(2));
  EXPECT_EQ(stats().overflow_pages, 0U);
  commit();
}

TEST_F(Multimap, ValuesOfTheTablesSizeOnly) {
  start({.value_size = 4});
  EXPECT_EQ(put_error("k", "abc"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(put_error("k", "abcde"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error(txn_->replace(table_, b("k"), b("abc"))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error(txn_->compare_and_set(table_, b("k"), std::nullopt, b("abc"))),
            ErrorCode::kInvalidArgument);
  EXPECT_TRUE(put("k", "abcd"));
  EXPECT_FALSE(has("k", "abc"));
  EXPECT_FALSE(must(txn_->erase_pair(table_, b("k"), b("abc"))));
  EXPECT_FALSE(must(txn_->compare_and_set(table_, b("k"), b("abc"), b("efgh"))));
  EXPECT_EQ(pairs(), 1U);
  commit();
}

TEST_F(Multimap, NumbersAsValuesHaveTheirSizeAndOrder) {
  start({.value_order = Order::kInt64});
  EXPECT_EQ(put_error("k", "1234567"), ErrorCode::kInvalidArgument);
  for (const std::int64_t number : {5, -7, 0}) {
    EXPECT_TRUE(must(txn_->put(table_, b("k"), key_of(number))));
  }
  EXPECT_EQ(engine::int64_of(*must(txn_->get(table_, b("k")))), -7);
  EXPECT_EQ(error(txn_->put(table_, b("k"), key_of(std::int64_t{-8}), PutMode::kAppend)),
            ErrorCode::kOutOfOrder);
  EXPECT_TRUE(must(txn_->put(table_, b("k"), key_of(std::int64_t{6}), PutMode::kAppend)));
  commit();
}

TEST_F(Multimap, KeysOfTheTablesSizeOnly) {
  start({.key_order = Order::kUint32});
  EXPECT_EQ(put_error("abc", "v"), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(put("abcd", "v"));
  commit();
}

TEST_F(Multimap, KeysOfTheUsualLengthOnly) {
  start();
  EXPECT_EQ(put_error(std::string(4096, 'k'), "v"), ErrorCode::kKeyTooLong);
  EXPECT_TRUE(put(std::string(2022, 'k'), "v"));
}

TEST_F(Multimap, APairThatIsThereCopiesNoPage) {
  start();
  for (int i = 0; i < 3000; ++i)
    put(i % 3 == 0 ? "small" + std::to_string(i) : "k", std::to_string(i));
  put("k", std::string(9000, 'l'));
  const std::uint64_t id = must(txn_->commit());
  txn_.emplace(must(database_->write()));
  EXPECT_FALSE(put("k", "1"));
  EXPECT_FALSE(put("small3", "3"));
  EXPECT_FALSE(put("k", std::string(9000, 'l')));
  EXPECT_FALSE(put("k", "4", PutMode::kIfAbsent));
  EXPECT_FALSE(must(txn_->erase_pair(table_, b("k"), b("none"))));
  EXPECT_FALSE(must(txn_->erase(table_, b("none"))));
  EXPECT_TRUE(put("small3", "3", PutMode::kIfPresent));
  EXPECT_EQ(must(txn_->commit()), id) << "something was written";
}

TEST_F(Multimap, ManyValuesMoveToATreeAndFewComeBack) {
  for (const std::uint32_t page_size : {256U, 4096U}) {
    start({.value_size = 8}, page_size);
    put("other", "12345678");
    std::uint64_t count = 0;
    while (stats().leaf_pages == 1) must(txn_->put(table_, b("k"), key_of(count++)));
    EXPECT_EQ(count, ((page_size - 32) / 2 - 10 - 1 - 2) / 8 + 1) << "half a page of values";
    commit();
    const std::uint64_t most = count;
    while (stats().leaf_pages == 2) must(txn_->erase_pair(table_, b("k"), key_of(--count)));
    EXPECT_EQ(count, ((page_size - 32) / 4 - 10 - 1 - 2) / 8) << "a quarter";
    commit();
    while (count < most - 1) must(txn_->put(table_, b("k"), key_of(count++)));
    EXPECT_EQ(stats().leaf_pages, 1U);
    EXPECT_EQ(values("k"), count);
    EXPECT_EQ(pairs(), count + 1);
    commit();
    txn_->abort();
    database_.reset();
    std::filesystem::remove(path());
  }
}

TEST_F(Multimap, OneLongValueNeedsATree) {
  start({}, 512);
  const std::string limit(512 / 2 - 50, 'v');
  put("k", limit);
  EXPECT_EQ(stats().leaf_pages, 1U);
  put("k", limit + "w");
  EXPECT_EQ(stats().leaf_pages, 2U);
  EXPECT_EQ(stats().overflow_pages, 1U);
  commit();
  must(txn_->erase_pair(table_, b("k"), b(limit)));
  EXPECT_EQ(stats().leaf_pages, 2U);
  put("k", "x");
  must(txn_->erase_pair(table_, b("k"), b(limit + "w")));
  EXPECT_EQ(stats().leaf_pages, 1U) << "what remains is short";
  EXPECT_EQ(stats().overflow_pages, 0U);
  commit();
}

TEST_F(Multimap, LongValuesWithTheSameStart) {
  for (const Order order : {Order::kBytes, Order::kReversed}) {
    start({.value_order = order}, 256);
    std::vector<std::string> all;
    for (int i = 0; i < 300; ++i) {
      std::string tail = std::to_string(10000 + i * 7919 % 10000);
      all.push_back(order == Order::kBytes ? std::string(1000, 's') + tail
                                           : tail + std::string(1000, 's'));
      EXPECT_TRUE(put("k", all.back()));
      if (i % 50 == 0) commit();
    }
    for (const std::string& value : all) EXPECT_TRUE(has("k", value));
    EXPECT_FALSE(has("k", std::string(1000, 's')));
    EXPECT_EQ(first("k"), std::ranges::min(all, {}, [&](std::string value) {
                if (order == Order::kReversed) std::ranges::reverse(value);
                return value;
              }));
    commit();
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_TRUE(must(txn_->erase_pair(table_, b("k"), b(all[i * 7 % all.size()]))));
      if (i % 50 == 0) commit();
    }
    EXPECT_EQ(pairs(), 0U);
    EXPECT_EQ(keys(), 0U);
    EXPECT_EQ(stats().depth, 0U);
    commit();
    txn_->abort();
    database_.reset();
    std::filesystem::remove(path());
  }
}

TEST_F(Multimap, AppendedPairsFillPages) {
  start({.value_size = 8});
  constexpr std::uint64_t kValues = 100'000;
  for (std::uint64_t i = 0; i < kValues; ++i) {
    must(txn_->put(table_, b("one key"), key_of(i), PutMode::kAppend));
  }
  const std::uint64_t dense = (4096 - 32) / 8;
  EXPECT_EQ(stats().leaf_pages, 1 + (kValues + dense - 1) / dense);
  commit();
  must(txn_->clear(table_));
  // Records of 14 + 10 bytes and their arrays.
  for (std::uint64_t i = 0; i < kValues; ++i) {
    must(txn_->put(table_, key_of(i), key_of(i), PutMode::kAppend));
  }
  const std::uint64_t records = (4096 - 32) / (10 + 8 + 2 + 8);
  EXPECT_EQ(stats().leaf_pages, (kValues + records - 1) / records);
  commit();
}

TEST_F(Multimap, AppendedGroupsFillPages) {
  start({}, 1024);
  std::uint64_t bytes = 0;
  for (std::uint64_t key = 0; key < 300; ++key) {
    const std::uint64_t count = key % 10 == 0 ? 500 : 1 + key % 5;
    for (std::uint64_t i = 0; i < count; ++i) {
      must(txn_->put(table_, key_of(key), key_of(i), PutMode::kAppend));
      bytes += 8;
    }
  }
  commit();
  // In trees of values each value takes 18 bytes. What is lost lies at the end of each tree.
  EXPECT_LT(stats().leaf_pages, bytes * 18 / 8 / 992 + 30 * 3 / 2 + 10);
  EXPECT_EQ(keys(), 300U);
}

TEST_F(Multimap, ArgumentsMayLieInThePagesThatChange) {
  start({}, 256);
  Random random(5);
  for (int i = 0; i < 2000; ++i)
    put("k" + std::to_string(random.below(5)), random.bytes(random.below(40)));
  for (int i = 0; i < 500; ++i) {
    const std::string from = "k" + std::to_string(random.below(5));
    const std::optional<Bytes> value = must(txn_->get(table_, b(from)));
    if (!value) continue;
    const std::string copy = engine::to_string(*value);
    const std::string to = "k" + std::to_string(random.below(5));
    switch (random.below(3)) {
      case 0:
        must(txn_->put(table_, b(to), *value));
        EXPECT_TRUE(has(to, copy));
        break;
      case 1:
        must(txn_->put(table_, *value, *value));
        EXPECT_TRUE(has(copy, copy));
        break;
      default:
        must(txn_->erase_pair(table_, b(from), *value));
        EXPECT_FALSE(has(from, copy));
    }
  }
  commit();
}

TEST_F(Multimap, DroppingVisitsNoLeafOfATreeOfShortValues) {
  start({.value_size = 8}, 512);
  for (std::uint64_t i = 0; i < 3000; ++i) must(txn_->put(table_, b("k"), key_of(i)));
  const TableStats before = stats();
  commit();
  txn_.reset();
  database_.reset();
  // Every page of that type is damaged. Reading one would be an error.
  std::fstream file(path(), std::ios::binary | std::ios::in | std::ios::out);
  std::uint64_t damaged = 0;
  const std::uint64_t size = std::filesystem::file_size(path());
  for (std::uint64_t at = 16384; at < size; at += 512) {
    char type = 0;
    file.seekg(static_cast<std::streamoff>(at + 20)).read(&type, 1);
    if (type != 5) continue;
    file.seekp(static_cast<std::streamoff>(at + 100)).put('!');
    ++damaged;
  }
  file.close();
  EXPECT_GE(damaged, before.leaf_pages - 1);
  const Database database = open();
  table_ = must(database.table("multi"));
  WriteTxn txn = must(database.write());
  EXPECT_EQ(error(txn.contains_pair(table_, b("k"), key_of(std::uint64_t{1}))),
            ErrorCode::kDamaged);
  must(txn.drop_table(table_));
  must(txn.commit());
  expect_clean(database);
}

TEST_F(Multimap, ClearGivesUpEverything) {
  start({}, 512);
  const std::uint64_t empty = must(database_->stats()).file_pages;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 2000; ++i) {
      put("k" + std::to_string(i % 7),
          std::string(i % 100 == 0 ? 2000 : 20, 'v') + std::to_string(i));
    }
    if (round == 1) commit();
    EXPECT_EQ(must(txn_->clear(table_)), 2000U);
    EXPECT_EQ(pairs(), 0U);
    EXPECT_EQ(keys(), 0U);
    EXPECT_EQ(stats().leaf_pages, 0U);
  }
  must(txn_->drop_table(table_));
  commit();
  EXPECT_LE(must(database_->stats()).file_pages, empty + 2000);
}

TEST_F(Multimap, AComparatorMayTakeDifferentBytesForTheSame) {
  const auto text = [](Bytes bytes) {  // without spaces at the end
    const std::string_view all = as_text(bytes);
    return all.substr(0, all.find_last_not_of(' ') + 1);
  };
  const engine::Comparator trimmed = [=](Bytes a, Bytes c) { return text(a).compare(text(c)); };
  database_.emplace(open({.page_size = 256}));
  must(database_->register_comparator("trimmed", trimmed));
  start({.key_order = Order::kCustom,
         .key_comparator = "trimmed",
         .value_order = Order::kCustom,
         .value_comparator = "trimmed"},
        256);
  EXPECT_TRUE(put("k   ", "v  "));
  EXPECT_FALSE(put("k", "v"));
  EXPECT_EQ(first("k  "), "v  ") << "what came first stays";
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(put("k" + std::string(i % 60, ' '), std::to_string(i)));
    EXPECT_FALSE(put("k", std::to_string(i) + " "));
    if (i % 20 == 0) commit();
  }
  EXPECT_EQ(keys(), 1U);
  EXPECT_EQ(pairs(), 201U);
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(must(
        txn_->erase_pair(table_, b("k" + std::string(i % 40, ' ')), b(std::to_string(i) + "  "))));
    if (i % 20 == 0) commit();
  }
  EXPECT_EQ(pairs(), 1U);
  commit();
}

TEST_F(Multimap, SurvivesAComparatorThatContradictsItself) {
  Random random(test_seed("Multimap"));
  database_.emplace(open({.page_size = 256}));
  must(database_->register_comparator(
      "random", [&](Bytes, Bytes) { return static_cast<int>(random.below(3)) - 1; }));
  start({.key_order = Order::kCustom,
         .key_comparator = "random",
         .value_order = Order::kCustom,
         .value_comparator = "random"},
        256);
  for (int i = 0; i < 5000; ++i) {
    const std::string key = std::to_string(random.below(20));
    const std::string value = random.bytes(random.one_in(10) ? 300 : random.below(60));
    if (random.one_in(3)) {
      must(txn_->erase_pair(table_, b(key), b(value)));
    } else {
      must(txn_->put(table_, b(key), b(value)));
    }
    if (random.one_in(500)) must(txn_->erase(table_, b(key)));
    if (random.one_in(1000)) {
      must(txn_->commit());
      txn_.emplace(must(database_->write()));
    }
  }
  must(txn_->commit());
  txn_.reset();
  database_.reset();
  expect_clean(open());  // which does not know the comparator, so that all but the order is checked
}

}  // namespace
}  // namespace kist::test
