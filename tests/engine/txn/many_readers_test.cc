// Thousands of readers, tables and pinned snapshots, and readers held open for very long.

#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/child_process.h"
#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

class ManyReadersTest : public StoreTest {
 protected:
  std::uint64_t length() const { return std::filesystem::file_size(path()); }
};

TEST_F(ManyReadersTest, TwoThousandReadersAndTenThousandTables) {
  const Database database = open({.durability = Durability::kRelaxed});
  constexpr int kTables = 10'000;
  constexpr int kReaders = 2'000;
  std::vector<Table> tables;
  for (int i = 0; i < kTables; ++i) {
    tables.push_back(must(database.table("table " + std::to_string(i))));
  }
  for (int from = 0; from < kTables; from += 1000) {
    WriteTxn txn = must(database.write());
    for (int i = from; i < from + 1000; ++i) {
      const Table table = tables[static_cast<std::size_t>(i)];
      must(txn.create_table(table));
      must(txn.put(table, as_bytes("number"), as_bytes(std::to_string(i))));
    }
    must(txn.commit());
  }
  // Each pins a snapshot of its own.
  std::vector<ReadTxn> readers;
  for (int i = 0; i < kReaders; ++i) {
    put(database, "state", std::to_string(i));
    readers.push_back(must(database.read()));
  }
  EXPECT_EQ(must(database.readers()).size(), static_cast<std::size_t>(kReaders));
  for (int i = 0; i < kReaders; ++i) {
    const ReadTxn& txn = readers[static_cast<std::size_t>(i)];
    const int n = i * 4567 % kTables;
    EXPECT_EQ(get(txn, "state"), std::to_string(i));
    EXPECT_EQ(get(txn, "number", tables[static_cast<std::size_t>(n)]), std::to_string(n));
  }
  // What they hold is pages of the path to one record, not the store.
  const std::uint64_t held = must(database.stats()).pending_pages;
  EXPECT_LE(held, 8U * kReaders);
  readers.clear();
  must(database.sync());
  put(database, "state", "free");
  EXPECT_LE(must(database.stats()).pending_pages, 64U);
  EXPECT_TRUE(must(database.readers()).empty());
  expect_clean(database);
}

TEST_F(ManyReadersTest, SlotsOfDeadProcessesAreUsedAgain) {
  const Database database = open();
  put(database, "a", "1");
  std::uintmax_t lock_file = 0;
  for (int round = 0; round < 4; ++round) {
    Signal ready;
    ChildProcess child([&] {
      const Database other = must(Database::open(path()));
      std::vector<ReadTxn> readers;
      for (int i = 0; i < 2000; ++i) readers.push_back(must(other.read()));
      ready.send();
      for (;;) ::pause();
      return 0;
    });
    ready.wait();
    EXPECT_EQ(must(database.readers()).size(), 2000U);
    child.kill();
    const auto size = std::filesystem::file_size(path() + "-lock");
    EXPECT_TRUE(round == 0 || size == lock_file) << size;
    lock_file = size;
  }
  put(database, "a", "2");
  EXPECT_TRUE(must(database.readers()).empty());
  expect_clean(database);
}

TEST_F(ManyReadersTest, HundredsOfPinnedSnapshotsHoldOnlyWhatEachCanSee) {
  const Database database = open({.durability = Durability::kRelaxed});
  constexpr int kKeys = 2'000;
  constexpr int kSnapshots = 300;
  const auto key = [](int i) { return std::to_string(100'000 + i); };
  {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < kKeys; ++i)
      must(txn.put({}, as_bytes(key(i)), as_bytes("0" + std::string(99, 'v'))));
    must(txn.commit());
  }
  Random random(test_seed("ManyReaders"));
  std::vector<ReadTxn> readers;
  std::vector<std::string> expected;  // of key 0 in each snapshot
  std::uint64_t written = 0;
  for (int snapshot = 0; snapshot < kSnapshots; ++snapshot) {
    for (int commits = 0; commits < 20; ++commits) {
      WriteTxn txn = must(database.write());
      const std::string value = std::to_string(++written) + std::string(90, 'v');
      must(txn.put({}, as_bytes(key(0)), as_bytes(value)));
      must(txn.put({}, as_bytes(key(static_cast<int>(random.below(kKeys)))), as_bytes(value)));
      must(txn.commit());
    }
    readers.push_back(must(database.read()));
    expected.push_back(*get(readers.back(), key(0)));
    if (snapshot % 10 == 0) must(database.sync());
  }
  must(database.sync());
  put(database, "last", "one");
  const auto stats = must(database.stats());
  // Between two snapshots 20 commits copied about 5 pages each. Of those a snapshot sees the last
  // copy of each page, its own 20 leaves and the pages above them, and their space records.
  EXPECT_LE(stats.pending_pages, kSnapshots * 50U);
  EXPECT_LE(stats.file_pages, 2 * (stats.file_pages - stats.free_pages) + 64);
  for (int i = 0; i < kSnapshots; ++i) {
    EXPECT_EQ(get(readers[static_cast<std::size_t>(i)], key(0)),
              expected[static_cast<std::size_t>(i)]);
  }
  // They end in any order, and what each alone held comes back.
  std::uint64_t pending = stats.pending_pages;
  while (!readers.empty()) {
    for (int i = 0; i < 50; ++i)
      readers.erase(readers.begin() + static_cast<std::ptrdiff_t>(random.below(readers.size())));
    put(database, "last", std::to_string(readers.size()));
    must(database.sync());
    put(database, "last", "one");
    const std::uint64_t now = must(database.stats()).pending_pages;
    EXPECT_LT(now, pending);
    pending = now;
  }
  EXPECT_LE(pending, 128U);
  expect_clean(database);
}

/// File lengths after `overwrites` of `keys` keys, one a commit; with a reader held open or
/// without.
std::uint64_t length_after(const std::string& path, int keys, int overwrites, bool with_reader) {
  const Database database = must(Database::open(path, {.durability = Durability::kRelaxed}));
  const auto key = [](std::uint64_t i) { return "key " + std::to_string(1'000'000 + i); };
  {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < keys; ++i) {
      must(txn.put({}, as_bytes(key(static_cast<std::uint64_t>(i))),
                   as_bytes(std::string(100, 'o'))));
    }
    must(txn.commit());
  }
  std::optional<ReadTxn> reader;
  if (with_reader) reader = must(database.read());
  Random random(4711);
  for (int i = 0; i < overwrites; ++i) {
    WriteTxn txn = must(database.write());
    const std::string value = std::to_string(i) + std::string(90, 'n');
    must(txn.put({}, as_bytes(key(random.below(static_cast<std::uint64_t>(keys)))),
                 as_bytes(value)));
    must(txn.commit());
    if (i % 10'000 == 9'999) must(database.sync());
  }
  must(database.sync());
  if (reader) {
    Cursor cursor = must(reader->cursor({}));
    int records = 0;
    for (bool there = must(cursor.first()); there; there = must(cursor.next()), ++records) {
      require(as_text(must(cursor.value())) == std::string(100, 'o'),
              "the reader sees a new value");
    }
    require(records == keys, "the reader lost records");
  }
  require(must(database.check()).clean(), "check found violations");
  return std::filesystem::file_size(path);
}

void expect_bounded(int keys, int overwrites) {
  const TempDirectory directory;
  // Without a reader the length settles long before.
  const std::uint64_t without =
      length_after(directory.file("without"), keys, overwrites / 10, false);
  const std::uint64_t with = length_after(directory.file("with"), keys, overwrites, true);
  std::printf("%d overwrites of %d keys: %llu bytes, with a reader held open %llu\n", overwrites,
              keys, static_cast<unsigned long long>(without),
              static_cast<unsigned long long>(with));
  EXPECT_LT(with, 3 * without);
}

TEST_F(ManyReadersTest, AReaderHeldOpenThroughManyOverwrites) {
  expect_bounded(2'000, 30'000);
}

TEST(LongReaders, HeldOpenThroughAMillionOverwrites) {
  expect_bounded(10'000, 1'000'000);
}

}  // namespace
}  // namespace kist::test
