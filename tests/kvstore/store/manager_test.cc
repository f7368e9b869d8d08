#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include <kist/manager.h>

#include "tests/support/checked_profile.h"
#include "tests/support/child_process.h"

namespace kist {
namespace {

using test::code_of;
using test::failed_with;
using test::must;

class ManagerTest : public test::ProfileTest {};

TEST_F(ManagerTest, OneEnvironmentForEveryPathToADirectory) {
  const Profile a = open();
  std::filesystem::create_directory(directory() / "sub");
  std::filesystem::create_directory_symlink(directory(), directory() / "link");
  const Profile b = must(Manager::instance().open(directory() / "sub" / ".."));
  const Profile c = must(Manager::instance().open(directory() / "link"));
  EXPECT_EQ(Manager::instance().open_profiles(), 1U);
  EXPECT_EQ(a.directory(), std::filesystem::canonical(directory()));
  EXPECT_EQ(c.directory(), a.directory());
  must(must(a.open_store("s")).put("k", ValueView::u64(1)));
  EXPECT_EQ(must(must(c.open_store("s", false)).get<std::uint64_t>("k")), 1U);
}

TEST_F(ManagerTest, ClosesWithTheLastUser) {
  const Profile a = open();
  const Profile b = open();
  must(a.close());
  EXPECT_FALSE(a.is_open());
  EXPECT_TRUE(b.is_open());
  EXPECT_EQ(Manager::instance().open_profiles(), 1U);
  must(b.open_store("s"));
  must(b.close());
  EXPECT_EQ(Manager::instance().open_profiles(), 0U);
  EXPECT_EQ(code_of(b.close()), ErrorCode::kClosed);
}

TEST_F(ManagerTest, HandlesKeepAProfileOpen) {
  Store store;
  {
    const Profile profile = open();
    const Profile copy = profile;  // NOLINT(performance-unnecessary-copy-initialization)
    store = must(copy.open_store("s"));
  }
  EXPECT_EQ(Manager::instance().open_profiles(), 1U);
  must(store.put("k", ValueView::boolean(true)));
  store = Store();
  EXPECT_EQ(Manager::instance().open_profiles(), 0U);
}

TEST_F(ManagerTest, CreatesOnlyWhatItIsAskedTo) {
  const auto missing = directory() / "a" / "b";
  EXPECT_TRUE(failed_with(Manager::instance().open(missing), ErrorCode::kNotFound, "a/b"));
  EXPECT_EQ(code_of(Manager::instance().open(directory(), {.create = false})),
            ErrorCode::kNotFound);
  EXPECT_EQ(code_of(Manager::instance().open(directory(), {.read_only = true})),
            ErrorCode::kNotFound);
  EXPECT_EQ(
      code_of(Manager::instance().open(missing, {.create_directory = true, .read_only = true})),
      ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(directory() / "a"));
  const Profile profile = must(Manager::instance().open(missing, {.create_directory = true}));
  EXPECT_TRUE(std::filesystem::exists(missing / kDataFileName));
  // An existing directory is fine.
  const Profile again = must(Manager::instance().open(missing, {.create_directory = true}));
}

TEST_F(ManagerTest, RefusesWhatIsNoDirectory) {
  const auto file = directory() / "file";
  std::ofstream(file) << "text";
  EXPECT_TRUE(failed_with(Manager::instance().open(file), ErrorCode::kInvalidArgument,
                          "is not a directory"));
  EXPECT_EQ(code_of(Manager::instance().open(file, {.create_directory = true})),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(Manager::instance().open(file / "below", {.create_directory = true})),
            ErrorCode::kInvalidArgument);
}

TEST_F(ManagerTest, RefusesAFileThatIsNoStore) {
  leave_unchecked();
  std::ofstream(data_file()) << std::string(100'000, 'x');
  EXPECT_TRUE(failed_with(Manager::instance().open(directory()), ErrorCode::kNotAStore,
                          data_file().string()));
  EXPECT_EQ(Manager::instance().open_profiles(), 0U);
}

TEST_F(ManagerTest, NamesTheOptionThatConflicts) {
  const Profile profile = open({.page_size = 1024});
  Manager& manager = Manager::instance();
  EXPECT_TRUE(failed_with(manager.open(directory(), {.read_only = true}),
                          ErrorCode::kOptionConflict, "read_only = false, asked for true"));
  EXPECT_TRUE(failed_with(manager.open(directory(), {.page_size = 4096}),
                          ErrorCode::kOptionConflict, "page_size = 1024, asked for 4096"));
  EXPECT_TRUE(failed_with(manager.open(directory(), {.durability = Durability::kRelaxed}),
                          ErrorCode::kOptionConflict, "durability = durable, asked for relaxed"));
  const Profile same = open({.create = false, .page_size = 1024});
  EXPECT_EQ(Manager::instance().open_profiles(), 1U);
}

TEST_F(ManagerTest, PageSizeOfAnExistingFileIsChecked) {
  must(open({.page_size = 1024}).close());
  EXPECT_EQ(code_of(Manager::instance().open(directory(), {.page_size = 2048})),
            ErrorCode::kOptionConflict);
  const Profile profile = open();
  EXPECT_EQ(must(profile.stats()).page_size, 1024U);
}

TEST_F(ManagerTest, ReadOnlyReadsAndRefusesToWrite) {
  {
    const Profile profile = open();
    must(must(profile.open_store("s")).put("k", ValueView::u64(1)));
  }
  const Profile profile = open({.read_only = true});
  const Store store = must(profile.open_store("s"));
  EXPECT_EQ(must(store.get<std::uint64_t>("k")), 1U);
  EXPECT_EQ(code_of(store.put("k", ValueView::u64(2))), ErrorCode::kReadOnly);
  EXPECT_EQ(code_of(store.erase("k")), ErrorCode::kReadOnly);
  EXPECT_EQ(code_of(profile.open_store("new")), ErrorCode::kReadOnly);
  EXPECT_EQ(code_of(profile.open_store("new", false)), ErrorCode::kTableNotFound);
  EXPECT_EQ(code_of(profile.write()), ErrorCode::kReadOnly);
  EXPECT_EQ(code_of(profile.close_and_delete()), ErrorCode::kReadOnly);
}

TEST_F(ManagerTest, DeletesOnlyForTheLastUser) {
  std::ofstream(directory() / "mine") << "kept";
  const Profile a = open();
  const Profile b = open();
  EXPECT_TRUE(failed_with(a.close_and_delete(), ErrorCode::kBusy, "2 users"));
  EXPECT_TRUE(a.is_open());
  must(b.close());
  must(a.close_and_delete());
  EXPECT_EQ(code_of(a.close_and_delete()), ErrorCode::kClosed);
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(directory())) {
    left.push_back(entry.path().filename());
  }
  EXPECT_EQ(left, std::vector<std::string>{"mine"});
  EXPECT_TRUE(must(open().stores()).empty());
}

TEST_F(ManagerTest, ADirectoryWithoutPermissionIsAnErrorOfItsOwn) {
  ASSERT_EQ(chmod(directory().c_str(), 0), 0);
  test::ChildProcess child([this] {
    // Root may do everything: become somebody else.
    if (geteuid() == 0 && setuid(65534) != 0) return 1;
    return code_of(Manager::instance().open(directory())) == ErrorCode::kPermission ? 0 : 2;
  });
  EXPECT_EQ(child.wait(), 0);
  ASSERT_EQ(chmod(directory().c_str(), 0700), 0);
}

TEST_F(ManagerTest, AForkedChildStartsAnew) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("k", ValueView::u64(1)));
  test::ChildProcess child([&] {
    // Exit statuses name the step that went wrong.
    if (code_of(store.get("k")) != ErrorCode::kForked) return 1;
    if (Manager::instance().open_profiles() != 0) return 2;
    const auto fresh = Manager::instance().open(directory());
    if (!fresh) return 3;
    const auto again = fresh->open_store("s", false);
    if (!again || again->get<std::uint64_t>("k").value_or(0) != 1U) return 4;
    if (!again->put("k", ValueView::u64(2))) return 5;
    if (!fresh->close()) return 6;
    if (code_of(profile.close_and_delete()) != ErrorCode::kForked) return 7;
    return profile.close() ? 0 : 8;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(must(store.get<std::uint64_t>("k")), 2U);
}

TEST_F(ManagerTest, APathNeedNotBeText) {
  const auto odd = directory() / std::string("\xFF\xFE name");
  const Profile profile = must(Manager::instance().open(odd, {.create_directory = true}));
  must(must(profile.open_store("s")).put("k", ValueView::u64(1)));
  EXPECT_EQ(profile.directory().filename(), odd.filename());
}

TEST_F(ManagerTest, NoticesADeletedFile) {
  leave_unchecked();
  const Profile profile = open();
  std::filesystem::remove(data_file());
  EXPECT_TRUE(
      failed_with(Manager::instance().open(directory()), ErrorCode::kMisuse, "was deleted"));
}

class ConcurrentManagerTest : public test::ProfileTest {};

TEST_F(ConcurrentManagerTest, ManyThreadsOpenUseAndClose) {
  must(must(open().open_store("s")).put("k", ValueView::u64(7)));
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int round = 0; round < 50; ++round) {
        const Profile profile = open();
        const Store store = must(profile.open_store("s", false));
        EXPECT_EQ(must(store.get<std::uint64_t>("k")), 7U);
        if (round % 2 == 0) must(profile.close());
      }
    });
  }
}

TEST_F(ConcurrentManagerTest, CloseWhileOthersReadGivesClosedAndNothingElse) {
  for (int round = 0; round < 20; ++round) {
    const Profile profile = open();
    const Store store = must(profile.open_store("s"));
    must(store.put("k", ValueView::u64(7)));
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&store] {
        while (true) {
          const auto value = store.get<std::uint64_t>("k");
          if (!value) {
            EXPECT_EQ(value.error().code, ErrorCode::kClosed);
            return;
          }
          EXPECT_EQ(*value, 7U);
        }
      });
    }
    must(profile.close());
  }
}

TEST_F(ConcurrentManagerTest, OnlyOneOfManyClosesSucceeds) {
  const Profile profile = open();
  std::atomic<int> succeeded{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] { succeeded += profile.close() ? 1 : 0; });
    }
  }
  EXPECT_EQ(succeeded, 1);
}

}  // namespace
}  // namespace kist
