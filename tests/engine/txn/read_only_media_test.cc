#include <filesystem>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

// Reading where nothing can be written.
class ReadOnlyMediaTest : public StoreTest {
 protected:
  static constexpr int kNotPermitted = 99;
  static constexpr uid_t kNobody = 65'534;

  static Options reading() {
    Options options;
    options.read_only = true;
    return options;
  }
  // The directory of the test, mounted for reading only, in this process alone.
  bool mount_read_only() const {
    const char* const place = directory().path().c_str();
    return ::unshare(CLONE_NEWNS) == 0 &&
           ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount(place, place, nullptr, MS_BIND, nullptr) == 0 &&
           ::mount(nullptr, place, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }
  // Lets everybody find the store, and read it.
  void show_to_everybody() const {
    ::chmod(directory().path().c_str(), 0755);
    ::chmod(path().c_str(), 0644);
    ::chmod((path() + "-lock").c_str(), 0644);
  }
  static bool become_nobody() { return ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0; }
};

TEST_F(ReadOnlyMediaTest, AStoreOnAReadOnlyFileSystemIsRead) {
  put(open(), "key", "value");
  for (const bool crashed : {false, true}) {
    if (crashed) {
      ChildProcess writer([&]() -> int {
        const Database database = must(Database::open(path()));
        put(database, "key", "proven");
        ::kill(::getpid(), SIGKILL);
        return 1;
      });
      ASSERT_EQ(writer.wait(), -SIGKILL);
    }
    ChildProcess reader([&] {
      if (!mount_read_only()) return kNotPermitted;
      require(fails(Database::open(path()), ErrorCode::kPermission), "opened for writing");
      const Database database = must(Database::open(path(), reading()));
      require(get(database, "key") == (crashed ? "proven" : "value"), "read something else");
      require(must(database.check()).clean(), "not clean");
      Options alone = reading();
      alone.exclusive = true;
      return 0;
    });
    const int status = reader.wait();
    if (status == kNotPermitted) GTEST_SKIP() << "mounting is not permitted here";
    EXPECT_EQ(status, 0);
  }
  expect_clean(open());
}

TEST_F(ReadOnlyMediaTest, AStoreOnAReadOnlyFileSystemIsReadAlone) {
  put(open(), "key", "value");
  ChildProcess reader([&] {
    if (!mount_read_only()) return kNotPermitted;
    Options alone = reading();
    alone.exclusive = true;
    const Database database = must(Database::open(path(), alone));
    require(get(database, "key") == "value", "read something else");
    require(must(database.check()).clean(), "not clean");
    return 0;
  });
  const int status = reader.wait();
  if (status == kNotPermitted) GTEST_SKIP() << "mounting is not permitted here";
  EXPECT_EQ(status, 0);
}

TEST_F(ReadOnlyMediaTest, WithoutWritePermissionBesideAWriter) {
  if (::getuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  const Database database = open();
  put(database, "key", "old");
  show_to_everybody();
  Signal pinned;
  Signal written;
  ChildProcess reader([&] {
    if (!become_nobody()) return kNotPermitted;
    require(fails(Database::open(path()), ErrorCode::kPermission), "opened for writing");
    const Database mine = must(Database::open(path(), reading()));
    const ReadTxn old = must(mine.read());
    require(get(old, "key") == "old", "read something else");
    pinned.send();
    written.wait();
    require(get(old, "key") == "old", "its snapshot changed");
    require(get(mine, "key") == "new 99", "does not see the newest commit");
    return 0;
  });
  pinned.wait();
  for (int i = 0; i < 100; ++i) put(database, "key", "new " + std::to_string(i));
  written.send();
  EXPECT_EQ(reader.wait(), 0);
  expect_clean(database);
}

TEST_F(ReadOnlyMediaTest, WithoutReadPermissionNothing) {
  if (::getuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  put(open(), "key", "value");
  ::chmod(directory().path().c_str(), 0755);
  ChildProcess reader([&] {
    if (!become_nobody()) return kNotPermitted;
    return fails(Database::open(path(), reading()), ErrorCode::kPermission) ? 0 : 1;
  });
  EXPECT_EQ(reader.wait(), 0);
}

TEST_F(ReadOnlyMediaTest, AGroupSharesAStore) {
  if (::getuid() != 0) GTEST_SKIP() << "only root can give a file to another group";
  const mode_t before = ::umask(0);
  Options options;
  options.file_mode = 0660;
  options.file_group = kNobody;
  {
    const Database database = open(options);
    put(database, "key", "value");
    for (const std::string& file : {path(), path() + "-lock"}) {
      struct stat status{};
      ASSERT_EQ(::stat(file.c_str(), &status), 0);
      EXPECT_EQ(status.st_gid, kNobody) << file;
      EXPECT_EQ(status.st_mode & 0777, 0660U) << file;
    }
    ::chmod(directory().path().c_str(), 0755);
    ChildProcess member([&] {
      if (!become_nobody()) return kNotPermitted;
      put(must(Database::open(path())), "key", "of the member");
      return 0;
    });
    EXPECT_EQ(member.wait(), 0);
    EXPECT_EQ(get(database, "key"), "of the member");
    expect_clean(database);
  }
  ::umask(before);
}

}  // namespace
}  // namespace kist::test
