// Environments on network file systems, through a local copy.

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <signal.h>

#include <kist/engine/backup.h>
#include <kist/engine/working_copy.h>

#include "tests/support/call_counter.h"
#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

namespace fs = std::filesystem;
using engine::WorkingCopy;
using engine::WorkingCopyOptions;
using Conflict = WorkingCopyOptions::Conflict;

/// Makes one directory look as if it lay on NFS.
class Nfs : public CallCounter {
 public:
  explicit Nfs(std::string directory) : directory_(std::move(directory)) {}
  std::uint64_t file_system(const std::string& path, std::uint64_t type) override {
    return path.starts_with(directory_) ? 0x6969 : type;
  }

 private:
  const std::string directory_;
};

class WorkingCopyTest : public StoreTest {
 protected:
  WorkingCopyTest() : nfs_(fs::canonical(directory().path()).string() + "/net/") {
    fs::create_directory(directory().file("net"));
    fs::create_directory(directory().file("local"));
  }

  std::string original() const { return directory().file("net/store"); }
  std::string local() const { return directory().file("local"); }

  WorkingCopyOptions options(Conflict conflict = Conflict::kRefuse) {
    WorkingCopyOptions options;
    options.directory = local();
    options.conflict = conflict;
    options.options.observer = &nfs_;
    return options;
  }
  WorkingCopy open_copy(Conflict conflict = Conflict::kRefuse) {
    return must(WorkingCopy::open(original(), options(conflict)));
  }

  /// Writes to the original past any working copy, as another machine would.
  void put_elsewhere(std::string_view key, std::string_view value) const {
    Database database = must(Database::open(original()));
    put(database, key, value);
    must(database.close());
  }
  /// Read as by somebody who only looks: the original stays as it was put in place.
  std::optional<std::string> in_original(std::string_view key) const {
    const Database database =
        must(Database::open(original(), {.create = false, .read_only = true, .exclusive = true}));
    expect_clean(database);
    return get(database, key);
  }
  static std::size_t files_in(const std::string& directory) {
    const fs::directory_iterator all(directory);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  Nfs nfs_;
};

TEST_F(WorkingCopyTest, ALocalOriginalIsTheDatabaseItself) {
  WorkingCopyOptions options;
  options.directory = local();
  WorkingCopy copy = must(WorkingCopy::open(path(), options));
  EXPECT_FALSE(copy.separate());
  put(copy.database(), "key", "value");
  EXPECT_FALSE(must(copy.copy_back()));
  expect_clean(copy.database());
  must(copy.close());
  EXPECT_EQ(get(open(), "key"), "value");
  EXPECT_EQ(files_in(local()), 0U);
}

TEST_F(WorkingCopyTest, WorksOnACopyWhereverTheOriginalLiesWhenAsked) {
  put(open(), "key", "value");
  WorkingCopyOptions options;
  options.directory = local();
  options.always = true;
  WorkingCopy copy = must(WorkingCopy::open(path(), options));
  EXPECT_TRUE(copy.separate());
  put(copy.database(), "key", "other");
  EXPECT_EQ(get(open(), "key"), "value");
  must(copy.close());
  EXPECT_EQ(get(open(), "key"), "other");
  expect_clean(open());
}

TEST_F(WorkingCopyTest, SnapshotsAreCopiedBackWhenAskedAndAtTheEnd) {
  put_elsewhere("key", "value");
  WorkingCopy copy = open_copy();
  ASSERT_TRUE(copy.separate());
  EXPECT_EQ(get(copy.database(), "key"), "value");
  EXPECT_FALSE(must(copy.copy_back())) << "the original has it already";
  put(copy.database(), "key", "second");
  EXPECT_EQ(in_original("key"), "value");
  EXPECT_TRUE(must(copy.copy_back()));
  EXPECT_EQ(in_original("key"), "second");
  EXPECT_FALSE(must(copy.copy_back()));
  put(copy.database(), "key", "third");
  expect_clean(copy.database());
  must(copy.close());
  EXPECT_EQ(in_original("key"), "third");
  EXPECT_TRUE(fails(copy.close(), ErrorCode::kClosed));
}

TEST_F(WorkingCopyTest, ANewEnvironmentAppearsWhenItIsCopiedBack) {
  WorkingCopy copy = open_copy();
  EXPECT_FALSE(fs::exists(original()));
  EXPECT_EQ(files_in(directory().file("net")), 0U);
  put(copy.database(), "key", "value");
  must(copy.close());
  EXPECT_EQ(in_original("key"), "value");
  WorkingCopyOptions never = options();
  never.options.create = false;
  never.options.observer = &nfs_;
  EXPECT_TRUE(fails(WorkingCopy::open(directory().file("net/none"), never), ErrorCode::kNotFound));
}

TEST_F(WorkingCopyTest, WhatWasNotCopiedBackIsFoundAgain) {
  put_elsewhere("key", "value");
  Signal written;
  ChildProcess other([&] {
    const WorkingCopy copy = open_copy();
    put(copy.database(), "key", "acknowledged");
    written.send();
    ::pause();
    return 0;
  });
  written.wait();
  other.kill();
  EXPECT_EQ(in_original("key"), "value");
  WorkingCopy copy = open_copy();
  EXPECT_EQ(get(copy.database(), "key"), "acknowledged");
  must(copy.close());
  EXPECT_EQ(in_original("key"), "acknowledged");
}

TEST_F(WorkingCopyTest, ProcessesShareTheCopy) {
  put_elsewhere("key", "value");
  Signal opened;
  Signal copied;
  ChildProcess other([&] {
    WorkingCopy copy = open_copy();
    opened.send();
    copied.wait();
    put(copy.database(), "b", "of another process");
    must(copy.close());
    return 0;
  });
  opened.wait();
  WorkingCopy copy = open_copy();
  put(copy.database(), "a", "of this one");
  EXPECT_TRUE(must(copy.copy_back()));
  copied.send();
  ASSERT_EQ(other.wait(), 0);
  EXPECT_EQ(in_original("a"), "of this one");
  EXPECT_EQ(in_original("b"), "of another process");
  EXPECT_EQ(get(copy.database(), "b"), "of another process");
  put(copy.database(), "a", "again");
  must(copy.close());
  EXPECT_EQ(in_original("a"), "again");
}

TEST_F(WorkingCopyTest, AnUnchangedCopyFollowsItsOriginal) {
  put_elsewhere("key", "value");
  must(open_copy().close());
  put_elsewhere("key", "changed elsewhere");
  WorkingCopy copy = open_copy();
  EXPECT_EQ(get(copy.database(), "key"), "changed elsewhere");
  expect_clean(copy.database());
  must(copy.close());
}

TEST_F(WorkingCopyTest, AnOriginalChangedBySomebodyElseIsNeverOverwritten) {
  put_elsewhere("key", "value");
  WorkingCopy copy = open_copy();
  put(copy.database(), "key", "ours");
  put_elsewhere("key", "theirs");
  const auto refused = copy.copy_back();
  ASSERT_TRUE(fails(refused, ErrorCode::kConflict));
  EXPECT_NE(refused.error().message.find("net/store"), std::string::npos);
  EXPECT_TRUE(fails(copy.close(), ErrorCode::kConflict));
  EXPECT_EQ(in_original("key"), "theirs");
  EXPECT_TRUE(fails(WorkingCopy::open(original(), options()), ErrorCode::kConflict));
  EXPECT_EQ(files_in(directory().file("net")), 2U) << "the original and its lock file";

  WorkingCopy kept = open_copy(Conflict::kUseCopy);
  EXPECT_EQ(get(kept.database(), "key"), "ours");
  EXPECT_EQ(in_original("key"), "theirs");
  must(kept.close());
  EXPECT_EQ(in_original("key"), "ours");
}

TEST_F(WorkingCopyTest, TheCopyIsSetAsideForTheOriginal) {
  put_elsewhere("key", "value");
  {
    const WorkingCopy copy = open_copy();
    put(copy.database(), "key", "ours");
  }
  put_elsewhere("key", "theirs");
  WorkingCopy copy = open_copy(Conflict::kUseOriginal);
  EXPECT_EQ(get(copy.database(), "key"), "theirs");
  must(copy.close());
  EXPECT_EQ(in_original("key"), "theirs");
  int aside = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(local())) {
    const std::string name = entry.path().string();
    if (name.find("-aside-") == std::string::npos) continue;
    ++aside;
    const Database database = must(Database::open(name, {.create = false, .exclusive = true}));
    EXPECT_EQ(get(database, "key"), "ours");
    expect_clean(database);
  }
  EXPECT_EQ(aside, 1);
}

TEST_F(WorkingCopyTest, ARemovedOriginalIsAConflictAndNotMadeAgain) {
  put_elsewhere("key", "value");
  must(open_copy().close());
  fs::remove(original());
  EXPECT_TRUE(fails(WorkingCopy::open(original(), options()), ErrorCode::kConflict));
  WorkingCopy copy = open_copy(Conflict::kUseCopy);
  EXPECT_EQ(get(copy.database(), "key"), "value");
  must(copy.close());
  EXPECT_EQ(in_original("key"), "value");
}

TEST_F(WorkingCopyTest, AnOriginalInUseIsNotReplaced) {
  put_elsewhere("key", "value");
  WorkingCopy copy = open_copy();
  put(copy.database(), "key", "ours");
  {
    const Database user = must(Database::open(original()));
    EXPECT_TRUE(fails(copy.copy_back(), ErrorCode::kBusy));
    EXPECT_EQ(get(user, "key"), "value");
  }
  // Its user has opened and closed it, and may have written to it as far as anybody can tell.
  const auto copied = copy.copy_back();
  if (!copied) {
    EXPECT_EQ(copied.error().code, ErrorCode::kConflict);
  }
  EXPECT_EQ(in_original("key"), copied ? "ours" : "value");
  expect_clean(copy.database());
}

TEST_F(WorkingCopyTest, ForReadingOnly) {
  put_elsewhere("key", "value");
  WorkingCopyOptions reading = options();
  reading.options.create = false;
  reading.options.read_only = true;
  WorkingCopy copy = must(WorkingCopy::open(original(), reading));
  EXPECT_EQ(get(copy.database(), "key"), "value");
  EXPECT_TRUE(fails(copy.copy_back(), ErrorCode::kReadOnly));
  must(copy.close());
  EXPECT_EQ(in_original("key"), "value");
}

TEST_F(WorkingCopyTest, WrongArguments) {
  WorkingCopyOptions wrong = options();
  wrong.directory.clear();
  EXPECT_TRUE(fails(WorkingCopy::open(original(), wrong), ErrorCode::kInvalidArgument));
  wrong.directory = directory().file("none");
  EXPECT_TRUE(fails(WorkingCopy::open(original(), wrong), ErrorCode::kNotFound));
  wrong = options();
  wrong.options.exclusive = true;
  EXPECT_TRUE(fails(WorkingCopy::open(original(), wrong), ErrorCode::kInvalidArgument));
  wrong = options();
  wrong.directory = directory().file("net");
  const auto remote = WorkingCopy::open(original(), wrong);
  ASSERT_TRUE(fails(remote, ErrorCode::kUnsupported)) << "the copy would lie on the network, too";
  std::ofstream(original()) << std::string(20'000, 'x');
  EXPECT_TRUE(fails(WorkingCopy::open(original(), options()), ErrorCode::kNotAStore));
}

TEST_F(WorkingCopyTest, ADamagedRecordIsNamed) {
  put_elsewhere("key", "value");
  must(open_copy().close());
  for (const fs::directory_entry& entry : fs::directory_iterator(local())) {
    if (!entry.path().string().ends_with("-origin")) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(20);
    file.put('\xEE');
  }
  const auto damaged = WorkingCopy::open(original(), options());
  ASSERT_TRUE(fails(damaged, ErrorCode::kDamaged));
  EXPECT_NE(damaged.error().message.find("-origin"), std::string::npos);
}

// Whatever call fails, the original is the one state or the other, and the next try succeeds.
TEST_F(WorkingCopyTest, AFailureAnywhereLeavesNoDoubt) {
  put_elsewhere("n", "0");
  int failures = 0;
  int round = 0;
  for (const Call::Kind kind : {Call::Kind::kCreate, Call::Kind::kWrite, Call::Kind::kFlush,
                                Call::Kind::kRename, Call::Kind::kFlushDirectory}) {
    bool failed = true;
    for (int skip = 0; failed && skip < 100; ++skip) {
      const std::string before = std::to_string(round);
      const std::string after = std::to_string(++round);
      {
        const WorkingCopy writer = open_copy();
        put(writer.database(), "n", after);
      }
      {
        // From here on only the copying calls; the commit is done.
        WorkingCopy copy = open_copy();
        nfs_.fail(kind, EIO, skip);
        const auto copied = copy.copy_back();
        nfs_.stop_failing();
        failed = !copied;
        failures += failed ? 1 : 0;
        const std::string found = in_original("n").value_or("nothing");
        EXPECT_TRUE(found == after || (failed && found == before)) << found << " in " << after;
      }
      WorkingCopy copy = open_copy();
      EXPECT_EQ(get(copy.database(), "n"), after);
      must(copy.close());
      EXPECT_EQ(in_original("n"), after);
      EXPECT_LE(files_in(directory().file("net")), 2U) << "the original and its lock file";
    }
    EXPECT_FALSE(failed) << "kind " << static_cast<int>(kind) << " never stopped failing";
  }
  EXPECT_GT(failures, 8);
}

}  // namespace
}  // namespace kist::test
