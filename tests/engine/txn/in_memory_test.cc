#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using InMemoryTest = StoreTest;

TEST_F(InMemoryTest, IsAnEnvironmentLikeOthers) {
  const Database database = must(Database::open_in_memory({.page_size = 1024}));
  EXPECT_EQ(database.page_size(), 1024U);
  for (int i = 0; i < 2000; ++i) put(database, "key " + std::to_string(i), std::string(100, 'v'));
  put(database, "large", std::string(3 << 20, 'l'));
  const ReadTxn old = must(database.read());
  WriteTxn txn = must(database.write());
  EXPECT_EQ(must(txn.erase_prefix({}, as_bytes("key 1"))), 1111U);
  must(txn.commit(Durability::kRelaxed));
  must(database.sync());
  EXPECT_EQ(must(old.count({})), 2001U);
  EXPECT_EQ(must(must(database.read()).count({})), 890U);
  expect_clean(database);
}

TEST_F(InMemoryTest, TwoOfThemHaveNothingToDoWithEachOther) {
  const Database a = must(Database::open_in_memory());
  const Database b = must(Database::open_in_memory());
  EXPECT_NE(a.path(), b.path());
  put(a, "key", "a");
  put(b, "key", "b");
  EXPECT_EQ(get(a, "key"), "a");
  EXPECT_EQ(get(b, "key"), "b");
  expect_clean(a);
  expect_clean(b);
}

TEST_F(InMemoryTest, LeavesNoFile) {
  const std::string before = std::filesystem::current_path();
  {
    const Database database = must(Database::open_in_memory());
    put(database, "key", "value");
    EXPECT_FALSE(std::filesystem::exists(database.path()));
  }
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(InMemoryTest, AForkedChildDoesNotShareIt) {
  const Database database = must(Database::open_in_memory());
  put(database, "key", "value");
  ChildProcess child([&] {
    return fails(database.read(), ErrorCode::kForked) && fails(database.write(), ErrorCode::kForked)
               ? 0
               : 1;
  });
  EXPECT_EQ(child.wait(), 0);
  put(database, "key", "new");
  expect_clean(database);
}

TEST_F(InMemoryTest, NothingToReadOnly) {
  Options options;
  options.read_only = true;
  EXPECT_TRUE(fails(Database::open_in_memory(options), ErrorCode::kInvalidArgument));
}

TEST(ConcurrentInMemoryTest, ThreadsReadWhileOneWrites) {
  const Database database = must(Database::open_in_memory());
  const std::uint64_t rounds = 300;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      for (std::uint64_t seen = 0; seen < rounds;) {
        const ReadTxn txn = must(database.read());
        const std::uint64_t records = must(txn.count({}));
        require(records >= seen, "the store went back");
        seen = records;
      }
    });
  }
  for (std::uint64_t i = 0; i < rounds; ++i) {
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes(std::to_string(i)), as_bytes("v")));
    must(txn.commit());
  }
  for (std::thread& reader : readers) reader.join();
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
