#include "engine/os/file.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/os/mapping.h"
#include "engine/os/posix/file_system.h"
#include "engine/os/posix/system_error.h"
#include "tests/support/child_process.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_directory.h"

namespace kist::engine::os {
namespace {

using test::fails;
using test::ok;

/// Notes the kinds of the calls and fails those of one kind.
class Recorder : public CallObserver {
 public:
  int before(const Call& call) override {
    if (failing == call.kind) return error;
    asked.push_back(call.kind);
    return 0;
  }
  void after(const Call& call) override { done.push_back(call.kind); }

  std::optional<Call::Kind> failing;
  int error = 0;
  std::vector<Call::Kind> asked;
  std::vector<Call::Kind> done;
};

class FileTest : public testing::Test {
 protected:
  File create(const std::string& name, CallObserver* observer = nullptr) {
    Result<File> file = File::create_new(directory_.file(name), 0600, observer);
    EXPECT_TRUE(ok(file));
    return std::move(*file);
  }
  std::string content(const File& file) {
    std::string text(file.size().value(), '?');
    EXPECT_EQ(file.read_at(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}).value(),
              text.size());
    return text;
  }

  test::TempDirectory directory_;
};

TEST_F(FileTest, OpenOfMissingFileIsNotFound) {
  const auto result = File::open(directory_.file("none"), Access::kReadWrite);
  ASSERT_TRUE(fails(result, ErrorCode::kNotFound));
  EXPECT_NE(result.error().message.find(directory_.file("none")), std::string::npos);
}

TEST_F(FileTest, CreateNewRefusesExistingFile) {
  create("a");
  EXPECT_TRUE(fails(File::create_new(directory_.file("a"), 0600), ErrorCode::kBusy));
}

TEST_F(FileTest, CreateNewGivesTheModeAskedFor) {
  const File file = create("a");
  struct stat status{};
  ASSERT_EQ(::fstat(file.descriptor(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST_F(FileTest, NeverFollowsSymbolicLinks) {
  create("real");
  std::filesystem::create_symlink(directory_.file("real"), directory_.file("link"));
  EXPECT_TRUE(fails(File::open(directory_.file("link"), Access::kRead), ErrorCode::kPermission));
  std::filesystem::create_symlink(directory_.file("nothing"), directory_.file("dangling"));
  EXPECT_TRUE(fails(File::create_new(directory_.file("dangling"), 0600), ErrorCode::kBusy));
}

TEST_F(FileTest, RefusesWhatIsNoRegularFile) {
  EXPECT_TRUE(fails(File::open(directory_.path(), Access::kReadWrite), ErrorCode::kNotAStore));
  EXPECT_TRUE(fails(File::open(directory_.path(), Access::kRead), ErrorCode::kNotAStore));
  ASSERT_EQ(::mkfifo(directory_.file("fifo").c_str(), 0600), 0);
  EXPECT_TRUE(fails(File::open(directory_.file("fifo"), Access::kRead), ErrorCode::kNotAStore));
  EXPECT_TRUE(
      fails(File::open(directory_.file("fifo"), Access::kReadWrite), ErrorCode::kNotAStore));
}

TEST_F(FileTest, RefusesPathsWithNul) {
  EXPECT_TRUE(
      fails(File::open(std::string("a\0b", 3), Access::kRead), ErrorCode::kInvalidArgument));
}

TEST_F(FileTest, ClosesOnExec) {
  const File file = create("a");
  EXPECT_NE(::fcntl(file.descriptor(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(FileTest, KeepsOffTheStandardStreams) {
  test::ChildProcess child([&] {
    for (int fd : {0, 1, 2}) ::close(fd);
    const File file = create("a");
    return file.descriptor() > 2 && (::fcntl(file.descriptor(), F_GETFD) & FD_CLOEXEC) != 0 ? 0 : 1;
  });
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(FileTest, WritesManyPiecesInFewCalls) {
  Recorder recorder;
  File file = create("a", &recorder);
  std::string expected;
  std::vector<std::string> texts;
  for (int i = 0; i < 1500; ++i) texts.push_back(std::string(static_cast<std::size_t>(i % 7), 'a'));
  std::vector<Bytes> pieces;
  for (const std::string& text : texts) {
    pieces.push_back(as_bytes(text));
    expected += text;
  }
  ASSERT_TRUE(ok(file.write_at(3, pieces)));
  EXPECT_EQ(content(file), std::string(3, '\0') + expected);
  EXPECT_EQ(std::count(recorder.done.begin(), recorder.done.end(), Call::Kind::kWrite), 2);
  EXPECT_EQ(file.counters().write_calls.load(), 2U);
  EXPECT_EQ(file.counters().bytes_written.load(), expected.size());
}

TEST_F(FileTest, ReadIsShortOnlyAtTheEnd) {
  File file = create("a");
  ASSERT_TRUE(ok(file.write_at(0, as_bytes("hello"))));
  std::vector<std::uint8_t> buffer(8);
  EXPECT_EQ(file.read_at(0, {buffer.data(), 4}).value(), 4U);
  EXPECT_EQ(file.read_at(2, buffer).value(), 3U);
  EXPECT_EQ(file.read_at(100, buffer).value(), 0U);
}

TEST_F(FileTest, ContinuesShortWritesUntilTheReason) {
  test::ChildProcess child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    File file = create("a");
    const struct rlimit limit{6000, 6000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string text(8192, 'x');
    const std::vector<Bytes> pieces(2, as_bytes(text).first(4096));
    const auto result = file.write_at(0, pieces);
    if (result || result.error().code != ErrorCode::kNoSpace) return 1;
    return file.size().value() == 6000 ? 0 : 2;
  });
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(FileTest, ResizeCutsAndExtends) {
  File file = create("a");
  ASSERT_TRUE(ok(file.write_at(0, as_bytes("hello"))));
  ASSERT_TRUE(ok(file.resize(2)));
  ASSERT_TRUE(ok(file.resize(4)));
  EXPECT_EQ(content(file), std::string("he\0\0", 4));
}

TEST_F(FileTest, AllocateKeepsContentAndReservesBlocks) {
  File file = create("a");
  ASSERT_TRUE(ok(file.write_at(0, as_bytes("hello"))));
  ASSERT_TRUE(ok(file.allocate(0, 100'000)));
  EXPECT_EQ(file.size().value(), 100'000U);
  EXPECT_EQ(content(file), "hello" + std::string(99'995, '\0'));
  struct stat status{};
  ASSERT_EQ(::fstat(file.descriptor(), &status), 0);
  EXPECT_GE(status.st_blocks * 512, 100'000);
}

TEST_F(FileTest, ObserverFailsCallsBeforeTheyHappen) {
  Recorder recorder;
  File file = create("a", &recorder);
  recorder.failing = Call::Kind::kWrite;
  recorder.error = ENOSPC;
  const auto result = file.write_at(7, as_bytes("x"));
  ASSERT_TRUE(fails(result, ErrorCode::kNoSpace));
  EXPECT_NE(result.error().message.find(file.path()), std::string::npos);
  EXPECT_NE(result.error().message.find("offset 7"), std::string::npos);
  EXPECT_EQ(file.size().value(), 0U);
  EXPECT_EQ(file.counters().write_calls.load(), 0U);

  recorder.failing = Call::Kind::kFlush;
  recorder.error = EIO;
  EXPECT_TRUE(fails(file.flush(), ErrorCode::kIo));
  EXPECT_EQ(file.counters().flushes.load(), 0U);
  recorder.failing.reset();
  EXPECT_TRUE(ok(file.flush()));
  EXPECT_EQ(file.counters().flushes.load(), 1U);
}

TEST_F(FileTest, ObserverSeesEveryKindOnce) {
  Recorder recorder;
  File file = create("a", &recorder);
  ASSERT_TRUE(ok(file.allocate(0, 10)));
  ASSERT_TRUE(ok(file.resize(5)));
  ASSERT_TRUE(ok(file.lock(0, 1, LockKind::kShared)));
  ASSERT_TRUE(ok(file.flush()));
  using enum Call::Kind;
  EXPECT_EQ(recorder.done, (std::vector<Call::Kind>{kCreate, kAllocate, kResize, kLock, kFlush}));
  EXPECT_EQ(recorder.asked, recorder.done);
}

TEST_F(FileTest, StoresThroughAMap) {
  Recorder recorder;
  File file = create("f", &recorder);
  ASSERT_TRUE(ok(file.allocate(0, 64 << 10)));
  const auto map = SharedMemory::map(file, 1 << 20);
  ASSERT_TRUE(ok(map));
  const Bytes pieces[] = {as_bytes("some"), as_bytes("thing")};
  recorder.asked.clear();
  ASSERT_TRUE(ok(file.store_at(**map, 4090, pieces)));
  EXPECT_EQ(recorder.asked, std::vector{Call::Kind::kWrite}) << "observers see it as a write";
  EXPECT_EQ(content(file).substr(4090, 9), "something");
  EXPECT_EQ(file.counters().bytes_written.load(), 9U);

  recorder.failing = Call::Kind::kWrite;
  recorder.error = EIO;
  EXPECT_TRUE(fails(file.store_at(**map, 0, pieces), ErrorCode::kIo));
  EXPECT_EQ(content(file)[0], '\0');
}

TEST_F(FileTest, AStoreIntoAFileThatWasCutFailsForEver) {
  File file = create("f");
  ASSERT_TRUE(ok(file.allocate(0, 64 << 10)));
  const auto map = SharedMemory::map(file, 1 << 20);
  ASSERT_TRUE(ok(map));
  ASSERT_TRUE(ok(file.resize(4096)));
  const Bytes piece = as_bytes("lost");
  EXPECT_TRUE(fails(file.store_at(**map, 32768, {&piece, 1}), ErrorCode::kIo));
  EXPECT_TRUE(fails(file.store_at(**map, 0, {&piece, 1}), ErrorCode::kIo));
}

TEST_F(FileTest, KnowsWhetherItHasAName) {
  const File file = create("f");
  EXPECT_EQ(file.has_name().value(), true);
  ASSERT_TRUE(ok(file.keeps_allocated_blocks()));  // either answer may be right here
  std::filesystem::remove(directory_.file("f"));
  EXPECT_EQ(file.has_name().value(), false);
}

TEST_F(FileTest, NoticesThatItsPathNamesAnotherFile) {
  const File file = create("a");
  EXPECT_TRUE(file.matches_path().value());
  const File other = create("b");
  EXPECT_NE(file.identity().value(), other.identity().value());
  std::filesystem::rename(directory_.file("b"), directory_.file("a"));
  EXPECT_FALSE(file.matches_path().value());
  std::filesystem::remove(directory_.file("a"));
  EXPECT_FALSE(file.matches_path().value());
}

TEST_F(FileTest, LocalFileSystemIsAccepted) {
  EXPECT_TRUE(ok(create("a").check_file_system()));
  EXPECT_STREQ(network_file_system(0x6969), "nfs");
  EXPECT_STREQ(network_file_system(0xFFFFFFFFFF534D42), "cifs");
  EXPECT_EQ(network_file_system(0xEF53), nullptr);  // ext4
}

TEST_F(FileTest, ErrnoDecidesTheErrorCode) {
  EXPECT_EQ(error_code_of(EDQUOT), ErrorCode::kNoSpace);
  EXPECT_EQ(error_code_of(EROFS), ErrorCode::kPermission);
  EXPECT_EQ(error_code_of(ENOMEM), ErrorCode::kOutOfMemory);
  EXPECT_EQ(error_code_of(EIO), ErrorCode::kIo);
}

}  // namespace
}  // namespace kist::engine::os
