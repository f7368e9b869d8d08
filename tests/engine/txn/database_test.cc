#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kist/engine/database.h>

#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

class DatabaseTest : public StoreTest {
 protected:
  void write_file(const std::string& bytes) const {
    std::ofstream(path(), std::ios::binary) << bytes;
  }
};

TEST_F(DatabaseTest, CreatesAStoreThatIsEmptyAndClean) {
  const Database database = open();
  EXPECT_EQ(must(must(database.read()).count({})), 0U);
  EXPECT_TRUE(must(must(database.read()).table_names()).empty());
  EXPECT_EQ(database.path(), std::filesystem::canonical(path()).string());
  expect_clean(database);
}

TEST_F(DatabaseTest, KeepsRecordsAcrossReopening) {
  {
    Database database = open();
    put(database, "key", "value");
    EXPECT_TRUE(ok(database.close()));
  }
  const Database database = open();
  EXPECT_EQ(get(database, "key"), "value");
  expect_clean(database);
}

TEST_F(DatabaseTest, KeepsRecordsWhenTheHandleIsOnlyDestroyed) {
  {
    const Database database = open();
    put(database, "key", "value");
  }
  EXPECT_EQ(get(open(), "key"), "value");
}

TEST_F(DatabaseTest, OpeningTwiceGivesOneEnvironment) {
  const Database first = open();
  const Database second = open();
  put(first, "a", "1");
  EXPECT_EQ(get(second, "a"), "1");
  const WriteTxn txn = must(first.write());
  EXPECT_TRUE(fails(second.write(kNoWait), ErrorCode::kBusy));
  expect_clean(second);
}

TEST_F(DatabaseTest, OpeningThroughAnotherNameGivesTheSameEnvironment) {
  const Database first = open();
  std::filesystem::create_directory(directory().file("sub"));
  const Database second = must(Database::open(directory().file("sub/../store")));
  put(first, "a", "1");
  EXPECT_EQ(get(second, "a"), "1");
  EXPECT_EQ(first.path(), second.path());
}

TEST_F(DatabaseTest, TheLastHandleClosesTheEnvironment) {
  Database first = open();
  Database second = open();
  put(first, "a", "1");
  EXPECT_TRUE(ok(first.close()));
  EXPECT_EQ(get(second, "a"), "1");
  put(second, "b", "2");
  EXPECT_TRUE(ok(second.close()));
  const Database again = open();
  EXPECT_EQ(get(again, "b"), "2");
  expect_clean(again);
}

TEST_F(DatabaseTest, EverythingFailsAfterClose) {
  Database database = open();
  put(database, "a", "1");
  ASSERT_TRUE(ok(database.close()));
  EXPECT_TRUE(fails(database.read(), ErrorCode::kClosed));
  EXPECT_TRUE(fails(database.write(), ErrorCode::kClosed));
  EXPECT_TRUE(fails(database.sync(), ErrorCode::kClosed));
  EXPECT_TRUE(fails(database.check(), ErrorCode::kClosed));
  EXPECT_TRUE(fails(database.stats(), ErrorCode::kClosed));
  EXPECT_TRUE(fails(database.table("t"), ErrorCode::kClosed));
  EXPECT_TRUE(fails(database.close(), ErrorCode::kClosed));
}

TEST_F(DatabaseTest, TransactionsKeepTheEnvironmentOpen) {
  Database database = open();
  put(database, "a", "1");
  std::optional<ReadTxn> txn = must(database.read());
  ASSERT_TRUE(ok(database.close()));
  EXPECT_EQ(get(*txn, "a"), "1");
  txn.reset();
  EXPECT_EQ(get(open(), "a"), "1");
}

TEST_F(DatabaseTest, DoesNotCreateUnlessAsked) {
  EXPECT_TRUE(
      fails(Database::open(path(), {.page_size = {}, .create = false}), ErrorCode::kNotFound));
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_TRUE(
      fails(Database::open(path(), {.page_size = {}, .read_only = true}), ErrorCode::kNotFound));
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(DatabaseTest, ReportsAMissingDirectory) {
  EXPECT_TRUE(fails(Database::open(directory().file("no/such/store")), ErrorCode::kNotFound));
}

TEST_F(DatabaseTest, RefusesADirectory) {
  EXPECT_TRUE(fails(Database::open(directory().path()), ErrorCode::kNotAStore));
}

TEST_F(DatabaseTest, RefusesASymbolicLink) {
  {
    open();
  }
  std::filesystem::create_symlink(path(), directory().file("link"));
  EXPECT_FALSE(Database::open(directory().file("link")).has_value());
}

TEST_F(DatabaseTest, KeepsThePageSizeOfTheFile) {
  {
    open({.page_size = 1024});
  }
  EXPECT_EQ(must(open().stats()).page_size, 1024U);
  EXPECT_EQ(must(open({.page_size = 1024}).stats()).page_size, 1024U);
  EXPECT_TRUE(fails(Database::open(path(), {.page_size = 4096}), ErrorCode::kOptionConflict));
}

TEST_F(DatabaseTest, RefusesImpossiblePageSizes) {
  for (const std::uint32_t size : {0U, 1U, 128U, 255U, 3000U, 131072U}) {
    EXPECT_TRUE(fails(Database::open(path(), {.page_size = size}), ErrorCode::kInvalidArgument))
        << size;
    EXPECT_FALSE(std::filesystem::exists(path())) << size;
  }
}

TEST_F(DatabaseTest, RefusesOtherOptionsForAnOpenEnvironment) {
  const Database database = open();
  EXPECT_TRUE(fails(Database::open(path(), {.page_size = {}, .durability = Durability::kRelaxed}),
                    ErrorCode::kOptionConflict));
}

TEST_F(DatabaseTest, EmptyFileIsDamaged) {
  write_file("");
  EXPECT_TRUE(fails(Database::open(path()), ErrorCode::kDamaged));
}

TEST_F(DatabaseTest, FileOfZerosIsDamaged) {
  write_file(std::string(65536, '\0'));
  EXPECT_TRUE(fails(Database::open(path()), ErrorCode::kDamaged));
}

TEST_F(DatabaseTest, OtherFilesAreNotStores) {
  for (const std::size_t size : {1U, 100U, 5000U, 16384U, 100000U}) {
    std::string text;
    while (text.size() < size) text += "This is a text file, not a store. ";
    text.resize(size);
    write_file(text);
    EXPECT_TRUE(fails(Database::open(path()), ErrorCode::kNotAStore)) << size;
    std::ifstream file(path(), std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text) << "it was changed";
  }
}

TEST_F(DatabaseTest, StoreOfANewerVersionIsRefusedByName) {
  const std::filesystem::path sample =
      std::filesystem::path(__FILE__).parent_path().parent_path().parent_path() /
      "compat/newer_version/data.kist";
  std::filesystem::copy_file(sample, path());
  const auto result = Database::open(path());
  ASSERT_TRUE(fails(result, ErrorCode::kNewerFormat));
  EXPECT_NE(result.error().message.find(path()), std::string::npos) << result.error().message;
  EXPECT_NE(result.error().message.find("2"), std::string::npos) << result.error().message;
}

TEST_F(DatabaseTest, FilesAreCreatedForTheOwnerAlone) {
  const Database database = open();
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat((path() + "-lock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(DatabaseTest, LeavesNothingBesideTheStoreAndItsLockFile) {
  {
    put(open(), "a", "1");
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory().path())) {
    EXPECT_TRUE(entry.path() == path() || entry.path() == path() + "-lock") << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 2U);
}

// Runs `body` in a child that is no superuser any more. Returns its status.
template <typename F>
int as_nobody(F&& body) {
  return ChildProcess([&] {
           if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 100;
           try {
             return body();
           } catch (const std::exception& error) {
             std::cerr << error.what() << std::endl;
             return 101;
           }
         })
      .wait();
}

TEST_F(DatabaseTest, DirectoryWithoutPermission) {
  {
    open();
  }
  const std::string closed = directory().file("closed");
  std::filesystem::create_directory(closed);
  std::filesystem::permissions(closed, std::filesystem::perms::none);
  std::filesystem::permissions(directory().path(), std::filesystem::perms(0555));
  EXPECT_EQ(as_nobody([&] {
              const auto inside = Database::open(closed + "/store");
              if (!fails(inside, ErrorCode::kPermission)) return 1;
              const auto beside = Database::open(directory().file("new"));
              if (!fails(beside, ErrorCode::kPermission)) return 2;
              return beside.error().message.find(directory().path()) == std::string::npos ? 3 : 0;
            }),
            0);
  std::filesystem::permissions(directory().path(), std::filesystem::perms(0700));
  std::filesystem::permissions(closed, std::filesystem::perms(0700));
}

TEST_F(DatabaseTest, FileOfAnotherUserNeedsPermission) {
  {
    put(open(), "a", "1");
  }
  if (::geteuid() != 0) GTEST_SKIP() << "files of two users need the superuser";
  std::filesystem::permissions(directory().path(), std::filesystem::perms(0755));
  EXPECT_EQ(
      as_nobody([&] { return fails(Database::open(path()), ErrorCode::kPermission) ? 0 : 1; }), 0);

  std::filesystem::permissions(path(), std::filesystem::perms(0644));
  EXPECT_EQ(as_nobody([&] {
              if (!fails(Database::open(path()), ErrorCode::kPermission)) return 1;
              const Database database =
                  must(Database::open(path(), {.page_size = {}, .read_only = true}));
              if (get(database, "a") != "1") return 2;
              return fails(database.write(), ErrorCode::kReadOnly) ? 0 : 3;
            }),
            0);
}

TEST_F(DatabaseTest, ReadOnlyReadsAndRefusesToWrite) {
  {
    put(open(), "a", "1");
  }
  const auto before = std::filesystem::last_write_time(path());
  {
    const Database database = open({.page_size = {}, .read_only = true});
    EXPECT_EQ(get(database, "a"), "1");
    EXPECT_TRUE(fails(database.write(), ErrorCode::kReadOnly));
  }
  EXPECT_EQ(std::filesystem::last_write_time(path()), before);
}

TEST_F(DatabaseTest, ReadOnlyProcessSeesTheCommitsOfAnother) {
  const Database database = open();
  put(database, "a", "1");
  Signal written;
  Signal opened;
  ChildProcess reader([&] {
    const Database other = must(Database::open(path(), {.page_size = {}, .read_only = true}));
    const bool old_one = get(other, "a") == "1";
    opened.send();
    written.wait();
    return old_one && get(other, "a") == "2" ? 0 : 1;
  });
  opened.wait();
  put(database, "a", "2");
  written.send();
  EXPECT_EQ(reader.wait(), 0);
  expect_clean(database);
}

class PageSizeTest : public StoreTest, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(PageSizeTest, StoresAndFindsAThousandRecords) {
  const std::uint32_t size = GetParam();
  {
    const Database database = open({.page_size = size});
    EXPECT_EQ(must(database.stats()).page_size, size);
    WriteTxn txn = must(database.write());
    for (int i = 0; i < 1000; ++i) {
      const std::string key = "key " + std::to_string(i * 7919 % 1000);
      must(txn.put({}, as_bytes(key), as_bytes(key + " has this value")));
    }
    must(txn.commit());
    expect_clean(database);
  }
  const Database database = open();
  const ReadTxn txn = must(database.read());
  EXPECT_EQ(must(txn.count({})), 1000U);
  for (int i = 0; i < 1000; ++i) {
    const std::string key = "key " + std::to_string(i);
    EXPECT_EQ(get(txn, key), key + " has this value");
  }
  expect_clean(database);
}

INSTANTIATE_TEST_SUITE_P(All, PageSizeTest,
                         testing::Values(256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536));

TEST_F(DatabaseTest, AnEmptyStoreIsSmall) {
  {
    open();
  }
  EXPECT_LE(std::filesystem::file_size(path()), 65536U);
  const Database database = open();
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_LE(status.st_size, 65536);
  EXPECT_LE(status.st_blocks * 512, 65536);
}

TEST_F(DatabaseTest, AThousandPreferencesAreSmall) {
  {
    const Database database = open();
    // One commit each, as preferences are set.
    for (int i = 0; i < 1000; ++i) {
      WriteTxn txn = must(database.write());
      must(txn.put({}, as_bytes("browser.preference." + std::to_string(i)), as_bytes("true")));
      must(txn.commit(Durability::kRelaxed));
    }
    expect_clean(database);
  }
  EXPECT_LE(std::filesystem::file_size(path()), 262144U);
}

TEST_F(DatabaseTest, GivesTrailingSpaceBack) {
  const Database database = open();
  for (int i = 0; i < 20; ++i) put(database, std::to_string(i), std::string(100000, 'x'));
  const auto full = std::filesystem::file_size(path());
  EXPECT_GT(full, 2000000U);
  WriteTxn txn = must(database.write());
  EXPECT_EQ(must(txn.clear({})), 20U);
  must(txn.commit());
  for (int i = 0; i < 5; ++i) put(database, "small", std::to_string(i));
  EXPECT_LT(std::filesystem::file_size(path()), full / 2);
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
