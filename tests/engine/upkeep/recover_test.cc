#include "engine/upkeep/recover.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "engine/format/page.h"
#include "engine/os/file.h"
#include "engine/txn/tips.h"
#include "engine/upkeep/slots.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::kMetaSlots;
using engine::MetaSlot;
using engine::SlotSet;
using engine::SlotState;

// What opening makes of a file as a crash may have left it: here, a copy of one that is in use.
class RecoverTest : public StoreTest {
 protected:
  // A store in use whose newest durable transaction says "new", the one before "old".
  Database start() {
    Database database = open({.page_size = 512});
    for (int i = 0; i < 50; ++i) put(database, "key " + std::to_string(i), std::string(60, 'v'));
    put(database, "state", "old");
    newest_ = put(database, "state", "new");
    return database;
  }
  std::string copy_path() const { return directory().file("copy"); }
  void copy_file() const {
    std::filesystem::copy_file(path(), copy_path(),
                               std::filesystem::copy_options::overwrite_existing);
  }
  Database open_copy() const { return must(Database::open(copy_path())); }

  static SlotSet slots(const std::string& file) {
    return must(engine::read_slots(must(engine::os::File::open(file, engine::os::Access::kRead))));
  }
  static void overwrite(const std::string& file, std::uint64_t offset, const std::string& bytes) {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(static_cast<std::streamoff>(offset));
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(stream.good());
  }
  std::uint64_t newest() const { return newest_; }

 private:
  std::uint64_t newest_ = 0;
};

TEST_F(RecoverTest, AdoptsAWholeTransaction) {
  const Database database = start();
  copy_file();
  const Database copy = open_copy();
  EXPECT_EQ(get(copy, "state"), "new");
  expect_clean(copy);
}

TEST_F(RecoverTest, ATornSlotGivesTheTransactionBefore) {
  const Database database = start();
  copy_file();
  const MetaSlot slot = slots(copy_path()).newest_first().front();
  ASSERT_EQ(slot.id, newest());
  overwrite(copy_path(), slot.index * engine::kMetaSlotStride + 256, std::string(256, '\0'));
  const Database copy = open_copy();
  EXPECT_EQ(get(copy, "state"), "old");
  EXPECT_GT(put(copy, "state", "after"), newest()) << "an id was used twice";
  EXPECT_EQ(get(copy, "state"), "after");
  expect_clean(copy);
}

TEST_F(RecoverTest, AMissingPageGivesTheTransactionBeforeForEver) {
  const Database database = start();
  copy_file();
  const MetaSlot slot = slots(copy_path()).newest_first().front();
  overwrite(copy_path(), slot.main.root.page * 512, std::string(512, '\0'));
  {
    const Database copy = open_copy();
    EXPECT_EQ(get(copy, "state"), "old");
    for (const MetaSlot& other : slots(copy_path()).newest_first()) {
      EXPECT_LT(other.id, slot.id) << "the rejected slot is still there";
    }
    // Even when the lost page appears later, the transaction does not.
  }
  const Database copy = open_copy();
  EXPECT_EQ(get(copy, "state"), "old");
  EXPECT_GT(put(copy, "a", "1"), slot.id) << "an id was used twice";
  expect_clean(copy);
}

TEST_F(RecoverTest, AMissingSpaceRecordGivesTheTransactionBefore) {
  const Database database = start();
  copy_file();
  const MetaSlot slot = slots(copy_path()).newest_first().front();
  overwrite(copy_path(), slot.space.page * 512 + 40, "xxxxxxxx");
  const Database copy = open_copy();
  EXPECT_EQ(get(copy, "state"), "old");
  put(copy, "a", "1");
  expect_clean(copy);
}

TEST_F(RecoverTest, AMissingPieceOfALargeValueGivesTheTransactionBefore) {
  const Database database = start();
  // Room first, so that the value needs no growth, which would be flushed before the slot.
  put(database, "room", std::string(120'000, 'r'));
  WriteTxn txn = must(database.write());
  must(txn.erase({}, as_bytes("room")));
  must(txn.commit(Durability::kRelaxed));
  put(database, "room", "is free now");
  put(database, "large", std::string(20'000, 'x'));
  copy_file();
  const MetaSlot slot = slots(copy_path()).newest_first().front();
  ASSERT_LT(slot.base, slot.id) << "the value was flushed before the slot";
  std::ifstream file(copy_path(), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  const std::size_t at = bytes.find(std::string(10'000, 'x'));
  ASSERT_NE(at, std::string::npos);
  overwrite(copy_path(), at + 5000, "y");
  const Database copy = open_copy();
  EXPECT_FALSE(get(copy, "large"));
  EXPECT_EQ(get(copy, "state"), "new");
  expect_clean(copy);
}

// Pages of the main tree, of trees of values, and runs of long values alike.
TEST_F(RecoverTest, AMissingPageOfAMultimapGivesTheTransactionBefore) {
  const Database database = open({.page_size = 512});
  const Table table = must(database.table("multi"));
  const auto add = [&](int from, int to) {
    WriteTxn txn = must(database.write());
    if (from == 0) must(txn.create_table(table, {.multi = true}));
    for (int i = from; i < to; ++i) {
      must(txn.put(table, as_bytes("short"), as_bytes(std::to_string(i))));
      must(txn.put(table, as_bytes(std::to_string(i)), as_bytes("v")));
      if (i % 40 == 0) {
        must(txn.put(table, as_bytes("long"), as_bytes(std::string(700, 'l') + std::to_string(i))));
      }
    }
    return must(txn.commit());
  };
  // Room first, so that the second transaction needs no growth, which would be flushed before the
  // slot.
  put(database, "room", std::string(30'000, 'r'));
  add(0, 200);
  WriteTxn room = must(database.write());
  must(room.erase({}, as_bytes("room")));
  must(room.commit(Durability::kRelaxed));
  put(database, "room", "is free now");
  const std::uint64_t before = must(must(database.read()).count(table));
  const std::uint64_t newest = add(200, 241);
  const std::uint64_t after = must(must(database.read()).count(table));
  const auto count = [&] {
    const Database copy = open_copy();
    expect_clean(copy);
    return must(must(copy.read()).count(must(copy.table("multi"))));
  };
  copy_file();
  EXPECT_EQ(count(), after);
  std::ifstream file(path(), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  std::uint64_t types = 0;
  for (std::size_t at = 16384; at < bytes.size(); at += 512) {
    const auto* page = reinterpret_cast<const std::uint8_t*>(bytes.data()) + at;
    const std::uint8_t type = page[engine::page_layout::kType];
    const bool born = engine::load48(page + engine::page_layout::kNumber) == at / 512 &&
                      engine::load48(page + engine::page_layout::kBirth) == newest;
    if (!born || type == static_cast<std::uint8_t>(engine::PageType::kSpace)) continue;
    copy_file();
    overwrite(copy_path(), at, std::string(512, '\0'));
    EXPECT_EQ(count(), before) << "page " << at / 512 << " of type " << int{type};
    types |= 1U << type;
  }
  EXPECT_EQ(types, 1U << 1 | 1U << 2 | 1U << 3 | 1U << 6) << "leaf, branch, run, multi branch";
}

TEST_F(RecoverTest, DamageBelowACleanCloseIsAnErrorAndNoRollback) {
  {
    start();
  }
  copy_file();
  const MetaSlot slot = slots(copy_path()).newest_first().front();
  EXPECT_EQ(slot.state, SlotState::kConfirmed);
  overwrite(copy_path(), slot.main.root.page * 512 + 100, "x");
  const auto copy = Database::open(copy_path());
  if (copy) {
    EXPECT_TRUE(fails(must(copy->read()).get({}, as_bytes("state")), ErrorCode::kDamaged));
  } else {
    EXPECT_TRUE(fails(copy, ErrorCode::kDamaged));
  }
}

TEST_F(RecoverTest, DamageBelowACleanCloseIsAnErrorAlsoWithoutTheConfirmedSlot) {
  {
    start();
  }
  copy_file();
  const MetaSlot slot = slots(copy_path()).newest_first().front();
  overwrite(copy_path(), slot.index * engine::kMetaSlotStride + 8, std::string(100, '\0'));
  const Database copy = open_copy();
  EXPECT_EQ(get(copy, "state"), "new");
  expect_clean(copy);
}

class RelaxedTest : public RecoverTest {
 protected:
  // Ten relaxed commits on top of the newest durable one.
  Database start_relaxed() {
    Database database = start();
    for (int i = 0; i < 10; ++i) {
      WriteTxn txn = must(database.write());
      must(txn.put({}, as_bytes("relaxed"), as_bytes(std::to_string(i))));
      last_ = must(txn.commit(Durability::kRelaxed));
    }
    return database;
  }
  void copy_both() const {
    copy_file();
    std::filesystem::copy_file(path() + "-lock", copy_path() + "-lock",
                               std::filesystem::copy_options::overwrite_existing);
  }
  // Overwrites part of each tip in the copy of the lock file.
  void damage_tips() const {
    for (std::size_t i = 0; i < engine::kTips; ++i) {
      overwrite(copy_path() + "-lock",
                offsetof(engine::LockFileLayout, tips) + i * sizeof(engine::TipBuffer) + 100, "x");
    }
  }
  std::uint64_t last() const { return last_; }

 private:
  std::uint64_t last_ = 0;
};

TEST_F(RelaxedTest, TheyAreAdoptedFromTheLockFile) {
  const Database database = start_relaxed();
  copy_both();
  const MetaSlot newest_slot = slots(copy_path()).newest_first().front();
  EXPECT_LT(newest_slot.id, last()) << "a relaxed commit wrote a slot";
  {
    const Database copy = open_copy();
    EXPECT_EQ(get(copy, "relaxed"), "9");
    EXPECT_EQ(must(copy.read()).id(), last());
    expect_clean(copy);
    // Opening has made it durable, beside the slot that it would have gone back to.
    const SlotSet set = slots(copy_path());
    EXPECT_EQ(set.newest_first().front().id, last());
    EXPECT_EQ(set.newest_first()[1], newest_slot);
    EXPECT_GT(put(copy, "a", "1"), last()) << "an id was used twice";
  }
  EXPECT_EQ(get(open_copy(), "relaxed"), "9");
}

TEST_F(RelaxedTest, ReadersAloneSeeThemToo) {
  const Database database = start_relaxed();
  copy_both();
  const Database copy = must(Database::open(copy_path(), {.create = false, .read_only = true}));
  EXPECT_EQ(get(copy, "relaxed"), "9");
  expect_clean(copy);
}

TEST_F(RelaxedTest, WithoutTheLockFileTheLastDurableOneIsThere) {
  const Database database = start_relaxed();
  copy_file();
  const Database copy = open_copy();
  EXPECT_FALSE(get(copy, "relaxed"));
  EXPECT_EQ(get(copy, "state"), "new");
  expect_clean(copy);
}

TEST_F(RelaxedTest, TheySurviveInSlotsWhereTheLockFileWasDeleted) {
  const Database database = start_relaxed();
  std::filesystem::remove(path() + "-lock");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // it is looked for now and then
  for (int i = 10; i < 15; ++i) {
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes("relaxed"), as_bytes(std::to_string(i))));
    must(txn.commit(Durability::kRelaxed));
    // As when everybody is killed now.
    copy_file();
    const Database copy = open_copy();
    EXPECT_EQ(get(copy, "relaxed"), std::to_string(i));
    expect_clean(copy);
  }
  EXPECT_EQ(must(database.durable_id()), newest()) << "nothing was flushed for it";
  expect_clean(database);
}

TEST_F(RelaxedTest, ADamagedTipGivesTheOneBefore) {
  const Database database = start_relaxed();
  copy_both();
  std::ifstream file(copy_path() + "-lock", std::ios::binary);
  engine::SharedWord words[engine::kSlotsOffset / 8];
  file.read(reinterpret_cast<char*>(words), sizeof words);
  const auto& layout = *reinterpret_cast<const engine::LockFileLayout*>(words);
  overwrite(copy_path() + "-lock",
            offsetof(engine::LockFileLayout, tips) +
                engine::buffer_of(layout.tip.load()) * sizeof(engine::TipBuffer) + 100,
            "x");
  const Database copy = open_copy();
  EXPECT_EQ(get(copy, "relaxed"), "8");
  expect_clean(copy);
}

TEST_F(RelaxedTest, DamagedTipsGiveTheLastDurableOne) {
  const Database database = start_relaxed();
  copy_both();
  damage_tips();
  const Database copy = open_copy();
  EXPECT_FALSE(get(copy, "relaxed"));
  EXPECT_EQ(get(copy, "state"), "new");
  expect_clean(copy);
}

TEST_F(RelaxedTest, ATipWhosePagesAreMissingIsGoneForEver) {
  const Database database = start_relaxed();
  copy_both();
  // The pages of all relaxed transactions, as if the device had lost them.
  std::ifstream file(copy_path(), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  for (std::size_t at = 16384; at < bytes.size(); at += 512) {
    const auto* page = reinterpret_cast<const std::uint8_t*>(bytes.data()) + at;
    if (engine::load48(page + engine::page_layout::kBirth) > newest()) {
      overwrite(copy_path(), at, std::string(512, '\0'));
    }
  }
  {
    const Database copy = open_copy();
    EXPECT_FALSE(get(copy, "relaxed"));
    EXPECT_EQ(get(copy, "state"), "new");
    expect_clean(copy);
  }
  std::ofstream(copy_path(), std::ios::binary) << bytes;  // and found them again
  EXPECT_FALSE(get(open_copy(), "relaxed"));
}

TEST_F(RelaxedTest, TheLockFileOfAnotherTimeDoesNotMatter) {
  const Database database = start_relaxed();
  copy_both();
  std::filesystem::copy_file(copy_path() + "-lock", directory().file("old"));
  {
    const Database copy = open_copy();
    put(copy, "relaxed", "later");
  }
  std::filesystem::copy_file(directory().file("old"), copy_path() + "-lock",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(get(open_copy(), "relaxed"), "later");
  // Nor does a newer one, beside an older file that knows nothing of it.
  put(database, "relaxed", "durable");
  put(database, "relaxed", "durable too");
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("relaxed"), as_bytes("newest")));
  must(txn.commit(Durability::kRelaxed));
  std::filesystem::copy_file(path() + "-lock", copy_path() + "-lock",
                             std::filesystem::copy_options::overwrite_existing);
  const Database copy = open_copy();
  EXPECT_EQ(get(copy, "relaxed"), "later");
  expect_clean(copy);
}

// What a tip calls flushed was flushed, but its pages may have been used again since.
TEST_F(RelaxedTest, ATipOfAnotherTimeIsProvenFromTheNewestSlotOn) {
  const Database database = open({.page_size = 512, .transaction_memory = 1});
  put(database, "state", "durable");
  const auto fill = [&](char value) {
    WriteTxn txn = must(database.write());
    for (int round = 0; round < 2; ++round) {  // pages that are taken twice are flushed at once
      for (int i = 0; i < 3000; ++i) {
        must(txn.put({}, as_bytes("key " + std::to_string(i)),
                     as_bytes(std::string(60, static_cast<char>(value + round)))));
      }
    }
    must(txn.commit(Durability::kRelaxed));
  };
  fill('a');
  const std::string old_lock = directory().file("old");
  std::filesystem::copy_file(path() + "-lock", old_lock);
  for (char value = 'c'; value < 'i'; ++value) fill(value);
  copy_file();
  {
    const Database copy = open_copy();
    EXPECT_FALSE(get(copy, "key 7")) << "recovered without the lock file";
    put(copy, "state", "later");
    std::filesystem::copy_file(copy_path(), directory().file("later"));
  }
  // The later transaction is not whole on the device, and the old lock file is back.
  std::filesystem::rename(directory().file("later"), copy_path());
  std::filesystem::rename(old_lock, copy_path() + "-lock");
  const MetaSlot later = slots(copy_path()).newest_first().front();
  ASSERT_LT(later.base, later.id);
  overwrite(copy_path(), later.main.root.page * 512 + 100, "x");
  const Database copy = open_copy();
  EXPECT_EQ(get(copy, "state"), "durable");
  EXPECT_FALSE(get(copy, "key 7"));
  expect_clean(copy);
}

TEST_F(RecoverTest, ReadingOnlyChoosesInMemoryAndWritesNothing) {
  const Database database = start();
  copy_file();
  const MetaSlot slot = slots(copy_path()).newest_first().front();
  overwrite(copy_path(), slot.main.root.page * 512, std::string(512, '\0'));
  std::ifstream before_file(copy_path(), std::ios::binary);
  const std::string before(std::istreambuf_iterator<char>(before_file), {});
  {
    const Database copy =
        must(Database::open(copy_path(), {.page_size = {}, .create = true, .read_only = true}));
    EXPECT_EQ(get(copy, "state"), "old");
  }
  std::ifstream after_file(copy_path(), std::ios::binary);
  EXPECT_TRUE(std::string(std::istreambuf_iterator<char>(after_file), {}) == before);
}

TEST_F(RecoverTest, ACleanCloseConfirms) {
  {
    start();
  }
  const MetaSlot slot = slots(path()).newest_first().front();
  EXPECT_EQ(slot.state, SlotState::kConfirmed);
  EXPECT_EQ(slot.confirmed, slot.id);
  EXPECT_EQ(slot.id, newest());
}

TEST_F(RecoverTest, SlotsOfAnotherStoreAreRefused) {
  {
    start();
  }
  {
    put(must(Database::open(directory().file("other"), {.page_size = 512})), "a", "1");
  }
  const MetaSlot slot = slots(path()).newest_first().back();
  std::ifstream other(directory().file("other"), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(other), {});
  overwrite(path(), slot.index * engine::kMetaSlotStride,
            bytes.substr(slot.index * engine::kMetaSlotStride, 512));
  const auto result = Database::open(path());
  if (result) {
    EXPECT_EQ(get(*result, "state"), "new") << "the other store's slot was not whole";
  } else {
    EXPECT_TRUE(fails(result, ErrorCode::kDamaged));
  }
}

}  // namespace
}  // namespace kist::test
