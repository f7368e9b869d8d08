#include "engine/os/directory.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/os/file.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_directory.h"

namespace kist::engine::os {
namespace {

using test::fails;
using test::ok;

TEST(DirectoryTest, LinkNeverReplaces) {
  const test::TempDirectory directory;
  ASSERT_TRUE(ok(File::create_new(directory.file("a"), 0600)));
  ASSERT_TRUE(ok(link_file(directory.file("a"), directory.file("b"))));
  EXPECT_TRUE(std::filesystem::equivalent(directory.file("a"), directory.file("b")));
  EXPECT_TRUE(fails(link_file(directory.file("a"), directory.file("b")), ErrorCode::kBusy));
  EXPECT_TRUE(fails(link_file(directory.file("x"), directory.file("c")), ErrorCode::kNotFound));
}

TEST(DirectoryTest, ReplacingTakesTheNameFromAnotherFile) {
  const test::TempDirectory directory;
  ASSERT_TRUE(ok(File::create_new(directory.file("a"), 0600)));
  const FileIdentity a = File::open(directory.file("a"), Access::kRead)->identity().value();
  ASSERT_TRUE(ok(replace_file(directory.file("a"), directory.file("b"))));
  ASSERT_TRUE(ok(File::create_new(directory.file("c"), 0600)));
  ASSERT_TRUE(ok(replace_file(directory.file("b"), directory.file("c"))));
  EXPECT_EQ(File::open(directory.file("c"), Access::kRead)->identity().value(), a);
  EXPECT_FALSE(std::filesystem::exists(directory.file("a")));
  EXPECT_FALSE(std::filesystem::exists(directory.file("b")));
  EXPECT_TRUE(fails(replace_file(directory.file("x"), directory.file("c")), ErrorCode::kNotFound));
}

TEST(DirectoryTest, UnlinkTellsWhetherThereWasAFile) {
  const test::TempDirectory directory;
  ASSERT_TRUE(ok(File::create_new(directory.file("a"), 0600)));
  EXPECT_TRUE(unlink_file(directory.file("a")).value());
  EXPECT_FALSE(unlink_file(directory.file("a")).value());
}

TEST(DirectoryTest, FlushNeedsADirectory) {
  const test::TempDirectory directory;
  EXPECT_TRUE(ok(flush_directory(directory.path())));
  EXPECT_TRUE(fails(flush_directory(directory.file("none")), ErrorCode::kNotFound));
}

TEST(DirectoryTest, CanonicalPathResolvesTheDirectoryOnly) {
  const test::TempDirectory directory;
  const std::string real = std::filesystem::canonical(directory.path()).string();
  std::filesystem::create_directory(directory.file("sub"));
  std::filesystem::create_directory_symlink(directory.file("sub"), directory.file("link"));
  EXPECT_EQ(canonical_path(directory.file("link/../sub/./data")).value(), real + "/sub/data");
  EXPECT_EQ(canonical_path(directory.file("link/data")).value(), real + "/sub/data");
  std::filesystem::create_symlink(directory.file("elsewhere"), directory.file("data"));
  EXPECT_EQ(canonical_path(directory.file("data")).value(), real + "/data");
  EXPECT_EQ(canonical_path("data").value(), std::filesystem::current_path().string() + "/data");
}

TEST(DirectoryTest, CanonicalPathRefusesWhatNamesNoFile) {
  const test::TempDirectory directory;
  for (const std::string& path :
       {std::string(), std::string("/"), directory.file(""), directory.file("."),
        directory.file(".."), std::string("a\0b", 3)}) {
    EXPECT_TRUE(fails(canonical_path(path), ErrorCode::kInvalidArgument)) << path;
  }
  EXPECT_TRUE(fails(canonical_path(directory.file("none/data")), ErrorCode::kNotFound));
}

}  // namespace
}  // namespace kist::engine::os
