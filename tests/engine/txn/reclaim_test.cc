#include <gtest/gtest.h>

#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

class ReclaimTest : public StoreTest {
 protected:
  static constexpr int kValues = 50;

  // Rewrites every value in one transaction.
  static void rewrite(const Database& database, int generation) {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < kValues; ++i) {
      const std::string value = std::to_string(generation) + std::string(3000, 'v');
      must(txn.put({}, as_bytes("key " + std::to_string(i)), as_bytes(value)));
    }
    must(txn.commit(Durability::kRelaxed));
    if (generation % 10 == 0) must(database.sync());
  }
  static void expect_generation(const Txn& txn, int generation) {
    for (int i = 0; i < kValues; ++i) {
      EXPECT_EQ(get(txn, "key " + std::to_string(i)),
                std::to_string(generation) + std::string(3000, 'v'));
    }
  }
};

TEST_F(ReclaimTest, WithoutReadersTheFileStaysSmall) {
  const Database database = open();
  rewrite(database, 0);
  const std::uint64_t one = must(database.stats()).file_pages;
  for (int generation = 1; generation <= 300; ++generation) rewrite(database, generation);
  EXPECT_LE(must(database.stats()).file_pages, 16 * one);
  expect_clean(database);
}

TEST_F(ReclaimTest, TwoOldReadersPinOnlyWhatTheySee) {
  const Database database = open();
  rewrite(database, 0);
  const std::uint64_t one = must(database.stats()).file_pages;
  const ReadTxn first = must(database.read());
  for (int generation = 1; generation <= 100; ++generation) rewrite(database, generation);
  const ReadTxn second = must(database.read());
  for (int generation = 101; generation <= 110; ++generation) rewrite(database, generation);

  // Pages born after the first snapshot and freed before the second are seen by none of the two; so
  // are those born after both. All that follows must find its room there.
  const auto before = must(database.stats());
  for (int generation = 111; generation <= 310; ++generation) rewrite(database, generation);
  const auto after = must(database.stats());
  const std::uint64_t written = 200 * kValues;
  EXPECT_GE(after.pages_reused - before.pages_reused, written * 9 / 10);
  EXPECT_LE(after.file_pages, 16 * one);
  EXPECT_LE(after.file_pages, before.file_pages + 4 * one);
  EXPECT_EQ(after.oldest_pinned, first.id());

  expect_generation(first, 0);
  expect_generation(second, 100);
  expect_clean(database);
}

TEST_F(ReclaimTest, PagesBetweenTwoPinnedSnapshotsAreReused) {
  const Database database = open();
  rewrite(database, 0);
  const ReadTxn first = must(database.read());
  rewrite(database, 1);  // what the reader does not see
  rewrite(database, 2);
  const ReadTxn second = must(database.read());
  must(database.sync());
  // Generation 1 was born after the first snapshot and freed before the second.
  const auto before = must(database.stats());
  rewrite(database, 3);
  const auto after = must(database.stats());
  EXPECT_GE(after.pages_reused - before.pages_reused, std::uint64_t{kValues} / 2);
  expect_generation(first, 0);
  expect_generation(second, 2);
  expect_clean(database);
}

TEST_F(ReclaimTest, PagesComeBackWhenReadersEnd) {
  const Database database = open();
  rewrite(database, 0);
  {
    std::vector<ReadTxn> readers;
    for (int generation = 1; generation <= 40; ++generation) {
      rewrite(database, generation);
      readers.push_back(must(database.read()));
    }
    EXPECT_GE(must(database.stats()).pending_pages, 38U * kValues);
    for (int i = 0; i < 40; ++i) expect_generation(readers[static_cast<std::size_t>(i)], i + 1);
  }
  rewrite(database, 41);
  must(database.sync());
  rewrite(database, 42);
  EXPECT_LE(must(database.stats()).pending_pages, 6U * kValues);
  expect_clean(database);
}

TEST_F(ReclaimTest, ADeadReaderPinsNothing) {
  const Database database = open();
  rewrite(database, 0);
  Signal pinned;
  ChildProcess child([&] {
    const Database other = must(Database::open(path()));
    const ReadTxn txn = must(other.read());
    pinned.send();
    for (;;) ::pause();
    return 0;
  });
  pinned.wait();
  const std::uint64_t pinned_id = must(database.read()).id();
  rewrite(database, 1);
  EXPECT_EQ(must(database.stats()).oldest_pinned, pinned_id);
  child.kill();
  rewrite(database, 2);
  EXPECT_GT(must(database.stats()).oldest_pinned, pinned_id);
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
