#include <cstdint>
#include <vector>

#include <unistd.h>

#include "engine/txn/sharing.h"
#include "tests/engine/txn/sharing_fixture.h"
#include "tests/support/child_process.h"

namespace kist::engine {
namespace {

using test::fails;
using test::ok;

using Ids = std::vector<std::uint64_t>;

class SharingPinsTest : public SharingFixture {};

TEST_F(SharingPinsTest, SlotPinsEverythingUntilItPinsOneSnapshot) {
  const Opener a = open();
  const Opener b = open();
  EXPECT_FALSE(b->collect_pins(10).value().everything);
  const std::uint32_t slot = a->claim_slot().value();
  EXPECT_TRUE(b->collect_pins(10).value().everything);
  EXPECT_TRUE(a->collect_pins(10).value().everything);
  a->pin_slot(slot, 5);
  const Pins pins = b->collect_pins(10).value();
  EXPECT_FALSE(pins.everything);
  EXPECT_EQ(pins.ids, Ids{5});
  a->release_slot(slot);
  EXPECT_EQ(b->collect_pins(10).value().ids, Ids{});
}

TEST_F(SharingPinsTest, PinsAreSortedOnceEachAndBelowTheHead) {
  const Opener a = open();
  const Opener b = open();
  for (const std::uint64_t id : {9U, 3U, 5U, 3U, 10U, 11U}) {
    const Opener& opener = id % 2 == 0 ? a : b;
    opener->pin_slot(opener->claim_slot().value(), id);
  }
  EXPECT_EQ(a->collect_pins(10).value().ids, (Ids{3, 5, 9}));
}

TEST_F(SharingPinsTest, SlotIsClaimedAgainByItsThread) {
  const Opener a = open();
  const std::uint32_t first = a->claim_slot().value();
  const std::uint32_t second = a->claim_slot().value();
  EXPECT_NE(first, second);
  a->release_slot(second);
  EXPECT_EQ(a->claim_slot().value(), second);
}

TEST_F(SharingPinsTest, PinAgainTakesTheSlotOnlyForTheHeadThatIsExpected) {
  const Opener a = open();
  const Opener b = open();
  publish(a, 5);
  const TipPlace place = a->head_place();
  const std::uint32_t slot = begin_read(a);
  EXPECT_FALSE(a->pin_again(slot, place, 5, 1)) << "the slot is in use";
  a->release_slot(slot);
  ASSERT_TRUE(a->pin_again(slot, place, 5, 1));
  EXPECT_EQ(b->collect_pins(10).value().ids, Ids{5});
  EXPECT_NE(a->claim_slot().value(), slot);
  a->release_slot(slot);
  publish(b, 6);
  EXPECT_FALSE(a->pin_again(slot, place, 5, 1)) << "the head is another";
  EXPECT_TRUE(b->collect_pins(10).value().ids.empty());
  EXPECT_TRUE(a->pin_again(slot, a->head_place(), 6, 1));
}

TEST_F(SharingPinsTest, TwoEnvironmentsInOneThreadKeepTheirSlotsApart) {
  const Opener a = open();
  const Opener b = open();
  for (int i = 0; i < 10; ++i) {
    const std::uint32_t of_a = a->claim_slot().value();
    const std::uint32_t of_b = b->claim_slot().value();
    EXPECT_NE(of_a, of_b);
    a->release_slot(of_a);
    b->release_slot(of_b);
  }
  EXPECT_FALSE(a->collect_pins(10).value().everything);
}

TEST_F(SharingPinsTest, LockFileGrowsWithTheReaders) {
  const Opener a = open();
  const Opener b = open();
  for (std::uint64_t i = 0; i < 500; ++i) {
    a->pin_slot(a->claim_slot().value(), 1000 + i);
    b->pin_slot(b->claim_slot().value(), 2000 + i);
  }
  const Opener c = open();
  const Pins pins = c->collect_pins(5000).value();
  EXPECT_FALSE(pins.everything);
  ASSERT_EQ(pins.ids.size(), 1000U);
  EXPECT_EQ(pins.ids.front(), 1000U);
  EXPECT_EQ(pins.ids.back(), 2499U);
  EXPECT_GE(os::File::open(lock_path_, os::Access::kRead).value().size().value(),
            kSlotsOffset + 1000 * sizeof(ReaderSlot));
}

TEST_F(SharingPinsTest, ReadersHaveAnUpperLimit) {
  const Opener a = open();
  std::vector<std::uint32_t> slots;
  for (std::uint32_t i = 0; i < kMaxReaderSlots; ++i) slots.push_back(a->claim_slot().value());
  EXPECT_TRUE(fails(a->claim_slot(), ErrorCode::kBusy));
  for (const std::uint32_t slot : slots) a->release_slot(slot);
  EXPECT_TRUE(ok(a->claim_slot()));
  EXPECT_EQ(os::File::open(lock_path_, os::Access::kRead).value().size().value(),
            kMaxLockFileBytes);
}

TEST_F(SharingPinsTest, SlotsOfADeadProcessAreCleared) {
  const Opener a = open();
  test::Signal pinned;
  test::ChildProcess child([&]() -> int {
    const Opener b = open();
    b->pin_slot(b->claim_slot().value(), 5);
    b->claim_slot().value();
    pinned.send();
    for (;;) ::pause();
  });
  pinned.wait();
  const Pins alive = a->collect_pins(10).value();
  EXPECT_EQ(alive.ids, Ids{5});
  EXPECT_TRUE(alive.everything);
  child.kill();
  const Pins dead = a->collect_pins(10).value();
  EXPECT_EQ(dead.ids, Ids{});
  EXPECT_FALSE(dead.everything);
}

TEST_F(SharingPinsTest, SuccessorOfADeadProcessClearsItsSlots) {
  const Opener a = open();
  for (int i = 0; i < 3; ++i) {
    test::ChildProcess child([&] {
      const Opener b = open();
      for (std::uint64_t id = 3; id < 60; ++id) b->pin_slot(b->claim_slot().value(), id);
      ::kill(::getpid(), SIGKILL);
      return 0;
    });
    EXPECT_EQ(child.wait(), -SIGKILL);
  }
  const Opener c = open();
  // The number of the dead is taken now, so only its successor can have cleared the slots.
  EXPECT_EQ(a->collect_pins(100).value().ids, Ids{});
}

TEST_F(SharingPinsTest, IdleSlotsOfTheDeadAreUsedBeforeTheFileGrows) {
  const Opener a = open();
  for (int i = 0; i < 4; ++i) {
    const Opener placeholder = open();  // another number each time
    test::ChildProcess child([&] {
      const Opener b = open();
      std::vector<std::uint32_t> slots;
      for (int n = 0; n < 150; ++n) slots.push_back(b->claim_slot().value());
      for (const std::uint32_t slot : slots) b->release_slot(slot);
      ::kill(::getpid(), SIGKILL);
      return 0;
    });
    EXPECT_EQ(child.wait(), -SIGKILL);
    for (int n = 0; n < 5; ++n) a->claim_slot().value();
  }
  EXPECT_EQ(os::File::open(lock_path_, os::Access::kRead).value().size().value(),
            kInitialLockFileBytes);
}

TEST_F(SharingPinsTest, ClosingGivesSlotsBack) {
  const Opener a = open();
  for (int i = 0; i < 5; ++i) {
    Opener b = open();
    for (int n = 0; n < 100; ++n) b->release_slot(b->claim_slot().value());
    std::vector<std::uint32_t> slots;
    for (int n = 0; n < 150; ++n) slots.push_back(b->claim_slot().value());
    for (const std::uint32_t slot : slots) b->release_slot(slot);
    close(b);
  }
  EXPECT_EQ(os::File::open(lock_path_, os::Access::kRead).value().size().value(),
            kInitialLockFileBytes);
}

/// Counts calls to the system.
class Counter : public os::CallObserver {
 public:
  int before(const os::Call&) override {
    ++calls;
    return 0;
  }
  int calls = 0;
};

TEST_F(SharingPinsTest, ReadingAfterTheFirstTimeMakesNoCall) {
  Counter counter;
  const Opener a = try_open(false, os::Access::kReadWrite, kIdentity, &counter).value();
  a->release_slot(begin_read(a));
  const int before = counter.calls;
  ASSERT_GT(before, 0);
  for (int i = 0; i < 100; ++i) a->release_slot(begin_read(a));
  EXPECT_EQ(counter.calls, before);
}

// Openers without a slot.

TEST_F(SharingPinsTest, SlotlessOpenerPinsByLock) {
  const Opener a = open();
  Opener reader = open_slotless();
  EXPECT_FALSE(reader->uses_slots());
  publish(a, 7);
  EXPECT_EQ(head(reader), 7U);
  ASSERT_TRUE(ok(reader->pin_by_lock(7)));
  ASSERT_TRUE(ok(reader->pin_by_lock(7)));
  ASSERT_TRUE(ok(reader->pin_by_lock(5)));
  EXPECT_EQ(a->collect_pins(7).value().ids, Ids{5});
  EXPECT_EQ(a->collect_pins(8).value().ids, (Ids{5, 7}));
  reader->unpin_by_lock(7);
  EXPECT_EQ(a->collect_pins(8).value().ids, (Ids{5, 7}));
  reader->unpin_by_lock(7);
  EXPECT_EQ(a->collect_pins(8).value().ids, Ids{5});
  reader.sharing.reset();
  EXPECT_EQ(a->collect_pins(8).value().ids, Ids{});
}

TEST_F(SharingPinsTest, NeighbouringLockPinsOfManyOpenersAreAllFound) {
  const Opener a = open();
  const Opener first = open_slotless();
  const Opener second = open_slotless();
  for (const std::uint64_t id : {20U, 3U, 4U, 5U, 9U}) ASSERT_TRUE(ok(first->pin_by_lock(id)));
  for (const std::uint64_t id : {2U, 4U, 10U, 30U}) ASSERT_TRUE(ok(second->pin_by_lock(id)));
  EXPECT_EQ(a->collect_pins(25).value().ids, (Ids{2, 3, 4, 5, 9, 10, 20}));
}

TEST_F(SharingPinsTest, HugeLockPinPinsEverything) {
  const Opener a = open();
  os::File stranger = os::File::open(data_path_, os::Access::kRead).value();
  ASSERT_TRUE(stranger.try_lock(kPinBytes, kIdLimit, os::LockKind::kShared).value());
  EXPECT_FALSE(a->collect_pins(100).value().everything);
  EXPECT_TRUE(a->collect_pins(kIdLimit - 1).value().everything);
}

TEST_F(SharingPinsTest, SlotlessOpenerTrustsOnlyTheHeadOfTheLiving) {
  const Opener reader = open_slotless();
  EXPECT_EQ(head(reader), 0U);
  Opener a = open();
  EXPECT_TRUE(a->sole());
  publish(a, 7);
  EXPECT_EQ(head(reader), 7U);
  close(a);
  EXPECT_EQ(head(reader), 0U);
  Opener b = open();
  publish(b, 9);
  EXPECT_EQ(head(reader), 9U);
  close(b);
  ASSERT_TRUE(os::File::open(lock_path_, os::Access::kRead).has_value());
  ::unlink(lock_path_.c_str());
  const Opener c = open();
  publish(c, 11);
  EXPECT_EQ(head(reader), 11U);
}

TEST_F(SharingPinsTest, SlotlessOpenersOpenAtTheSameTime) {
  os::File first = os::File::open(data_path_, os::Access::kRead).value();
  os::File second = os::File::open(data_path_, os::Access::kRead).value();
  const auto a = Sharing::begin_open(first, lock_path_, true, 0600, nullptr);
  const auto b = Sharing::begin_open(second, lock_path_, true, 0600, nullptr);
  ASSERT_TRUE(ok(a));
  ASSERT_TRUE(ok(b));
  EXPECT_TRUE((*a)->sole());
  EXPECT_TRUE((*b)->sole());
}

}  // namespace
}  // namespace kist::engine
