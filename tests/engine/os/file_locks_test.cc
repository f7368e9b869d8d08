#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/os/file.h"
#include "engine/os/mapping.h"
#include "tests/support/child_process.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_directory.h"

namespace kist::engine::os {
namespace {

using test::ok;

constexpr std::uint64_t kFar = std::uint64_t{1} << 62;

class FileLocksTest : public testing::Test {
 protected:
  FileLocksTest() { EXPECT_TRUE(ok(File::create_new(path_, 0600))); }
  File open(Access access = Access::kReadWrite) { return File::open(path_, access).value(); }

  test::TempDirectory directory_;
  const std::string path_ = directory_.file("data");
};

TEST_F(FileLocksTest, TwoOpensOfOneProcessConflict) {
  File a = open();
  File b = open();
  EXPECT_TRUE(a.try_lock(kFar, 1, LockKind::kExclusive).value());
  EXPECT_FALSE(b.try_lock(kFar, 1, LockKind::kExclusive).value());
  EXPECT_FALSE(b.try_lock(kFar, 1, LockKind::kShared).value());
  EXPECT_TRUE(b.try_lock(kFar + 1, 1, LockKind::kExclusive).value());
  ASSERT_TRUE(ok(a.unlock(kFar, 1)));
  EXPECT_TRUE(b.try_lock(kFar, 1, LockKind::kShared).value());
  EXPECT_TRUE(a.try_lock(kFar, 1, LockKind::kShared).value());
}

TEST_F(FileLocksTest, SharedLockNeedsNoWriteAccess) {
  File reader = open(Access::kRead);
  EXPECT_TRUE(reader.try_lock(kFar, 1, LockKind::kShared).value());
  EXPECT_FALSE(reader.try_lock(kFar, 1, LockKind::kExclusive).has_value());
  EXPECT_FALSE(open().try_lock(kFar, 1, LockKind::kExclusive).value());
}

TEST_F(FileLocksTest, ClosingAnotherOpenKeepsTheLock) {
  File a = open();
  EXPECT_TRUE(a.try_lock(kFar, 1, LockKind::kExclusive).value());
  {
    const File b = open();
  }
  EXPECT_FALSE(open().try_lock(kFar, 1, LockKind::kExclusive).value());
}

TEST_F(FileLocksTest, FirstConflictIsCutToTheRange) {
  File a = open();
  File b = open();
  EXPECT_EQ(b.first_conflict(kFar, 100, LockKind::kExclusive).value().has_value(), false);
  ASSERT_TRUE(a.try_lock(kFar + 10, 20, LockKind::kShared).value());
  const auto conflict = b.first_conflict(kFar + 15, 10, LockKind::kExclusive).value();
  ASSERT_TRUE(conflict.has_value());
  EXPECT_EQ(conflict->offset, kFar + 15);
  EXPECT_EQ(conflict->length, 10U);
  EXPECT_FALSE(b.first_conflict(kFar, 100, LockKind::kShared).value().has_value());
  EXPECT_FALSE(a.first_conflict(kFar, 100, LockKind::kExclusive).value().has_value());

  // A lock up to the greatest offset has length 0 in the system's words.
  const std::uint64_t last = std::numeric_limits<std::int64_t>::max();
  ASSERT_TRUE(a.try_lock(kFar + 1000, last - (kFar + 1000) + 1, LockKind::kShared).value());
  const auto open_end = b.first_conflict(kFar + 1500, 10, LockKind::kExclusive).value();
  ASSERT_TRUE(open_end.has_value());
  EXPECT_EQ(open_end->offset, kFar + 1500);
  EXPECT_EQ(open_end->length, 10U);
}

TEST_F(FileLocksTest, DeathOfTheHolderHandsOver) {
  test::Signal held;
  test::ChildProcess child([&] {
    File file = open();
    if (!file.lock(kFar, 1, LockKind::kExclusive)) return 1;
    held.send();
    for (;;) ::pause();
  });
  held.wait();
  File file = open();
  EXPECT_FALSE(file.try_lock(kFar, 1, LockKind::kExclusive).value());
  std::thread waiter([&] { EXPECT_TRUE(ok(file.lock(kFar, 1, LockKind::kExclusive))); });
  child.kill();
  waiter.join();
}

// A descriptor or a map that a child inherits would keep the locks of a dead parent.
TEST_F(FileLocksTest, ForkedChildDoesNotKeepTheLocksOfItsDeadParent) {
  test::Signal ready;
  test::Signal end;
  test::ChildProcess parent([&] {
    File file = open();
    if (!file.resize(4096)) return 1;
    const auto map = Mapping::map(file, 4096);
    const auto memory = SharedMemory::map(file, 4096);
    if (!map || !memory || !file.lock(kFar, 1, LockKind::kExclusive)) return 2;
    const pid_t grandchild = ::fork();
    if (grandchild == 0) {
      ready.send();
      end.wait();
      ::_exit(0);
    }
    for (;;) ::pause();
  });
  ready.wait();
  File file = open();
  EXPECT_FALSE(file.try_lock(kFar, 1, LockKind::kExclusive).value());
  parent.kill();
  EXPECT_TRUE(file.try_lock(kFar, 1, LockKind::kExclusive).value());
  end.send();
}

TEST_F(FileLocksTest, ForkedChildHasNoPartInItsParentsFile) {
  File file = open();
  ASSERT_TRUE(file.try_lock(kFar, 1, LockKind::kExclusive).value());
  test::ChildProcess child([&] {
    if (file.descriptor() != -1) return 1;
    const auto unlocked = file.unlock(kFar, 1);
    if (unlocked || unlocked.error().code != ErrorCode::kForked) return 2;
    const auto written = file.write_at(0, as_bytes("x"));
    if (written || written.error().code != ErrorCode::kForked) return 3;
    File again = open();
    return again.try_lock(kFar, 1, LockKind::kExclusive).value() ? 4 : 0;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_FALSE(open().try_lock(kFar, 1, LockKind::kExclusive).value());
}

}  // namespace
}  // namespace kist::engine::os
