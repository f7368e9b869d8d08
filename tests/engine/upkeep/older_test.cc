#include <algorithm>
#include <filesystem>
#include <iostream>

#include <gtest/gtest.h>

#include <kist/engine/recovery.h>

#include "engine/os/file.h"
#include "engine/upkeep/slots.h"
#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::StoredSnapshot;

// Opening a state of the store before the newest one.
class OlderTest : public StoreTest {
 protected:
  // Commits that touch a little each, so that the last few stay whole.
  void fill() {
    Database database = open({.page_size = 512});
    for (int i = 0; i < 60; ++i) put(database, "key " + std::to_string(i), std::string(60, 'v'));
    for (int i = 0; i < 3; ++i) ids_.push_back(put(database, "state", std::to_string(i)));
  }
  const std::vector<std::uint64_t>& ids() const { return ids_; }
  Options at(std::uint64_t id, bool read_only) const {
    Options options;
    options.snapshot = id;
    options.read_only = read_only;
    return options;
  }
  std::vector<StoredSnapshot> list() const { return must(engine::list_snapshots(path())); }

 private:
  std::vector<std::uint64_t> ids_;
};

TEST_F(OlderTest, ListsWhatTheSlotsName) {
  fill();
  const auto snapshots = list();
  ASSERT_GE(snapshots.size(), 3U);
  EXPECT_EQ(snapshots[0].id, ids()[2]);
  EXPECT_TRUE(snapshots[0].whole);
  EXPECT_EQ(snapshots[0].records, 61U);
  EXPECT_EQ(snapshots[1].id, ids()[1]);
  for (const StoredSnapshot& snapshot : snapshots) {
    EXPECT_EQ(snapshot.whole, snapshot.missing.empty()) << snapshot.missing;
  }
}

TEST_F(OlderTest, ReadsOneWithoutTouchingTheFile) {
  fill();
  const auto changed = std::filesystem::last_write_time(path());
  bool some = false;
  for (const StoredSnapshot& snapshot : list()) {
    if (!snapshot.whole || snapshot.id == ids()[2] || snapshot.id < ids()[0]) continue;
    const Database database = open(at(snapshot.id, true));
    const ReadTxn txn = must(database.read());
    EXPECT_EQ(txn.id(), snapshot.id);
    EXPECT_EQ(get(txn, "state"), std::to_string(snapshot.id - ids()[0]));
    EXPECT_EQ(must(txn.count({})), 61U);
    EXPECT_TRUE(fails(database.write(kNoWait), ErrorCode::kReadOnly));
    some = true;
  }
  EXPECT_TRUE(some) << "no older snapshot was whole";
  EXPECT_EQ(std::filesystem::last_write_time(path()), changed);
  EXPECT_EQ(get(open(), "state"), "2");
}

TEST_F(OlderTest, AdoptsOneForWriting) {
  fill();
  const auto snapshots = list();
  const auto older = std::find_if(snapshots.begin() + 1, snapshots.end(),
                                  [](const StoredSnapshot& one) { return one.whole; });
  ASSERT_NE(older, snapshots.end());
  std::uint64_t next = 0;
  {
    const Database database = open(at(older->id, false));
    EXPECT_EQ(must(database.read()).id(), older->id);
    next = put(database, "after", "recovery");
    EXPECT_GT(next, ids()[2]) << "an id was used twice";
    expect_clean(database);
  }
  const Database database = open();
  EXPECT_EQ(must(database.read()).id(), next);
  EXPECT_EQ(get(database, "after"), "recovery");
  EXPECT_NE(get(database, "state"), "2") << "what was given up came back";
  expect_clean(database);
}

TEST_F(OlderTest, WhatWasGivenUpStaysSoWhenNothingIsWrittenAfterIt) {
  fill();
  const auto snapshots = list();
  const auto older = std::find_if(snapshots.begin() + 1, snapshots.end(),
                                  [](const StoredSnapshot& one) { return one.whole; });
  ASSERT_NE(older, snapshots.end());
  ChildProcess child([&]() -> int {
    const Database database = must(Database::open(path(), at(older->id, false)));
    ::kill(::getpid(), SIGKILL);
    return 1;
  });
  ASSERT_EQ(child.wait(), -SIGKILL);
  const Database database = open();
  EXPECT_EQ(must(database.read()).id(), older->id);
  expect_clean(database);
}

TEST_F(OlderTest, WhicheverIsWholeCanBeAdopted) {
  int adopted = 0;
  for (int pattern = 1; pattern < 64; pattern += 3) {
    // Durable and relaxed commits in every order of six.
    std::filesystem::remove(path());
    const std::string copy = directory().file("copy");
    std::vector<StoredSnapshot> snapshots;
    {
      const Database database = open({.page_size = 512});
      for (int i = 0; i < 60; ++i) put(database, "key " + std::to_string(i), std::string(60, 'v'));
      for (int i = 0; i < 6; ++i) {
        WriteTxn txn = must(database.write());
        must(txn.put({}, as_bytes("state"), as_bytes(std::to_string(i))));
        must(txn.commit((pattern >> i) % 2 == 0 ? Durability::kRelaxed : Durability::kDurable));
      }
      std::filesystem::copy_file(path(), copy, std::filesystem::copy_options::overwrite_existing);
      snapshots = must(engine::list_snapshots(copy));
    }
    for (const StoredSnapshot& snapshot : snapshots) {
      if (!snapshot.whole) continue;
      const std::string other = directory().file("other");
      std::filesystem::copy_file(copy, other, std::filesystem::copy_options::overwrite_existing);
      const Database database = must(Database::open(other, at(snapshot.id, false)));
      EXPECT_EQ(must(database.read()).id(), snapshot.id);
      put(database, "after", "recovery");
      expect_clean(database);
      ++adopted;
    }
  }
  std::cout << adopted << " snapshots adopted" << std::endl;
  EXPECT_GT(adopted, 20);
}

TEST_F(OlderTest, OneThatIsGoneIsRefused) {
  fill();
  const auto refused = Database::open(path(), at(3, true));
  ASSERT_TRUE(fails(refused, ErrorCode::kSnapshotGone));
  EXPECT_NE(refused.error().message.find("snapshot 3"), std::string::npos);
  EXPECT_TRUE(fails(Database::open(path(), at(3, false)), ErrorCode::kSnapshotGone));
  EXPECT_EQ(get(open(), "state"), "2") << "refusing changes nothing";
}

TEST_F(OlderTest, OneWithReusedPagesIsRefused) {
  fill();
  const engine::SlotSet set =
      must(engine::read_slots(must(engine::os::File::open(path(), engine::os::Access::kRead))));
  const StoredSnapshot older = list()[1];
  {
    // As a later commit would: over the root of the older snapshot, which the newest does not have.
    auto file = must(engine::os::File::open(path(), engine::os::Access::kReadWrite));
    for (const engine::MetaSlot& slot : set.newest_first()) {
      if (slot.id != older.id) continue;
      must(file.write_at(slot.main.root.page * 512, as_bytes(std::string(512, 'x'))));
    }
  }
  const StoredSnapshot now = list()[1];
  EXPECT_EQ(now.id, older.id);
  EXPECT_FALSE(now.whole);
  EXPECT_FALSE(now.missing.empty());
  for (const bool read_only : {true, false}) {
    EXPECT_TRUE(fails(Database::open(path(), at(older.id, read_only)), ErrorCode::kSnapshotGone));
  }
  const Database database = open();
  EXPECT_EQ(get(database, "state"), "2") << "refusing changes nothing";
  expect_clean(database);
}

TEST_F(OlderTest, NeedsTheFileAlone) {
  fill();
  const Database database = open();
  EXPECT_TRUE(fails(Database::open(path(), at(ids()[1], true)), ErrorCode::kOptionConflict));
  ChildProcess child([&] {
    const auto opened = Database::open(path(), at(ids()[1], true));
    return opened ? 0 : static_cast<int>(opened.error().code);
  });
  EXPECT_EQ(child.wait(), static_cast<int>(ErrorCode::kBusy));
}

}  // namespace
}  // namespace kist::test
