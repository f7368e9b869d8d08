#include <filesystem>
#include <vector>

#include <gtest/gtest.h>

#include "engine/os/call_observer.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// Files that are moved, replaced or deleted while they are open.
class PlaceTest : public StoreTest {
 protected:
  // Every reader looks.
  Options watchful() {
    Options options;
    options.path_check = milliseconds(0);
    options.log = [this](engine::LogLevel level, std::string_view text) {
      if (level == engine::LogLevel::kError) told_.emplace_back(text);
    };
    return options;
  }
  static void expect_moved(const Database& database, const std::string& what) {
    const auto writer = database.write(kNoWait);
    ASSERT_TRUE(fails(writer, ErrorCode::kMoved));
    EXPECT_NE(writer.error().message.find(what), std::string::npos) << writer.error().message;
    EXPECT_TRUE(fails(database.read(), ErrorCode::kMoved));
  }
  const std::vector<std::string>& told() const { return told_; }

 private:
  std::vector<std::string> told_;
};

TEST_F(PlaceTest, ADeletedFileIsNoticed) {
  const Database database = open(watchful());
  put(database, "key", "value");
  const ReadTxn before = must(database.read());
  fs::remove(path());
  expect_moved(database, "deleted");
  EXPECT_EQ(get(before, "key"), "value") << "what was begun before goes on";
  EXPECT_EQ(told().size(), 1U) << "the log is told once";
}

TEST_F(PlaceTest, AReplacedFileIsNoticed) {
  const std::string other = directory().file("other");
  {
    const Database database = must(Database::open(other));
    put(database, "key", "other");
  }
  const Database database = open(watchful());
  put(database, "key", "value");
  fs::rename(other, path());
  expect_moved(database, "another file");
}

TEST_F(PlaceTest, AMovedDirectoryIsNoticed) {
  const std::string old_home = directory().file("home");
  const std::string new_home = directory().file("elsewhere");
  fs::create_directory(old_home);
  {
    Database database = must(Database::open(old_home + "/store", watchful()));
    put(database, "key", "value");
    fs::rename(old_home, new_home);
    expect_moved(database, "moved");
    // Under its new name it is the same open environment, which has lost its place.
    EXPECT_TRUE(fails(Database::open(new_home + "/store", watchful()), ErrorCode::kMoved));
    must(database.close());
  }
  const Database database = must(Database::open(new_home + "/store"));
  EXPECT_EQ(get(database, "key"), "value");
  expect_clean(database);
}

TEST_F(PlaceTest, AFileThatComesBackIsUsedAgain) {
  const Database database = open(watchful());
  put(database, "key", "value");
  fs::rename(path(), path() + "-away");
  expect_moved(database, "moved");
  fs::rename(path() + "-away", path());
  put(database, "key", "new");
  EXPECT_EQ(get(database, "key"), "new");
  expect_clean(database);
}

TEST_F(PlaceTest, AnotherFileAtThePathIsAnotherEnvironment) {
  Database old = open(watchful());
  put(old, "key", "old");
  fs::remove(path());
  fs::remove(path() + "-lock");
  {
    const Database fresh = open();
    put(fresh, "key", "fresh");
    expect_moved(old, "another file");
    EXPECT_EQ(get(fresh, "key"), "fresh");
    expect_clean(fresh);
  }
  must(old.close());  // confirms in what was deleted, and touches nothing else
  EXPECT_EQ(get(open(), "key"), "fresh");
}

TEST_F(PlaceTest, ReadersLookNoOftenerThanTheyWereTold) {
  Options options = watchful();
  options.path_check = std::chrono::hours(1);
  const Database database = open(options);
  put(database, "key", "value");
  static_cast<void>(must(database.read()));
  fs::remove(path());
  EXPECT_EQ(get(database, "key"), "value");
  EXPECT_TRUE(fails(database.write(kNoWait), ErrorCode::kMoved)) << "a writer always looks";
  EXPECT_TRUE(fails(database.read(), ErrorCode::kMoved)) << "and says so to everybody";
}

TEST_F(PlaceTest, NobodyLooksWhoWasToldNotTo) {
  Options options = watchful();
  options.path_check = std::nullopt;
  const Database database = open(options);
  fs::remove(path());
  put(database, "key", "value");
  EXPECT_EQ(get(database, "key"), "value");
}

// Pretends that everything lies on NFS.
class Nfs : public engine::os::CallObserver {
 public:
  int before(const engine::os::Call&) override { return 0; }
  std::uint64_t file_system(const std::string&, std::uint64_t) override { return 0x6969; }
};

TEST_F(PlaceTest, NetworkFileSystemsAreRefusedByName) {
  put(open(), "key", "value");
  Nfs nfs;
  Options options;
  options.observer = &nfs;
  const auto existing = Database::open(path(), options);
  ASSERT_TRUE(fails(existing, ErrorCode::kUnsupported));
  EXPECT_NE(existing.error().message.find("nfs"), std::string::npos);
  EXPECT_TRUE(fails(Database::open(directory().file("new"), options), ErrorCode::kUnsupported));
  EXPECT_FALSE(fs::exists(directory().file("new")));
}

TEST_F(PlaceTest, NetworkFileSystemsCanBeUsedExclusively) {
  Nfs nfs;
  Options options;
  options.observer = &nfs;
  options.exclusive = true;
  const Database database = open(options);
  put(database, "key", "value");
  EXPECT_EQ(get(database, "key"), "value");
  EXPECT_FALSE(fs::exists(path() + "-lock"));
  expect_clean(database);
}

// There no lock can be had at all.
class LocklessNfs : public Nfs {
 public:
  explicit LocklessNfs(std::string path) : path_(std::move(path)) {}
  int before(const engine::os::Call& call) override {
    // The locks that an exclusive opener takes among its own threads lie on a file in memory, which
    // has the same name.
    return call.kind == engine::os::Call::Kind::kLock && call.offset != engine_writer_byte() &&
                   first_++ == 0
               ? ENOLCK
               : 0;
  }

 private:
  static std::uint64_t engine_writer_byte() { return (std::uint64_t{1} << 62) + 1; }
  const std::string path_;
  int first_ = 0;
};

TEST_F(PlaceTest, WithoutLocksTheUserVouches) {
  put(open(), "key", "value");
  LocklessNfs nfs(path());
  std::vector<std::string> warnings;
  Options options;
  options.observer = &nfs;
  options.exclusive = true;
  options.log = [&](engine::LogLevel level, std::string_view text) {
    if (level == engine::LogLevel::kWarning) warnings.emplace_back(text);
  };
  const Database database = open(options);
  EXPECT_EQ(get(database, "key"), "value");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("nfs"), std::string::npos);
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
