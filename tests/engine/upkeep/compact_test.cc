#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/call_counter.h"
#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::CompactBudget;
using engine::CompactProgress;

class CompactTest : public StoreTest {
 protected:
  using Content = std::map<std::string, std::string>;

  std::uint64_t length() const { return std::filesystem::file_size(path()); }
  /// Steps until it is done. Returns how many.
  static int compact(const Database& database, const CompactBudget& budget = {}) {
    for (int steps = 1;; ++steps) {
      const CompactProgress progress = must(database.compact(budget));
      if (progress.done) return steps;
      require(steps < 10'000, "compaction does not come to an end");
    }
  }
  static void store(const Database& database, const Content& content, Table table = {}) {
    WriteTxn txn = must(database.write());
    if (table.index() != 0) must(txn.create_table(table, true));
    for (const auto& [key, value] : content) must(txn.put(table, as_bytes(key), as_bytes(value)));
    must(txn.commit(Durability::kRelaxed));
  }
  static Content content_of(const Txn& txn, Table table = {}) {
    Content content;
    Cursor cursor = must(txn.cursor(table));
    for (bool there = must(cursor.first()); there; there = must(cursor.next())) {
      content.emplace(as_text(cursor.key()), as_text(must(cursor.value())));
    }
    return content;
  }
  /// Records in random order, short values and long ones.
  static Content make_content(std::uint64_t seed, int records, std::size_t longest) {
    Random random(seed);
    Content content;
    for (int i = 0; i < records; ++i) {
      content["key " + std::to_string(random.below(1'000'000))] =
          std::string(random.below(longest), static_cast<char>('a' + i % 26));
    }
    return content;
  }
  /// Leaves every `nth` record.
  static void thin_out(const Database& database, Content& content, int nth, Table table = {}) {
    WriteTxn txn = must(database.write());
    int i = 0;
    std::erase_if(content, [&](const auto& record) {
      if (i++ % nth == 0) return false;
      must(txn.erase(table, as_bytes(record.first)));
      return true;
    });
    must(txn.commit());
  }
  static std::uint64_t fresh_length(const Content& content) {
    const TempDirectory directory;
    const std::string file = directory.file("fresh");
    const Database database = must(Database::open(file));
    store(database, content);
    must(database.sync());
    return std::filesystem::file_size(file);
  }
};

TEST_F(CompactTest, AStoreAtOneFifthBecomesAsSmallAsAFreshOne) {
  const Database database = open();
  Content content = make_content(test_seed("Compact"), 40'000, 200);
  store(database, content);
  must(database.sync());
  const std::uint64_t full = length();
  // Whole leaves go, here and there.
  {
    WriteTxn txn = must(database.write());
    int i = 0;
    std::erase_if(content, [&](const auto& record) {
      if (i++ / 50 % 5 == 0) return false;
      must(txn.erase({}, as_bytes(record.first)));
      return true;
    });
    must(txn.commit());
  }
  const int steps = compact(database, {.pages = 64});
  EXPECT_GT(steps, 3);
  const std::uint64_t fresh = fresh_length(content);
  EXPECT_LE(length(), fresh + fresh / 10) << "of " << full;
  EXPECT_EQ(content_of(must(database.read())), content);
  expect_clean(database);
  // And again, which has nothing to do.
  EXPECT_LE(compact(database), 4);
  EXPECT_LE(length(), fresh + fresh / 10);
  expect_clean(database);
}

TEST_F(CompactTest, LongValuesMoveToo) {
  const Database database = open();
  Content content = make_content(test_seed("Compact"), 600, 60'000);
  content["huge"] = std::string(3 << 20, 'h');
  store(database, content);
  thin_out(database, content, 5);
  compact(database, {.pages = 200});
  const std::uint64_t fresh = fresh_length(content);
  EXPECT_LE(length(), fresh + fresh / 4);
  EXPECT_EQ(content_of(must(database.read())), content);
  expect_clean(database);
}

TEST_F(CompactTest, EveryTableOfEveryKind) {
  const Database database = open({.page_size = 1024});
  const Table multi = must(database.table("multi"));
  const Table dense = must(database.table("dense"));
  const Table unknown = must(database.table("by a comparator"));
  std::vector<Table> plain;
  for (int i = 0; i < 30; ++i) plain.push_back(must(database.table("plain " + std::to_string(i))));
  must(database.register_comparator(
      "mine", [](Bytes a, Bytes b) { return as_text(b).compare(as_text(a)); }));
  const Content filler = make_content(test_seed("Compact"), 5000, 900);
  store(database, filler);
  {
    WriteTxn txn = must(database.write());
    must(txn.create_table(multi, {.multi = true}));
    must(txn.create_table(dense, {.multi = true, .value_size = 8}));
    must(
        txn.create_table(unknown, {.key_order = engine::Order::kCustom, .key_comparator = "mine"}));
    for (int i = 0; i < 3000; ++i) {
      const std::string value = std::to_string(100'000 + i);
      must(txn.put(multi, as_bytes(i % 3 == 0 ? "one" : "two"), as_bytes(value)));
      if (i % 100 == 0)
        must(txn.put(multi, as_bytes("long"), as_bytes(value + std::string(3000, 'l'))));
      must(txn.put(dense, as_bytes(std::to_string(i % 10)), as_bytes("12" + value)));
      must(txn.put(unknown, as_bytes(value), as_bytes("v")));
    }
    must(txn.commit());
  }
  for (const Table table : plain)
    store(database, {{"key", "value"}, {"large", std::string(5000, 'x')}}, table);
  {
    WriteTxn txn = must(database.write());
    must(txn.clear({}));
    must(txn.commit());
  }
  const auto counts = [&](const Database& of) {
    const ReadTxn txn = must(of.read());
    std::vector<std::uint64_t> all;
    for (const std::string& name : must(txn.table_names())) {
      all.push_back(must(txn.count(must(of.table(name)))));
    }
    return all;
  };
  const auto before = counts(database);
  const std::uint64_t full = length();
  compact(database, {.pages = 40});
  EXPECT_LT(length(), full / 2);
  EXPECT_EQ(counts(database), before);
  EXPECT_EQ(get(database, "large", plain[7]), std::string(5000, 'x'));
  const ReadTxn txn = must(database.read());
  EXPECT_TRUE(must(
      txn.contains_pair(multi, as_bytes("long"), as_bytes("100100" + std::string(3000, 'l')))));
  EXPECT_TRUE(must(txn.contains_pair(dense, as_bytes("3"), as_bytes("12100013"))));
  EXPECT_TRUE(must(txn.contains(unknown, as_bytes("102999"))));
  expect_clean(database);
}

TEST_F(CompactTest, TheTimeBudgetEndsAStep) {
  const Database database = open();
  Content content = make_content(test_seed("Compact"), 20'000, 200);
  store(database, content);
  thin_out(database, content, 5);
  const int steps = compact(database, {.pages = 1'000'000, .time = std::chrono::milliseconds(0)});
  EXPECT_GT(steps, 5) << "each step does one leaf at least, and hardly more";
  EXPECT_EQ(content_of(must(database.read())), content);
  expect_clean(database);
}

// Steps are flushed when room runs short and before the file is cut, not one by one.
TEST_F(CompactTest, ManyStepsShareAFlush) {
  CallCounter calls;
  const Database database = open({.observer = &calls});
  Content content = make_content(test_seed("Compact"), 150'000, 200);
  store(database, content);
  thin_out(database, content, 3);
  calls.reset();
  const int steps = compact(database, {.pages = 2});
  EXPECT_GT(steps, 100);
  EXPECT_LT(calls.count(Call::Kind::kFlush), steps / 3);
  EXPECT_GE(must(database.durable_id()), must(database.read()).id()) << "the last of them is";
  EXPECT_EQ(content_of(must(database.read())), content);
  const std::uint64_t fresh = fresh_length(content);
  EXPECT_LE(length(), fresh + fresh / 10);
  expect_clean(database);
}

TEST_F(CompactTest, AReaderKeepsWhatItSees) {
  const Database database = open();
  Content content = make_content(test_seed("Compact"), 10'000, 200);
  store(database, content);
  const Content before = content;
  must(database.sync());
  std::optional<ReadTxn> reader = must(database.read());
  thin_out(database, content, 5);
  compact(database);
  EXPECT_GT(must(database.compact()).pages_held, 0U);
  EXPECT_EQ(content_of(*reader), before);
  reader.reset();
  compact(database);
  const std::uint64_t fresh = fresh_length(content);
  EXPECT_LE(length(), fresh + fresh / 2);
  EXPECT_EQ(content_of(must(database.read())), content);
  expect_clean(database);
}

TEST_F(CompactTest, ItGoesOnWhereItStoppedAfterOpeningAgain) {
  Content content = make_content(test_seed("Compact"), 20'000, 200);
  {
    const Database database = open();
    store(database, content);
    thin_out(database, content, 5);
    for (int i = 0; i < 5; ++i) must(database.compact({.pages = 20}));
  }
  const Database database = open();
  expect_clean(database);
  compact(database);
  EXPECT_EQ(content_of(must(database.read())), content);
  expect_clean(database);
}

TEST_F(CompactTest, WhatIsRefused) {
  put(open(), "a", "1");
  EXPECT_TRUE(fails(open({.read_only = true}).compact(), ErrorCode::kReadOnly));
  const Database database = open();
  const WriteTxn writer = must(database.write());
  EXPECT_TRUE(fails(database.compact({}, kNoWait), ErrorCode::kBusy));
}

// A writer rewrites and adds records all the time, in a third of the leaves: what it gives up
// between two flushes is less than the tenth that the file may be longer.
TEST(ConcurrentCompaction, WhileAWriterGoesOn) {
  const TempDirectory directory;
  const std::string file = directory.file("store");
  const Database database = must(Database::open(file, {.durability = Durability::kRelaxed}));
  const auto key = [](int i) { return "key " + std::to_string(100'000 + i); };
  constexpr int kRecords = 90'000;
  {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < kRecords; ++i)
      must(txn.put({}, as_bytes(key(i)), as_bytes(std::string(100, 'v'))));
    must(txn.commit());
  }
  for (int i = 0; i < kRecords; i += 1000) {
    WriteTxn txn = must(database.write());
    must(txn.erase_range({}, as_bytes(key(i)), as_bytes(key(i + 800))));
    must(txn.commit());
  }
  must(database.sync());
  std::atomic<bool> over{false};
  std::atomic<int> written{0};
  std::thread writer([&] {
    for (int i = 0; !over; ++i) {
      WriteTxn txn = must(database.write());
      must(txn.put({}, as_bytes(key(i % 30 * 1000 + 800 + i % 200)),
                   as_bytes(std::string(100, 'w'))));
      must(txn.commit());
      ++written;
    }
  });
  bool done = false;
  std::uint64_t compacted = 0;  // what the writer does afterwards may lengthen the file again
  for (int step = 0; step < 2000 && (!done || written < 100); ++step) {
    const CompactProgress progress = must(database.compact({.pages = 32}));
    done = progress.done;
    compacted = progress.file_pages * database.page_size();
  }
  over = true;
  writer.join();
  EXPECT_TRUE(done);
  // The same content, built afresh.
  const Database fresh = must(Database::open(directory.file("fresh")));
  {
    const ReadTxn from = must(database.read());
    EXPECT_EQ(must(from.count({})), 18'000U);
    WriteTxn txn = must(fresh.write());
    Cursor cursor = must(from.cursor({}));
    for (bool there = must(cursor.first()); there; there = must(cursor.next())) {
      must(txn.put({}, cursor.key(), must(cursor.value())));
    }
    must(txn.commit());
  }
  const std::uint64_t length = std::filesystem::file_size(directory.file("fresh"));
  EXPECT_LE(compacted, length + length / 10);
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
