#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::Access;

// Each kind of advice on a real file, and what the system says of it afterwards.
class AdviceTest : public StoreTest {
 protected:
  static void fill(const Database& database) {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < 2000; ++i) {
      must(txn.put({}, as_bytes("key " + std::to_string(i)), as_bytes(std::string(1000, 'v'))));
    }
    must(txn.commit());
  }
  // One line of /proc/self/smaps about the map of the store.
  std::string of_the_map(const std::string& field) const {
    std::ifstream smaps("/proc/self/smaps");
    bool ours = false;
    for (std::string line; std::getline(smaps, line);) {
      const bool header = line.find('-') < line.find(' ') && line.find(':') > line.find(' ');
      if (header) ours = line.ends_with(path());
      if (ours && line.starts_with(field + ":")) return line.substr(field.size() + 1);
    }
    return "missing";
  }
  bool flag(const std::string& name) const {
    std::istringstream words(of_the_map("VmFlags"));
    for (std::string word; words >> word;) {
      if (word == name) return true;
    }
    return false;
  }
  std::uint64_t resident_kilobytes() const { return std::stoull(of_the_map("Rss")); }
  // Throws the file out of the page cache, where the file system lets that happen.
  void forget_cache() const {
    const int fd = ::open(path().c_str(), O_RDONLY | O_CLOEXEC);
    ::fdatasync(fd);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    ::close(fd);
  }
};

TEST_F(AdviceTest, RandomSequentialAndNormal) {
  const Database database = open();
  fill(database);
  EXPECT_FALSE(flag("rr"));
  must(database.advise(Access::kRandom));
  EXPECT_TRUE(flag("rr"));
  must(database.advise(Access::kSequential));
  EXPECT_TRUE(flag("sr"));
  EXPECT_FALSE(flag("rr"));
  must(database.advise(Access::kNormal));
  EXPECT_FALSE(flag("sr"));
  EXPECT_EQ(get(database, "key 77"), std::string(1000, 'v'));
  expect_clean(database);
}

TEST_F(AdviceTest, WillNeed) {
  {
    fill(open());
  }
  forget_cache();
  const Database database = open();
  must(database.advise(Access::kWillNeed));
  EXPECT_EQ(get(database, "key 77"), std::string(1000, 'v'));
  expect_clean(database);
}

TEST_F(AdviceTest, WarmUpEntersTheFileIntoTheMap) {
  {
    fill(open());
  }
  forget_cache();
  const Database database = open();
  const std::uint64_t before = resident_kilobytes();
  const std::uint64_t part = must(database.warm_up(1 << 20));
  EXPECT_EQ(part, 1U << 20);
  EXPECT_GE(resident_kilobytes(), 1024U);
  const std::uint64_t all = must(database.warm_up());
  EXPECT_GT(all, part);
  EXPECT_GE(resident_kilobytes() * 1024, all);
  EXPECT_LT(before * 1024, all);
  expect_clean(database);
}

TEST_F(AdviceTest, LockInMemory) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer takes mlock() away";
#endif
  const Database database = open();
  fill(database);
  const auto locked = database.lock_in_memory(true);
  if (!locked && locked.error().code != ErrorCode::kIo) {
    GTEST_SKIP() << "not permitted here: " << locked.error().message;
  }
  must(locked);
  EXPECT_TRUE(flag("lo"));
  EXPECT_GT(std::stoull(of_the_map("Locked")), 1000U);
  fill(database);
  must(database.lock_in_memory(true));
  must(database.lock_in_memory(false));
  EXPECT_FALSE(flag("lo"));
  EXPECT_EQ(std::stoull(of_the_map("Locked")), 0U);
  expect_clean(database);
}

TEST_F(AdviceTest, InMemoryAndReadOnlyEnvironmentsTakeIt) {
  {
    fill(open());
  }
  Options options;
  options.read_only = true;
  const Database reader = open(options);
  must(reader.advise(Access::kRandom));
  EXPECT_GT(must(reader.warm_up()), 0U);
  const Database memory = must(Database::open_in_memory());
  fill(memory);
  must(memory.advise(Access::kSequential));
  EXPECT_GT(must(memory.warm_up()), 0U);
  expect_clean(memory);
}

}  // namespace
}  // namespace kist::test
