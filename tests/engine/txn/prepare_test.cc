#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include <kist/engine/recovery.h>

#include "engine/base/failpoints.h"
#include "engine/os/file.h"
#include "engine/upkeep/slots.h"
#include "tests/support/call_counter.h"
#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using Markers = std::array<std::uint64_t, 3>;

// Two-phase commit.
class PrepareTest : public StoreTest {
 protected:
  // Prepares key = new, over key = old.
  static std::uint64_t prepare(const Database& database) {
    put(database, "key", "old");
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes("key"), as_bytes("new")));
    must(txn.put({}, as_bytes("large"), as_bytes(std::string(200'000, 'l'))));
    must(txn.create_table(must(database.table("table"))));
    must(txn.set_markers({7, 8, 9}));
    return must(txn.prepare());
  }
  // The same in a process that is killed afterwards, or at a failpoint on the way.
  void prepare_and_die(const char* failpoint = nullptr) const {
    ChildProcess child([&]() -> int {
      const Database database = must(Database::open(path()));
      at = failpoint;
      if (failpoint != nullptr) engine::set_failpoint_hook(die_at);
      prepare(database);
      ::kill(::getpid(), SIGKILL);
      return 1;
    });
    ASSERT_EQ(child.wait(), -SIGKILL);
  }
  // Prepares and commits in a process that is killed as soon as the tip is stored.
  void die_deciding() const {
    ChildProcess child([&]() -> int {
      const Database database = must(Database::open(path()));
      const std::uint64_t id = prepare(database);
      at = "decide.after_tip";
      engine::set_failpoint_hook(die_at);
      std::ignore = database.commit_prepared(id);
      return 1;
    });
    ASSERT_EQ(child.wait(), -SIGKILL);
  }
  engine::SlotSet slots() const {
    return must(
        engine::read_slots(must(engine::os::File::open(path(), engine::os::Access::kRead))));
  }
  static void expect_waiting(const Database& database, std::uint64_t id) {
    const auto waiting = must(database.prepared());
    ASSERT_TRUE(waiting);
    EXPECT_EQ(waiting->id, id);
    EXPECT_EQ(waiting->markers, Markers({7, 8, 9}));
    EXPECT_EQ(get(database, "key"), "old");
    const auto writer = database.write(kNoWait);
    ASSERT_TRUE(fails(writer, ErrorCode::kPrepared));
    EXPECT_NE(writer.error().message.find(std::to_string(id)), std::string::npos);
  }
  static void expect_committed(const Database& database, std::uint64_t id) {
    EXPECT_FALSE(must(database.prepared()));
    const ReadTxn txn = must(database.read());
    EXPECT_EQ(txn.id(), id);
    EXPECT_EQ(get(txn, "key"), "new");
    EXPECT_EQ(get(txn, "large"), std::string(200'000, 'l'));
    EXPECT_EQ(txn.markers(), Markers({7, 8, 9}));
    EXPECT_GT(put(database, "after", std::to_string(id)), id);
    expect_clean(database);
  }
  static void expect_rolled_back(const Database& database, std::uint64_t id) {
    EXPECT_FALSE(must(database.prepared()));
    EXPECT_EQ(get(database, "key"), "old");
    EXPECT_EQ(must(database.read()).markers(), Markers({0, 0, 0}));
    EXPECT_GT(put(database, "after", std::to_string(id)), id) << "an id was used twice";
    expect_clean(database);
  }

 private:
  static void die_at(const char* name) {
    if (std::strcmp(name, at) == 0) ::kill(::getpid(), SIGKILL);
  }
  static inline const char* at = nullptr;
};

TEST_F(PrepareTest, Commits) {
  const Database database = open({.page_size = 512});
  EXPECT_FALSE(must(database.prepared()));
  const std::uint64_t id = prepare(database);
  expect_waiting(database, id);
  must(database.sync());
  expect_waiting(database, id);
  EXPECT_EQ(must(database.stats()).transaction_id, must(database.read()).id());
  expect_clean(database);
  must(database.commit_prepared(id));
  expect_committed(database, id);
  EXPECT_TRUE(fails(database.commit_prepared(id), ErrorCode::kNotFound));
  EXPECT_TRUE(fails(database.roll_back_prepared(id), ErrorCode::kNotFound));
}

TEST_F(PrepareTest, RollsBack) {
  const Database database = open({.page_size = 512});
  const std::uint64_t id = prepare(database);
  EXPECT_TRUE(fails(database.roll_back_prepared(id + 1), ErrorCode::kNotFound));
  must(database.roll_back_prepared(id));
  expect_rolled_back(database, id);
}

TEST_F(PrepareTest, WaitsThroughACleanClose) {
  for (const bool commit : {true, false}) {
    std::uint64_t id = 0;
    {
      const Database database = open({.page_size = 512});
      id = prepare(database);
    }
    for (int i = 0; i < 3; ++i) expect_waiting(open(), id);  // each close writes a slot
    const Database database = open();
    if (commit) {
      must(database.commit_prepared(id));
      expect_committed(database, id);
      WriteTxn txn = must(database.write());
      must(txn.set_markers({0, 0, 0}));
      must(txn.drop_table(must(database.table("table"))));
      must(txn.commit());
    } else {
      must(database.roll_back_prepared(id));
      expect_rolled_back(database, id);
    }
  }
}

TEST_F(PrepareTest, WaitsThroughTheDeathOfItsProcess) {
  for (const bool commit : {true, false}) {
    const std::string which = commit ? "commit" : "roll back";
    SCOPED_TRACE(which);
    std::filesystem::remove(path());
    {
      open({.page_size = 512});
    }
    prepare_and_die();
    std::uint64_t id = 0;
    {
      const Database database = open();
      id = must(database.prepared()).value().id;
      expect_waiting(database, id);
    }
    {
      // Decided by one that is killed right after.
      ChildProcess child([&]() -> int {
        const Database database = must(Database::open(path()));
        commit ? must(database.commit_prepared(id)) : must(database.roll_back_prepared(id));
        ::kill(::getpid(), SIGKILL);
        return 1;
      });
      ASSERT_EQ(child.wait(), -SIGKILL);
    }
    const Database database = open();
    commit ? expect_committed(database, id) : expect_rolled_back(database, id);
  }
}

TEST_F(PrepareTest, OthersSeeItAndMayDecide) {
  const Database database = open({.page_size = 512});
  prepare_and_die();
  const std::uint64_t id = must(database.prepared()).value().id;
  expect_waiting(database, id);
  must(database.commit_prepared(id));
  expect_committed(database, id);
}

TEST_F(PrepareTest, DeathOnTheWayLeavesAllOrNothing) {
  for (const bool alone : {true, false}) {
    for (const char* where : {"commit.after_pages", "prepare.after_slot", "prepare.after_flush"}) {
      SCOPED_TRACE(where);
      std::filesystem::remove(path());
      std::optional<Database> other = open({.page_size = 512});
      if (alone) other.reset();
      prepare_and_die(where);
      const Database database = open();
      const bool whole = std::string(where) != "commit.after_pages";
      if (!whole) {
        // The next writer finds out what became of it.
        put(database, "key", "old");
        EXPECT_FALSE(must(database.prepared()));
        expect_clean(database);
        continue;
      }
      const auto writer = database.write(kNoWait);
      EXPECT_TRUE(fails(writer, ErrorCode::kPrepared));
      const std::uint64_t id = must(database.prepared()).value().id;
      expect_waiting(database, id);
      must(database.commit_prepared(id));
      expect_committed(database, id);
    }
  }
}

TEST_F(PrepareTest, OnTopOfRelaxedCommits) {
  for (int relaxed = 1; relaxed < 6; ++relaxed) {
    std::filesystem::remove(path());
    std::uint64_t id = 0;
    {
      const Database database = open({.page_size = 512});
      for (int i = 0; i < relaxed; ++i) {
        WriteTxn txn = must(database.write());
        must(txn.put({}, as_bytes("relaxed"), as_bytes(std::to_string(i))));
        must(txn.commit(Durability::kRelaxed));
      }
      WriteTxn txn = must(database.write());
      must(txn.put({}, as_bytes("key"), as_bytes("new")));
      id = must(txn.prepare());
      EXPECT_EQ(get(database, "relaxed"), std::to_string(relaxed - 1));
      must(database.sync());
      EXPECT_EQ(must(database.prepared()).value().id, id);
    }
    const Database database = open();
    EXPECT_EQ(get(database, "relaxed"), std::to_string(relaxed - 1));
    must(database.commit_prepared(id));
    EXPECT_EQ(get(database, "key"), "new");
    expect_clean(database);
  }
}

// Then only the lock file knows that it is committed: until that is surely on the device, a crash
// goes back to the prepared slot, which must still be there.
TEST_F(PrepareTest, AdoptingItsCommitLeavesThePreparedSlotAlone) {
  {
    open({.page_size = 512});
  }
  die_deciding();
  const engine::MetaSlot waiting = slots().prepared_after(0).value();
  {
    const Database database = open();
    EXPECT_EQ(slots().slots[waiting.index].slot, waiting);
    EXPECT_EQ(get(database, "key"), "new");
  }
  expect_committed(open(), waiting.id);
}

TEST_F(PrepareTest, IsForOutermostTransactions) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  WriteTxn nested = must(txn.nested());
  EXPECT_TRUE(fails(nested.prepare(), ErrorCode::kMisuse));
  must(nested.put({}, as_bytes("key"), as_bytes("value")));
  must(nested.commit());
  must(database.roll_back_prepared(must(txn.prepare())));
  EXPECT_TRUE(fails(txn.prepare(), ErrorCode::kTransactionEnded));
  EXPECT_FALSE(get(database, "key"));
  expect_clean(database);
}

TEST_F(PrepareTest, AFailedFlushLatches) {
  CallCounter calls;
  Options options;
  options.observer = &calls;
  Database database = open(options);
  put(database, "key", "old");
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("key"), as_bytes("new")));
  calls.fail(Call::Kind::kFlush, EIO);
  EXPECT_TRUE(fails(txn.prepare(), ErrorCode::kIo));
  calls.stop_failing();
  EXPECT_TRUE(fails(database.write(kNoWait), ErrorCode::kLatched));
  EXPECT_EQ(get(database, "key"), "old");
  std::ignore = database.close();
  expect_clean(open());
}

TEST_F(PrepareTest, IsListed) {
  const Database database = open();
  const std::uint64_t id = prepare(database);
  const auto snapshots = must(engine::list_snapshots(path()));
  ASSERT_FALSE(snapshots.empty());
  EXPECT_TRUE(snapshots.back().prepared);
  EXPECT_TRUE(snapshots.back().whole) << snapshots.back().missing;
  EXPECT_EQ(snapshots.back().id, id);
  EXPECT_EQ(snapshots.back().markers, Markers({7, 8, 9}));
  must(database.roll_back_prepared(id));
}

}  // namespace
}  // namespace kist::test
