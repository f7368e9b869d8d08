#include "engine/upkeep/slots.h"

#include <cerrno>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "engine/os/file.h"
#include "tests/support/call_counter.h"
#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::kMetaSlots;
using engine::SlotSet;
using engine::SlotState;

using SlotsTest = StoreTest;

// The slots that are written before the first flush.
class SlotsBeforeAFlush : public CallCounter {
 public:
  int before(const Call& call) override {
    if (call.kind == Call::Kind::kFlush) flushed_ = true;
    const bool slot = call.kind == Call::Kind::kWrite && !call.path.ends_with("-lock") &&
                      call.offset < engine::kMetaSlots * engine::kMetaSlotStride;
    if (slot && !flushed_) places.insert(call.offset / engine::kMetaSlotStride);
    return CallCounter::before(call);
  }
  std::set<std::uint64_t> places;

 private:
  bool flushed_ = false;
};

// Whoever wrote a slot may have died in the flush behind it, or that flush may have failed: what is
// read then is in the page cache only. A prepared slot that was rolled back came back that way.
TEST_F(SlotsTest, WhoOpensAloneMakesSureOfAllSlotsAsTheyWereRead) {
  put(open(), "a", "1");
  const std::uint64_t rolled_back =
      (must(engine::read_slots(must(engine::os::File::open(path(), engine::os::Access::kRead))))
           .newest_first()
           .front()
           .index +
       1) %
      kMetaSlots;
  auto file = must(engine::os::File::open(path(), engine::os::Access::kReadWrite));
  must(engine::erase_slot(file, static_cast<std::uint32_t>(rolled_back)));
  SlotsBeforeAFlush calls;
  const Database database = open({.observer = &calls});
  EXPECT_EQ(calls.count(Call::Kind::kFlush), 1);
  EXPECT_EQ(calls.places, (std::set<std::uint64_t>{0, 1, 2, 3}));
  must(database.durable_id());
  EXPECT_EQ(calls.count(Call::Kind::kFlush), 1);
  expect_clean(database);
}

// Where all four slots are whole that waits for somebody to write, or to ask what is durable.
TEST_F(SlotsTest, WhoOnlyReadsWhatWasClosedInGoodOrderFlushesNothing) {
  {
    const Database database = open();
    for (int i = 0; i < 5; ++i) put(database, "a", std::to_string(i));
  }
  for (const bool writes : {false, true}) {
    SlotsBeforeAFlush calls;
    const Database database = open({.observer = &calls});
    EXPECT_EQ(get(database, "a"), "4");
    EXPECT_EQ(calls.count(Call::Kind::kFlush), 0);
    EXPECT_TRUE(calls.places.empty());
    if (writes) {
      const WriteTxn txn = must(database.write());
    } else {
      must(database.sync());
    }
    EXPECT_EQ(calls.count(Call::Kind::kFlush), 1);
    EXPECT_EQ(calls.places, (std::set<std::uint64_t>{0, 1, 2, 3}));
    must(database.durable_id());
    EXPECT_EQ(calls.count(Call::Kind::kFlush), 1);
    expect_clean(database);
  }
}

TEST_F(SlotsTest, AFailureToMakeSureOfThemLatches) {
  {
    const Database database = open();
    for (int i = 0; i < 5; ++i) put(database, "a", std::to_string(i));
  }
  {
    CallCounter calls;
    Database database = open({.observer = &calls});
    calls.fail(Call::Kind::kFlush, EIO);
    EXPECT_TRUE(fails(database.write(kNoWait), ErrorCode::kIo));
    calls.stop_failing();
    EXPECT_TRUE(fails(database.write(kNoWait), ErrorCode::kLatched));
    EXPECT_EQ(get(database, "a"), "4");
    std::ignore = database.close();
  }
  const Database database = open();
  put(database, "a", "5");
  EXPECT_EQ(get(database, "a"), "5");
  expect_clean(database);
}

// Another process does it just the same.
TEST_F(SlotsTest, WhoWritesFirstMakesSureOfTheSlots) {
  {
    const Database database = open();
    for (int i = 0; i < 5; ++i) put(database, "a", std::to_string(i));
  }
  const Database reader = open();
  ChildProcess child([&]() -> int {
    SlotsBeforeAFlush calls;
    const Database database = must(Database::open(path(), {.observer = &calls}));
    const WriteTxn txn = must(database.write());
    return calls.places.size() == engine::kMetaSlots ? 0 : 1;
  });
  EXPECT_EQ(child.wait(), 0);
  expect_clean(reader);
}

TEST(SlotSet, OfTwoOfOneTransactionTheGreaterCeilingComesFirst) {
  SlotSet set;
  for (std::uint32_t i = 0; i < 2; ++i) {
    set.slots[i].verdict = engine::SlotVerdict::kValid;
    set.slots[i].slot.index = i;
    set.slots[i].slot.id = 7;
    set.slots[i].slot.state = SlotState::kDurable;
    set.slots[i].slot.id_ceiling = 100 + i;
  }
  ASSERT_EQ(set.newest_first().size(), 2U);
  EXPECT_EQ(set.newest_first().front().index, 1U);
  set.slots[0].slot.state = SlotState::kConfirmed;
  EXPECT_EQ(set.newest_first().front().index, 0U) << "the surer state counts first";
}

}  // namespace
}  // namespace kist::test
