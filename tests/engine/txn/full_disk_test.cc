// A file system of 8 MiB that fills up: an error, and after some erasing the same environment works
// on. Needs the permission to mount; a disk that only pretends to be full is in
// space_limits_test.cc.

#include <cstdio>
#include <exception>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

constexpr int kMayNotMount = 77;

bool mount_small_disk(const std::string& at) {
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=8m") == 0;
}

std::string key(int i) {
  return "key " + std::to_string(i);
}
std::string value(int i) {
  return std::string(50 + static_cast<std::size_t>(i % 40) * 200, static_cast<char>('a' + i % 26));
}

Result<std::uint64_t> put(const Database& database, int i, Durability durability) {
  KIST_ASSIGN(WriteTxn txn, database.write());
  KIST_TRY(txn.put({}, as_bytes(key(i)), as_bytes(value(i))));
  return txn.commit(durability);
}

/// Stores until there is no space; returns what was acknowledged.
int fill(const Database& database, Durability durability, int from) {
  for (int i = from;; ++i) {
    const auto stored = put(database, i, durability);
    if (stored) continue;
    require(stored.error().code == ErrorCode::kNoSpace, stored.error().message);
    return i;
  }
}

void expect(const Database& database, int from, int to) {
  const ReadTxn txn = must(database.read());
  for (int i = from; i < to; ++i) {
    const auto found = must(txn.get({}, as_bytes(key(i))));
    require(found && engine::to_string(*found) == value(i), "lost " + key(i));
  }
  require(must(database.check()).clean(), "check found violations");
}

void fill_and_go_on(const std::string& path, Durability durability) {
  int first = 0;
  int end = 0;
  {
    const Database database = must(Database::open(path));
    for (int round = 0; round < 3; ++round) {
      end = fill(database, durability, end);
      require(round != 0 || end > 1000, "full after " + std::to_string(end));
      expect(database, first, end);
      const int erased_to = first + (end - first) / 3;
      for (; first < erased_to; ++first) {
        WriteTxn txn = must(database.write());
        require(must(txn.erase({}, as_bytes(key(first)))), "was there");
        must(txn.commit(durability));
      }
      expect(database, first, end);
    }
    const int full = fill(database, durability, end);
    require(full > end, "what was erased gives no room");
    end = full;
  }
  // Opened again on a disk that is still full.
  const Database database = must(Database::open(path));
  expect(database, first, end);
  // In parts, because what is free is in pieces, and what says that all is given up is long.
  for (int part = 10; part <= 99; ++part) {
    WriteTxn txn = must(database.write());
    must(txn.erase_prefix({}, as_bytes("key " + std::to_string(part))));
    must(txn.commit());
  }
  WriteTxn txn = must(database.write());
  must(txn.clear({}));
  must(txn.commit());
  must(put(database, 0, durability));
  expect(database, 0, 1);
}

class FullDiskTest : public testing::TestWithParam<Durability> {};

TEST_P(FullDiskTest, IsAnErrorAfterWhichErasingGoesOn) {
  const TempDirectory directory;
  ChildProcess child([&] {
    if (!mount_small_disk(directory.path())) return kMayNotMount;
    try {
      fill_and_go_on(directory.file("store"), GetParam());
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      return 1;
    }
    return 0;
  });
  const int status = child.wait();
  if (status == kMayNotMount) GTEST_SKIP() << "mounting a tmpfs is not permitted";
  EXPECT_EQ(status, 0);
}

INSTANTIATE_TEST_SUITE_P(Both, FullDiskTest,
                         testing::Values(Durability::kDurable, Durability::kRelaxed),
                         [](const auto& with) {
                           return with.param == Durability::kDurable ? "Durable" : "Relaxed";
                         });

}  // namespace
}  // namespace kist::test
