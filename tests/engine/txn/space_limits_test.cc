// Bounds of the file's length: those that the options set, and those of the disk.

#include <cerrno>
#include <filesystem>
#include <limits>

#include <gtest/gtest.h>

#include "tests/support/call_counter.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

class SpaceLimitsTest : public StoreTest {
 protected:
  static constexpr std::uint64_t kBound = std::uint64_t{1} << 20;

  std::uint64_t length() const { return std::filesystem::file_size(path()); }
  using StoreTest::put;
  static void put(const Database& database, std::string_view key, std::string_view value,
                  Durability durability) {
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes(key), as_bytes(value)));
    must(txn.commit(durability));
  }
  static std::string key(int i) { return "key " + std::to_string(i); }
  static Result<std::uint64_t> try_put(const Database& database, std::string_view key,
                                       std::string_view value) {
    KIST_ASSIGN(WriteTxn txn, database.write());
    KIST_TRY(txn.put({}, as_bytes(key), as_bytes(value)));
    return txn.commit();
  }
  /// Stores values of 100 to 3,000 bytes until there is no space. Returns how many, and `error`.
  static int fill(const Database& database, Error& error) {
    for (int i = 0;; ++i) {
      const auto put = try_put(database, key(i), value(i));
      if (put) continue;
      error = put.error();
      return i;
    }
  }
  static std::string value(int i) {
    return std::string(100 + static_cast<std::size_t>(i % 30) * 100,
                       static_cast<char>('a' + i % 26));
  }
  /// Erases, one by one, and each in a transaction of its own, all but every fourth of them.
  static void thin_out(const Database& database, int count) {
    for (int i = 0; i < count; ++i) {
      if (i % 4 == 0) continue;
      WriteTxn txn = must(database.write());
      ASSERT_TRUE(must(txn.erase({}, as_bytes(key(i)))));
      must(txn.commit());
    }
  }
  static void expect_thinned_out(const Database& database, int count) {
    const ReadTxn txn = must(database.read());
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(get(txn, key(i)), i % 4 == 0 ? std::optional(value(i)) : std::nullopt) << i;
    }
  }
};

TEST_F(SpaceLimitsTest, TheFileStaysWithinItsBoundAndErasingStillWorks) {
  const Database database = open({.max_file_size = kBound});
  Error error;
  const int stored = fill(database, error);
  EXPECT_EQ(error.code, ErrorCode::kNoSpace);
  EXPECT_NE(error.message.find("max_file_size"), std::string::npos) << error.message;
  EXPECT_LE(length(), kBound);
  EXPECT_GT(stored, 300);
  for (int i = 0; i < stored; ++i) ASSERT_EQ(get(database, key(i)), value(i));
  thin_out(database, stored);
  expect_thinned_out(database, stored);
  // What was given up is there to be used.
  for (int i = stored; i < stored + stored / 2; ++i) put(database, key(i), value(i));
  EXPECT_LE(length(), kBound);
  expect_clean(database);
}

TEST_F(SpaceLimitsTest, OverwritingGoesOnForEverAtTheBound) {
  // Relaxed commits keep what they gave up until it is flushed; here that has to be done in time.
  const Database database = open({.durability = Durability::kRelaxed, .max_file_size = kBound});
  Error error;
  const int stored = fill(database, error);
  for (int i = 0; i < 2000; ++i) put(database, key(i % stored), value(i % stored));
  EXPECT_LE(length(), kBound);
  expect_clean(database);
}

TEST_F(SpaceLimitsTest, ATransactionTooLargeForTheBoundChangesNothing) {
  const Database database = open({.transaction_memory = 256 << 10, .max_file_size = kBound});
  put(database, "small", "there");
  {
    WriteTxn txn = must(database.write());
    Result<bool> put = true;
    for (int i = 0; put && i < 10000; ++i) put = txn.put({}, as_bytes(key(i)), as_bytes(value(i)));
    EXPECT_TRUE(fails(put, ErrorCode::kNoSpace));
    EXPECT_TRUE(fails(txn.commit(), ErrorCode::kNoSpace));
  }
  EXPECT_EQ(get(database, "small"), "there");
  EXPECT_EQ(get(database, key(0)), std::nullopt);
  put(database, "small", "still");
  EXPECT_LE(length(), kBound);
  expect_clean(database);
}

TEST_F(SpaceLimitsTest, ABoundBelowTheLengthStopsGrowthOnly) {
  {
    const Database database = open({.durability = Durability::kRelaxed});
    for (int i = 0; i < 2000; ++i) put(database, key(i), value(i));
  }
  const std::uint64_t before = length();
  ASSERT_GT(before, kBound);
  const Database database = open({.max_file_size = kBound});
  for (int i = 0; i < 100; ++i) put(database, key(i), value(i));
  EXPECT_LE(length(), before);
  EXPECT_TRUE(fails(try_put(database, "large", std::string(before, 'x')), ErrorCode::kNoSpace));
  expect_clean(database);
}

TEST_F(SpaceLimitsTest, AFullDiskIsAnErrorAndErasingStillWorks) {
  CallCounter calls;
  const Database database = open({.durability = Durability::kRelaxed, .observer = &calls});
  for (int i = 0; i < 500; ++i) put(database, key(i), value(i));
  calls.fail(Call::Kind::kAllocate, ENOSPC);
  Error error;
  const int stored = fill(database, error);
  EXPECT_EQ(error.code, ErrorCode::kNoSpace);
  ASSERT_GE(stored, 500);
  const std::uint64_t full = length();
  for (int i = 0; i < stored; ++i) ASSERT_EQ(get(database, key(i)), value(i));
  thin_out(database, stored);
  expect_thinned_out(database, stored);
  EXPECT_LE(length(), full);
  for (int i = stored; i < stored + 100; ++i) put(database, key(i), value(i));
  calls.stop_failing();
  for (int i = stored + 100; i < stored + 1000; ++i) put(database, key(i), value(i));
  EXPECT_GT(length(), full);
  expect_clean(database);
}

TEST_F(SpaceLimitsTest, GrowthComesInSteps) {
  constexpr std::uint64_t kStep = 200'000;  // 49 pages
  const Database database = open({.durability = Durability::kRelaxed, .growth_step = kStep});
  const std::uint64_t start = length();
  std::uint64_t steps = 0;
  for (int i = 0; i < 1000; ++i) {
    put(database, key(i), value(i));
    EXPECT_EQ((length() - start) % (49 * 4096), 0U) << length();
    steps = (length() - start) / (49 * 4096);
  }
  EXPECT_GE(steps, 8U);
  put(database, "large", std::string(1 << 20, 'x'));
  EXPECT_EQ((length() - start) % (49 * 4096), 0U);
  expect_clean(database);
}

TEST_F(SpaceLimitsTest, TheThresholdDecidesWhenSpaceGoesBack) {
  for (const std::uint64_t threshold :
       {std::uint64_t{0}, std::uint64_t{256} << 10, std::numeric_limits<std::uint64_t>::max()}) {
    const TempDirectory directory;
    const std::string file = directory.file("store");
    const Database database = must(Database::open(file, {.shrink_threshold = threshold}));
    for (int i = 0; i < 10; ++i) put(database, key(i), std::string(100'000, 'v'));
    for (int i = 10; i < 12; ++i) put(database, key(i), std::string(200'000, 'v'));
    const std::uint64_t full = std::filesystem::file_size(file);
    for (int i = 11; i >= 9; --i) {
      WriteTxn txn = must(database.write());
      must(txn.erase({}, as_bytes(key(i))));
      must(txn.commit());
    }
    for (int i = 0; i < 10; ++i) put(database, "small", std::to_string(i));
    const std::uint64_t after = std::filesystem::file_size(file);
    if (threshold == std::numeric_limits<std::uint64_t>::max()) {
      EXPECT_EQ(after, full);
    } else if (threshold != 0) {
      EXPECT_LT(after, full - 200'000) << full;
    }
    expect_clean(database);
  }
}

TEST_F(SpaceLimitsTest, TheFileShrinksWhileOthersReadIt) {
  const Database database = open();
  for (int i = 0; i < 50; ++i) put(database, key(i), std::string(100'000, 'v'));
  WriteTxn txn = must(database.write());
  must(txn.clear({}));
  must(txn.put({}, as_bytes("small"), as_bytes("0")));
  must(txn.commit());
  // Away from the end, the space records too, without giving anything back yet.
  for (int i = 0; i < 12; ++i) {
    put(database, "small", std::to_string(11 - i), Durability::kRelaxed);
    must(database.sync());
  }
  const std::uint64_t full = length();
  std::vector<ReadTxn> readers;
  for (int i = 0; i < 20; ++i) {
    readers.push_back(must(database.read()));
    put(database, "small", std::to_string(i + 1));
  }
  EXPECT_LT(length(), full / 4);
  for (std::size_t i = 0; i < readers.size(); ++i) {
    EXPECT_EQ(get(readers[i], "small"), std::to_string(i));
  }
  expect_clean(database);
}

TEST_F(SpaceLimitsTest, BoundsThatMakeNoSenseAreRefused) {
  EXPECT_TRUE(
      fails(Database::open(path(), {.max_file_size = 65'535}), ErrorCode::kInvalidArgument));
  EXPECT_TRUE(fails(Database::open(path(), {.growth_step = (std::uint64_t{1} << 40) + 1}),
                    ErrorCode::kInvalidArgument));
  const Database database = open({.max_file_size = kBound});
  EXPECT_TRUE(fails(Database::open(path()), ErrorCode::kOptionConflict));
  must(Database::open(path(), {.max_file_size = kBound}));
}

}  // namespace
}  // namespace kist::test
