#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include <signal.h>
#include <unistd.h>

#include "engine/txn/sharing.h"
#include "tests/engine/txn/sharing_fixture.h"
#include "tests/support/child_process.h"

namespace kist::engine {
namespace {

using std::chrono::milliseconds;
using test::fails;
using test::ok;

class SharingWriterTest : public SharingFixture {};

TEST_F(SharingWriterTest, OneWriterAtATimeInOneProcess) {
  const Opener a = open();
  ASSERT_TRUE(ok(a->lock_writer(Wait())));
  EXPECT_TRUE(fails(a->lock_writer(milliseconds(0)), ErrorCode::kBusy));
  EXPECT_TRUE(fails(a->lock_writer(milliseconds(5)), ErrorCode::kTimedOut));
  a->unlock_writer();
  EXPECT_TRUE(ok(a->lock_writer(milliseconds(0))));
}

TEST_F(SharingWriterTest, OneWriterAtATimeAmongOpeners) {
  const Opener a = open();
  const Opener b = open();
  ASSERT_TRUE(ok(a->lock_writer(milliseconds(0))));
  EXPECT_TRUE(fails(b->lock_writer(milliseconds(0)), ErrorCode::kBusy));
  EXPECT_TRUE(fails(b->lock_writer(milliseconds(5)), ErrorCode::kTimedOut));
  a->unlock_writer();
  EXPECT_TRUE(ok(b->lock_writer(milliseconds(0))));
  EXPECT_TRUE(fails(a->lock_writer(milliseconds(0)), ErrorCode::kBusy));
}

TEST_F(SharingWriterTest, UnlocksOnAnotherThread) {
  const Opener a = open();
  const Opener b = open();
  ASSERT_TRUE(ok(a->lock_writer(Wait())));
  std::thread([&] { a->unlock_writer(); }).join();
  EXPECT_TRUE(ok(b->lock_writer(milliseconds(0))));
}

TEST_F(SharingWriterTest, WaitsUntilTheOtherUnlocks) {
  const Opener a = open();
  const Opener b = open();
  for (const Wait wait : {Wait(), Wait(milliseconds(60'000))}) {
    ASSERT_TRUE(ok(a->lock_writer(Wait())));
    std::atomic<bool> unlocked{false};
    std::thread waiter([&] {
      EXPECT_TRUE(ok(b->lock_writer(wait)));
      EXPECT_TRUE(unlocked.load());
      b->unlock_writer();
    });
    std::this_thread::sleep_for(milliseconds(5));
    unlocked = true;
    a->unlock_writer();
    waiter.join();
  }
}

TEST_F(SharingWriterTest, DeathOfTheWriterHandsOver) {
  const Opener a = open();
  test::Signal locked;
  test::ChildProcess child([&] {
    const Opener b = open();
    if (!b->lock_writer(Wait())) return 1;
    b->burn(17);
    locked.send();
    for (;;) ::pause();
  });
  locked.wait();
  EXPECT_TRUE(fails(a->lock_writer(milliseconds(0)), ErrorCode::kBusy));
  std::thread waiter([&] { EXPECT_TRUE(ok(a->lock_writer(Wait()))); });
  child.kill();
  waiter.join();
  EXPECT_EQ(a->burned_id(), 17U);
}

TEST_F(SharingWriterTest, DeletedLockFileDoesNotMakeTwoWriters) {
  const Opener a = open();
  ASSERT_TRUE(ok(a->lock_writer(Wait())));
  ::unlink(lock_path_.c_str());
  os::File data = os::File::open(data_path_, os::Access::kReadWrite).value();
  EXPECT_FALSE(data.try_lock(kWriterByte, 1, os::LockKind::kExclusive).value());
}

TEST_F(SharingWriterTest, RefusedWaiterLeavesTheQueueInOrder) {
  const Opener a = open();
  ASSERT_TRUE(ok(a->lock_writer(Wait())));
  std::thread patient([&] {
    EXPECT_TRUE(ok(a->lock_writer(Wait())));
    a->unlock_writer();
  });
  EXPECT_TRUE(fails(a->lock_writer(milliseconds(3)), ErrorCode::kTimedOut));
  EXPECT_TRUE(fails(a->lock_writer(milliseconds(0)), ErrorCode::kBusy));
  a->unlock_writer();
  patient.join();
  EXPECT_TRUE(ok(a->lock_writer(milliseconds(1000))));
}

// fork()

TEST_F(SharingWriterTest, ForkedChildIsStaleAndCanOpenAgain) {
  const Opener a = open();
  const std::uint32_t slot = a->claim_slot().value();
  a->pin_slot(slot, 5);
  ASSERT_TRUE(ok(a->lock_writer(Wait())));
  EXPECT_FALSE(a->stale());
  test::ChildProcess child([&] {
    if (!a->stale()) return 1;
    const auto locked = a->lock_writer(milliseconds(0));
    if (locked || locked.error().code != ErrorCode::kForked) return 2;
    a->release_slot(slot);
    a->unlock_writer();
    if (a->begin_close().has_value()) return 3;
    const Opener own = open();
    if (own->sole() || own->stale() || head(own) != 2) return 4;
    const auto busy = own->lock_writer(milliseconds(0));
    if (busy || busy.error().code != ErrorCode::kBusy) return 5;
    return own->collect_pins(10).value().ids == std::vector<std::uint64_t>{5} ? 0 : 6;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(a->collect_pins(10).value().ids, std::vector<std::uint64_t>{5});
  EXPECT_TRUE(fails(open()->lock_writer(milliseconds(0)), ErrorCode::kBusy));
}

TEST_F(SharingWriterTest, DestructionInAForkedChildLeavesTheParentAlone) {
  Opener a = open();
  ASSERT_TRUE(ok(a->lock_writer(Wait())));
  a->claim_slot().value();
  test::ChildProcess child([&] {
    a.sharing.reset();
    a.data.reset();
    return 0;
  });
  EXPECT_EQ(child.wait(), 0);
  const Opener b = open();
  EXPECT_FALSE(b->sole());
  EXPECT_TRUE(fails(b->lock_writer(milliseconds(0)), ErrorCode::kBusy));
  EXPECT_TRUE(b->collect_pins(10).value().everything);
}

TEST_F(SharingWriterTest, ForkedChildDoesNotKeepItsDeadParentAlive) {
  test::Signal ready;
  test::Signal end;
  test::ChildProcess parent([&] {
    const Opener a = open();
    if (!a->lock_writer(Wait())) return 1;
    if (::fork() == 0) {
      ready.send();
      end.wait();
      ::_exit(0);
    }
    for (;;) ::pause();
  });
  ready.wait();
  parent.kill();
  const Opener b = open();
  EXPECT_TRUE(b->sole());
  EXPECT_TRUE(ok(b->lock_writer(milliseconds(0))));
  end.send();
}

}  // namespace
}  // namespace kist::engine
