#include <filesystem>

#include <gtest/gtest.h>

#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

// One process has the file to itself.
class ExclusiveTest : public StoreTest {
 protected:
  static Options exclusive(bool read_only = false) {
    Options options;
    options.exclusive = true;
    options.read_only = read_only;
    return options;
  }
  // What opening it in another process gives.
  ErrorCode elsewhere(const Options& options) const {
    return static_cast<ErrorCode>(ChildProcess([&] {
                                    const auto opened = Database::open(path(), options);
                                    return opened ? 0 : static_cast<int>(opened.error().code);
                                  }).wait());
  }
};

TEST_F(ExclusiveTest, WorksWithoutALockFile) {
  {
    const Database database = open(exclusive());
    for (int i = 0; i < 100; ++i) put(database, "key " + std::to_string(i), std::string(500, 'v'));
    std::vector<ReadTxn> readers;
    for (int i = 0; i < 300; ++i)
      readers.push_back(must(database.read()));  // more than the first slots
    put(database, "key", "new");
    EXPECT_FALSE(get(readers.front(), "key"));
    EXPECT_EQ(get(database, "key"), "new");
    expect_clean(database);
  }
  EXPECT_FALSE(std::filesystem::exists(path() + "-lock"));
  const Database database = open();
  EXPECT_EQ(get(database, "key"), "new");
  expect_clean(database);
}

TEST_F(ExclusiveTest, NobodyElseGetsIn) {
  Database database = open(exclusive());
  put(database, "key", "value");
  EXPECT_EQ(elsewhere({}), ErrorCode::kBusy);
  EXPECT_EQ(elsewhere(exclusive()), ErrorCode::kBusy);
  Options reader;
  reader.read_only = true;
  EXPECT_EQ(elsewhere(reader), ErrorCode::kBusy);
  EXPECT_EQ(elsewhere(exclusive(true)), ErrorCode::kBusy);
  must(database.close());
  EXPECT_EQ(elsewhere({}), ErrorCode::kOk);
  expect_clean(open());
}

TEST_F(ExclusiveTest, IsRefusedWhileOthersHaveIt) {
  put(open(), "key", "value");
  for (const bool read_only : {false, true}) {
    Options shared;
    shared.read_only = read_only;
    const Database database = open(shared);
    EXPECT_EQ(elsewhere(exclusive()), ErrorCode::kBusy) << read_only;
    EXPECT_EQ(elsewhere({}), ErrorCode::kOk) << "the refused opener left nothing behind";
  }
}

TEST_F(ExclusiveTest, TheDeathOfItsHolderSetsItFree) {
  Signal open_now;
  ChildProcess holder([&] {
    const Database database = must(Database::open(path(), exclusive()));
    put(database, "key", "value");
    open_now.send();
    ::pause();
    return 0;
  });
  open_now.wait();
  EXPECT_TRUE(fails(Database::open(path()), ErrorCode::kBusy));
  holder.kill();
  const Database database = open();
  EXPECT_EQ(get(database, "key"), "value");
  expect_clean(database);
}

// Nothing of its lock file outlives the process, so its slots have to tell.
TEST_F(ExclusiveTest, RelaxedCommitsSurviveTheDeathOfTheirProcess) {
  for (int round = 0; round < 4; ++round) {
    Signal done;
    ChildProcess holder([&] {
      const Database database = must(Database::open(path(), exclusive()));
      for (int i = 0; i <= round * 7; ++i) {  // the file grows on the way
        WriteTxn txn = must(database.write());
        must(txn.put({}, as_bytes("key " + std::to_string(i)), as_bytes(std::string(9000, 'v'))));
        must(txn.put({}, as_bytes("last"),
                     as_bytes(std::to_string(round) + "/" + std::to_string(i))));
        must(txn.commit(Durability::kRelaxed));
        if (i == 5) must(database.sync());
      }
      done.send();
      ::pause();
      return 0;
    });
    done.wait();
    holder.kill();
    const Database database = open();
    EXPECT_EQ(get(database, "last"), std::to_string(round) + "/" + std::to_string(round * 7));
    expect_clean(database);
  }
}

TEST_F(ExclusiveTest, TakesOverRelaxedCommitsOfThoseBefore) {
  Signal done;
  ChildProcess holder([&] {
    const Database database = must(Database::open(path()));
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes("key"), as_bytes("only the lock file knows")));
    must(txn.commit(Durability::kRelaxed));
    done.send();
    ::pause();
    return 0;
  });
  done.wait();
  holder.kill();
  {
    const Database database = open(exclusive());
    EXPECT_EQ(get(database, "key"), "only the lock file knows");
    EXPECT_FALSE(std::filesystem::exists(path() + "-lock")) << "it is known by now";
    expect_clean(database);
  }
  EXPECT_EQ(get(open(), "key"), "only the lock file knows");
}

TEST_F(ExclusiveTest, IsAnOptionOfTheWholeProcess) {
  const Database database = open();
  EXPECT_TRUE(fails(Database::open(path(), exclusive()), ErrorCode::kOptionConflict));
}

TEST_F(ExclusiveTest, ReadersAloneWriteNothing) {
  put(open(), "key", "value");
  const auto length = std::filesystem::file_size(path());
  const auto changed = std::filesystem::last_write_time(path());
  {
    const Database database = open(exclusive(true));
    EXPECT_EQ(get(database, "key"), "value");
    EXPECT_TRUE(fails(database.write(kNoWait), ErrorCode::kReadOnly));
    must(database.sync());
    expect_clean(database);
  }
  EXPECT_EQ(std::filesystem::file_size(path()), length);
  EXPECT_EQ(std::filesystem::last_write_time(path()), changed);
}

}  // namespace
}  // namespace kist::test
