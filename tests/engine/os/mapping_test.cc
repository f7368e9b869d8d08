#include "engine/os/mapping.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/os/random.h"
#include "tests/support/child_process.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_directory.h"

namespace kist::engine::os {
namespace {

using test::ok;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

/// How a process ends that lets SIGBUS take its default course; sanitizers exit with a report.
bool died_of_sigbus(int end) {
  return end == -SIGBUS || (kSanitized && end > 0);
}

class MappingTest : public testing::Test {
 protected:
  MappingTest() { EXPECT_TRUE(ok(file_.resize(3 * page_))); }

  /// The file for a child, where file_ is closed.
  File reopened() { return File::open(path_, Access::kReadWrite).value(); }

  /// Faults on a map that the guard knows nothing of.
  void touch_foreign_map_beyond_the_end() {
    void* map = ::mmap(nullptr, 8 * page_, PROT_READ, MAP_SHARED, reopened().descriptor(), 0);
    static_cast<void>(*(static_cast<volatile std::uint8_t*>(map) + 7 * page_));
  }

  const std::uint64_t page_ = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  test::TempDirectory directory_;
  const std::string path_ = directory_.file("data");
  File file_ = File::create_new(path_, 0600).value();
};

/// Reads a byte where the compiler may not know that it did not change.
std::uint8_t peek(const std::uint8_t* place) {
  return *static_cast<const volatile std::uint8_t*>(place);
}

TEST_F(MappingTest, GrowsWithTheFile) {
  const auto map = Mapping::map(file_, 3 * page_).value();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(map->data()) % (2U << 20), 0U);
  EXPECT_GE(map->size(), 6 * page_);
  ASSERT_TRUE(ok(file_.write_at(10 * page_ + 5, as_bytes("x"))));
  EXPECT_EQ(peek(map->data() + 10 * page_ + 5), 'x');
  EXPECT_EQ(map->damaged().load(), 0U);
}

TEST_F(MappingTest, OutlivesTheFileObject) {
  ASSERT_TRUE(ok(file_.write_at(0, as_bytes("x"))));
  const auto map = Mapping::map(File::open(file_.path(), Access::kRead).value(), page_).value();
  EXPECT_EQ(peek(map->data()), 'x');
}

TEST_F(MappingTest, PageBeyondTheEndReadsAsZerosAndMarksItsMapOnly) {
  ASSERT_TRUE(ok(file_.write_at(page_, as_bytes("x"))));
  const auto map = Mapping::map(file_, 3 * page_).value();
  const auto other = Mapping::map(file_, 3 * page_).value();
  EXPECT_EQ(peek(map->data() + page_), 'x');
  ASSERT_TRUE(ok(file_.resize(page_)));
  EXPECT_EQ(peek(map->data() + page_), 0);
  EXPECT_EQ(peek(map->data() + 3 * page_ - 1), 0);
  EXPECT_EQ(map->damaged().load(), 1U);
  EXPECT_EQ(other->damaged().load(), 0U);
}

TEST_F(MappingTest, SharedMemoryIsSharedAndSurvivesACut) {
  const auto a = SharedMemory::map(file_, 100 * page_).value();
  const auto b = SharedMemory::map(file_, 100 * page_).value();
  a->data()[2 * page_] = 7;
  EXPECT_EQ(peek(b->data() + 2 * page_), 7);
  ASSERT_TRUE(ok(file_.resize(page_)));
  a->data()[2 * page_] = 8;
  EXPECT_EQ(peek(a->data() + 2 * page_), 8);
  EXPECT_EQ(a->damaged().load(), 1U);
  EXPECT_EQ(b->damaged().load(), 0U);
}

TEST_F(MappingTest, SharedMemoryOfAReadOnlyFileIsReadable) {
  ASSERT_TRUE(ok(file_.write_at(0, as_bytes("x"))));
  const File reader = File::open(file_.path(), Access::kRead).value();
  EXPECT_EQ(peek(SharedMemory::map(reader, page_).value()->data()), 'x');
}

TEST_F(MappingTest, ForeignFaultsTakeTheirDefaultCourse) {
  test::ChildProcess child([&] {
    ::signal(SIGBUS, SIG_DFL);
    const auto map = Mapping::map(reopened(), page_).value();
    touch_foreign_map_beyond_the_end();
    return 0;
  });
  EXPECT_TRUE(died_of_sigbus(child.wait()));
}

TEST_F(MappingTest, SignalsThatWereSentTakeTheirDefaultCourse) {
  test::ChildProcess child([&] {
    ::signal(SIGBUS, SIG_DFL);
    const auto map = Mapping::map(reopened(), page_).value();
    ::raise(SIGBUS);
    return 0;
  });
  EXPECT_EQ(child.wait(), -SIGBUS);
}

/// Runs `body` in a child where no map was made yet, so that the guard's handler is installed on
/// top of whatever the body installs first.
template <typename F>
int in_fresh_process(F&& body) {
  set_fault_guard(false);
  test::ChildProcess child([&] {
    struct sigaction none{};
    none.sa_handler = SIG_DFL;
    ::sigaction(SIGBUS, &none, nullptr);
    set_fault_guard(true);
    return body();
  });
  set_fault_guard(true);
  return child.wait();
}

TEST_F(MappingTest, PassesForeignFaultsToAHandlerWithInformation) {
  const int end = in_fresh_process([&] {
    set_fault_guard(false);
    struct sigaction action{};
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = [](int, siginfo_t* info, void* context) {
      ::_exit(info->si_addr != nullptr && context != nullptr ? 42 : 43);
    };
    ::sigaction(SIGBUS, &action, nullptr);
    set_fault_guard(true);
    const auto map = Mapping::map(reopened(), page_).value();
    if (peek(map->data() + 5 * page_) != 0) return 1;
    touch_foreign_map_beyond_the_end();
    return 0;
  });
  EXPECT_EQ(end, 42);
}

TEST_F(MappingTest, PassesForeignFaultsToASimpleHandler) {
  const int end = in_fresh_process([&] {
    ::signal(SIGBUS, [](int) { ::_exit(44); });
    set_fault_guard(true);
    const auto map = Mapping::map(reopened(), page_).value();
    if (peek(map->data() + 5 * page_) != 0) return 1;
    touch_foreign_map_beyond_the_end();
    return 0;
  });
  EXPECT_EQ(end, 44);
}

TEST_F(MappingTest, GuardCanBeTurnedOffAndOn) {
  const int off = in_fresh_process([&] {
    set_fault_guard(true);
    const auto map = Mapping::map(reopened(), page_).value();
    set_fault_guard(false);
    peek(map->data() + 5 * page_);
    return 0;
  });
  EXPECT_TRUE(died_of_sigbus(off));
  const int on = in_fresh_process([&] {
    set_fault_guard(true);
    const auto map = Mapping::map(reopened(), page_).value();
    set_fault_guard(false);
    set_fault_guard(true);
    return peek(map->data() + 5 * page_) == 0 && map->damaged() == 1 ? 0 : 1;
  });
  EXPECT_EQ(on, 0);
}

TEST_F(MappingTest, TakesLessWhereAddressSpaceIsShort) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need unlimited address space";
  test::ChildProcess child([&] {
    const struct rlimit limit{1U << 30, 1U << 30};
    ::setrlimit(RLIMIT_AS, &limit);
    const auto map = Mapping::map(reopened(), 100U << 20);
    if (!map || (*map)->size() < 100U << 20) return 1;
    const auto too_much = Mapping::map(reopened(), std::uint64_t{2} << 30);
    return !too_much && too_much.error().code == ErrorCode::kOutOfMemory ? 0 : 2;
  });
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(MappingTest, ForkedChildSeesZerosAndCannotReachTheParent) {
  ASSERT_TRUE(ok(file_.write_at(0, as_bytes("x"))));
  const auto map = Mapping::map(file_, page_).value();
  const auto memory = SharedMemory::map(file_, page_).value();
  test::ChildProcess child([&] {
    if (peek(map->data()) != 0 || peek(memory->data()) != 0) return 1;
    memory->data()[0] = 'y';
    return peek(map->data() + map->size() - 1) == 0 ? 0 : 2;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(peek(map->data()), 'x');
}

TEST(ReservedArrayTest, IsZeroAndTakesRoomOnlyWhereWritten) {
  ReservedArray array = ReservedArray::reserve(std::uint64_t{1} << 33).value();
  EXPECT_EQ(peek(array.data() + (std::uint64_t{1} << 33) - 1), 0);
  array.data()[12345] = 1;
  ReservedArray moved = std::move(array);
  EXPECT_EQ(moved.data()[12345], 1);
  EXPECT_EQ(array.data(), nullptr);
  EXPECT_EQ(ReservedArray::reserve(std::uint64_t{1} << 63).error().code, ErrorCode::kOutOfMemory);
}

TEST(RandomTest, FillsTheWholeBuffer) {
  std::vector<std::uint8_t> buffer(1000);
  ASSERT_TRUE(ok(fill_random(buffer)));
  EXPECT_GT(std::count_if(buffer.end() - 100, buffer.end(), [](auto b) { return b != 0; }), 50);
  EXPECT_NE(random_u64().value(), random_u64().value());
}

}  // namespace
}  // namespace kist::engine::os
