#include "engine/txn/sharing.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include "tests/engine/txn/sharing_fixture.h"
#include "tests/support/child_process.h"

namespace kist::engine {
namespace {

using test::fails;
using test::ok;

class SharingTest : public SharingFixture {};

TEST_F(SharingTest, FirstOpenerIsSole) {
  const Opener a = open();
  EXPECT_TRUE(a->sole());
  EXPECT_TRUE(a->uses_slots());
  EXPECT_EQ(std::filesystem::file_size(lock_path_), kInitialLockFileBytes);
  const Opener b = open();
  EXPECT_FALSE(b->sole());
}

TEST_F(SharingTest, OpenersShareOneState) {
  const Opener a = open();
  const Opener b = open();
  publish(a, 7);
  EXPECT_EQ(head(b), 7U);
  publish(b, 8);
  EXPECT_EQ(head(a), 8U);
  a->burn(9);
  a->set_durable({5, 3});
  a->set_latch(11);
  EXPECT_EQ(b->burned_id(), 9U);
  EXPECT_EQ(b->durable().id, 5U);
  EXPECT_EQ(b->durable().slot, 3U);
  EXPECT_EQ(b->latch(), 11U);
}

TEST_F(SharingTest, HeadIsReadWholeOrInPart) {
  const Opener a = open();
  std::array<std::uint64_t, kHeadWords> written;
  for (std::size_t i = 0; i < kHeadWords; ++i) written[i] = 100 + i;
  a->store_tip(100, written);
  a->publish_tip();
  std::array<std::uint64_t, kHeadWords> whole;
  ASSERT_TRUE(a->read_head_checked(whole));
  EXPECT_EQ(whole, written);
  std::array<std::uint64_t, 3> part;
  ASSERT_TRUE(a->read_head(part));
  EXPECT_EQ(part, (std::array<std::uint64_t, 3>{100, 101, 102}));
  a->store_tip(101, part);
  EXPECT_NE(a->tip_id(), 100U);
  ASSERT_TRUE(a->read_head_checked(whole));
  EXPECT_EQ(whole, written) << "a tip is no head";
  a->publish_tip();
  ASSERT_TRUE(a->read_head_checked(whole));
  EXPECT_EQ(whole[2], 102U);
  EXPECT_EQ(whole[3], 0U);
}

TEST_F(SharingTest, RebuiltLockFileHasNoHead) {
  {
    Opener a = open();
    publish(a, 7);
    a->set_latch(1);
    close(a);
  }
  os::File data = os::File::open(data_path_, os::Access::kReadWrite).value();
  const auto sharing = Sharing::begin_open(data, lock_path_, false, 0600, nullptr).value();
  ASSERT_TRUE(sharing->sole());
  EXPECT_TRUE(fails(sharing->join_lock_file(kIdentity), ErrorCode::kMisuse));
  ASSERT_TRUE(ok(sharing->create_lock_file(kIdentity)));
  std::array<std::uint64_t, kHeadWords> words;
  EXPECT_FALSE(sharing->read_head(words));
  EXPECT_FALSE(sharing->read_head_checked(words));
  EXPECT_EQ(sharing->latch(), 0U);
}

TEST_F(SharingTest, WritingNeedsWriteAccess) {
  os::File data = os::File::open(data_path_, os::Access::kRead).value();
  EXPECT_TRUE(fails(Sharing::begin_open(data, lock_path_, false, 0600, nullptr),
                    ErrorCode::kInvalidArgument));
}

TEST_F(SharingTest, OpeningExcludesOpeningAndClosing) {
  Opener a = open();
  os::File data = os::File::open(data_path_, os::Access::kReadWrite).value();
  auto opening = Sharing::begin_open(data, lock_path_, false, 0600, nullptr).value();
  os::File observer = os::File::open(data_path_, os::Access::kReadWrite).value();
  EXPECT_FALSE(observer.try_lock(kOpeningByte, 1, os::LockKind::kExclusive).value());
  opening.reset();
  EXPECT_TRUE(observer.try_lock(kOpeningByte, 1, os::LockKind::kExclusive).value());
}

TEST_F(SharingTest, LockFileOfAnotherDataFileIsRefused) {
  const Opener a = open();
  Identity other = kIdentity;
  other[15] ^= 1;
  const auto result = try_open(false, os::Access::kReadWrite, other);
  ASSERT_TRUE(fails(result, ErrorCode::kBusy));
  EXPECT_NE(result.error().message.find(lock_path_), std::string::npos);
}

TEST_F(SharingTest, SoleOpenerReplacesAnyLockFile) {
  os::File file = os::File::create_new(lock_path_, 0600).value();
  ASSERT_TRUE(ok(file.write_at(0, Bytes(std::vector<std::uint8_t>(100'000, 0xFF)))));
  const Opener a = open();
  EXPECT_EQ(head(a), 2U);
  EXPECT_EQ(std::filesystem::file_size(lock_path_), kInitialLockFileBytes);
  EXPECT_EQ(open()->latch(), 0U);
}

TEST_F(SharingTest, DeletedLockFileIsNamed) {
  const Opener a = open();
  std::filesystem::remove(lock_path_);
  const auto result = try_open();
  ASSERT_TRUE(fails(result, ErrorCode::kBusy));
  EXPECT_NE(result.error().message.find(lock_path_), std::string::npos);
}

TEST_F(SharingTest, CopyOfTheLockFileIsRefused) {
  const Opener a = open();
  std::filesystem::copy_file(lock_path_, directory_.file("copy"));
  std::filesystem::rename(directory_.file("copy"), lock_path_);
  EXPECT_TRUE(fails(try_open(), ErrorCode::kBusy));
}

TEST_F(SharingTest, LockFileIsNeverReachedThroughASymbolicLink) {
  os::File elsewhere = os::File::create_new(directory_.file("elsewhere"), 0600).value();
  std::filesystem::create_symlink(directory_.file("elsewhere"), lock_path_);
  EXPECT_TRUE(fails(try_open(), ErrorCode::kPermission));
  EXPECT_EQ(elsewhere.size().value(), 0U);
}

TEST_F(SharingTest, LastWriterToCloseIsTold) {
  Opener a = open();
  Opener b = open();
  Opener reader = try_open(true).value();
  EXPECT_TRUE(reader->uses_slots());
  EXPECT_FALSE(close(a));
  EXPECT_TRUE(close(b));
  EXPECT_FALSE(close(reader));
}

TEST_F(SharingTest, StateLivesOnWithTheLastReader) {
  Opener a = open();
  Opener reader = try_open(true).value();
  publish(a, 7);
  close(a);
  Opener b = open();
  EXPECT_FALSE(b->sole());
  EXPECT_EQ(head(b), 7U);
  EXPECT_TRUE(close(b));
  close(reader);
  EXPECT_TRUE(open()->sole());
}

TEST_F(SharingTest, ReaderDoesNotWrite) {
  const Opener a = open();
  const Opener reader = try_open(true).value();
  EXPECT_TRUE(fails(reader->lock_writer(Wait()), ErrorCode::kReadOnly));
}

TEST_F(SharingTest, NumbersOfProcessesAreReused) {
  for (int i = 0; i < 3; ++i) {
    Opener a = open();
    EXPECT_FALSE(
        a.data->first_conflict(kLiveBytes, kMaxProcesses, os::LockKind::kExclusive).value());
    os::File other = os::File::open(data_path_, os::Access::kReadWrite).value();
    const auto live =
        other.first_conflict(kLiveBytes, kMaxProcesses, os::LockKind::kExclusive).value();
    ASSERT_TRUE(live.has_value());
    EXPECT_EQ(live->offset, kLiveBytes);
    EXPECT_EQ(live->length, 1U);
    close(a);
  }
}

/// Kills a process just before the call of a certain number.
class Killer : public os::CallObserver {
 public:
  Killer(test::ChildProcess& victim, int at) : victim_(victim), at_(at) {}
  int before(const os::Call&) override {
    if (calls++ == at_) victim_.kill();
    return 0;
  }
  int calls = 0;

 private:
  test::ChildProcess& victim_;
  const int at_;
};

TEST_F(SharingTest, TheOtherMayDieAtAnyStepOfOpening) {
  int steps = 1;
  for (int at = 0; at < steps; ++at) {
    test::Signal ready;
    test::ChildProcess other([&]() -> int {
      const Opener a = open();
      publish(a, 7);
      ready.send();
      for (;;) ::pause();
    });
    ready.wait();
    Killer killer(other, at);
    Result<Opener> opener = try_open(false, os::Access::kReadWrite, kIdentity, &killer);
    ASSERT_TRUE(ok(opener)) << "step " << at;
    EXPECT_EQ(head(*opener), (*opener)->sole() ? 2U : 7U);
    EXPECT_TRUE(ok((*opener)->lock_writer(Wait(0))));
    EXPECT_FALSE((*opener)->collect_pins(10).value().everything);
    steps = std::max(steps, killer.calls);
  }
  EXPECT_GT(steps, 5);
}

TEST_F(SharingTest, TooManyProcessesAreRefused) {
  os::File crowd = os::File::open(data_path_, os::Access::kReadWrite).value();
  const Opener a = open();
  ASSERT_TRUE(crowd.try_lock(kLiveBytes + 1, kMaxProcesses - 1, os::LockKind::kExclusive).value());
  EXPECT_TRUE(fails(try_open(), ErrorCode::kBusy));
  ASSERT_TRUE(ok(crowd.unlock(kLiveBytes + 500, 1)));
  EXPECT_TRUE(ok(try_open()));
}

TEST_F(SharingTest, DestructionWithoutClosingFreesEverything) {
  {
    Opener a = open();
    ASSERT_TRUE(ok(a->lock_writer(Wait())));
    a.sharing.reset();
    const Opener b = open();
    EXPECT_TRUE(b->sole());
    EXPECT_TRUE(ok(b->lock_writer(Wait(0))));
  }
}

}  // namespace
}  // namespace kist::engine
