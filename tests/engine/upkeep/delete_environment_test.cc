#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include <kist/engine/delete_environment.h>

#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::delete_environment;

class DeleteEnvironmentTest : public StoreTest {
 protected:
  bool empty() const { return std::filesystem::is_empty(directory().path()); }
};

TEST_F(DeleteEnvironmentTest, RemovesBothFiles) {
  put(open(), "a", "b");
  EXPECT_FALSE(empty());
  EXPECT_TRUE(must(delete_environment(path())));
  EXPECT_TRUE(empty());
  EXPECT_FALSE(must(delete_environment(path())));
  EXPECT_TRUE(fails(Database::open(path(), {.create = false}), ErrorCode::kNotFound));
  EXPECT_EQ(get(open(), "a"), std::nullopt) << "a new one";
}

TEST_F(DeleteEnvironmentTest, RefusedWhileThisProcessHasItOpen) {
  const Database database = open();
  put(database, "a", "b");
  EXPECT_TRUE(fails(delete_environment(path()), ErrorCode::kBusy));
  EXPECT_EQ(get(database, "a"), "b");
  expect_clean(database);
}

TEST_F(DeleteEnvironmentTest, RefusedWhileAnotherProcessHasItOpen) {
  put(open(), "a", "b");
  for (const bool read_only : {false, true}) {
    Signal opened;
    ChildProcess child([&] {
      const Database database = open({.create = false, .read_only = read_only});
      const ReadTxn txn = must(database.read());
      opened.send();
      for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
      return 0;
    });
    opened.wait();
    EXPECT_TRUE(fails(delete_environment(path()), ErrorCode::kBusy)) << read_only;
    child.kill();
  }
  EXPECT_TRUE(must(delete_environment(path()))) << "the dead hold nothing";
  EXPECT_TRUE(empty());
}

TEST_F(DeleteEnvironmentTest, RemovesNothingElse) {
  std::ofstream(path()) << "something else, and dear to somebody";
  EXPECT_TRUE(fails(delete_environment(path()), ErrorCode::kNotAStore));
  EXPECT_TRUE(std::filesystem::exists(path()));
  std::filesystem::remove(path());
  EXPECT_FALSE(must(delete_environment(path())));
  EXPECT_TRUE(
      fails(delete_environment(directory().file("no/such/directory")), ErrorCode::kNotFound));
}

TEST_F(DeleteEnvironmentTest, ADamagedStoreToo) {
  put(open(), "a", "b");
  std::filesystem::resize_file(path(), 5000);
  EXPECT_TRUE(fails(Database::open(path()), ErrorCode::kDamaged));
  EXPECT_TRUE(must(delete_environment(path())));
  EXPECT_TRUE(empty());
}

class ConcurrentDeleteTest : public DeleteEnvironmentTest {};

// Whoever opens while others delete gets the old environment or a new one, and never one that is
// half gone.
TEST_F(ConcurrentDeleteTest, OpenersGetTheOldOrANewOne) {
  std::atomic<int> round{0};
  int deleted = 0;
  std::thread opener([&] {
    for (; round < 100; ++round) {
      const Database database = open();
      put(database, "a", "b");
      EXPECT_EQ(get(database, "a"), "b");
    }
  });
  while (round < 100) {
    const int before = round;
    const auto done = delete_environment(path());
    EXPECT_TRUE(done || fails(done, ErrorCode::kBusy));
    deleted += done && *done ? 1 : 0;
    // One who deletes again and again could keep others from ever opening.
    while (round == before && round < 100) std::this_thread::yield();
  }
  opener.join();
  expect_clean(open());
  std::cout << "deleted " << deleted << " times\n";
}

}  // namespace
}  // namespace kist::test
