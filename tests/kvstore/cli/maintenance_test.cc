#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include <kist/engine/database.h>

#include "tests/kvstore/cli/cli_fixture.h"

namespace kist {
namespace {

using nlohmann::json;
using test::must;
using test::Outcome;

/// Two stores with a few values, changed behind the tool's back.
class MaintenanceTest : public test::CliTest {
 protected:
  void SetUp() override {
    for (int i = 0; i < 30; ++i) set("key " + std::to_string(i), "u64", std::to_string(i * i));
    set("long", "string", std::string(9000, 'x'));
  }
  std::string file(const std::string& name) const { return files().file(name); }

  /// Expects that another profile holds what that of the test holds.
  void expect_copy(const std::string& copy) {
    EXPECT_EQ(kist({"check", copy}).status, 0);
    const Outcome original = kist({"list", "--full", profile(), "s"});
    const Outcome copied = kist({"list", "--full", copy, "s"});
    EXPECT_EQ(copied.status, 0) << copied.err;
    EXPECT_TRUE(original.out == copied.out);
  }
  Outcome succeed(std::initializer_list<std::string_view> arguments) const {
    Outcome done = kist(arguments);
    EXPECT_EQ(done.status, 0) << done.err;
    return done;
  }
};

TEST_F(MaintenanceTest, BacksUpAndRestores) {
  succeed({"backup", profile(), file("full")});
  set("after", "string", "the first");
  const json report =
      json::parse(succeed({"--json", "backup", profile(), file("1"), "--since", file("full")}).out);
  EXPECT_EQ(report["bytes"], std::filesystem::file_size(file("1")));
  set("after", "string", "the second");
  succeed({"backup", profile(), file("2"), "--since", file("1")});
  EXPECT_EQ(kist({"restore", file("wrong"), file("full"), file("2")}).status, 3);
  succeed({"restore", file("new"), file("full"), file("1"), file("2"), "--progress"});
  expect_copy(file("new"));
  const Outcome again = kist({"restore", file("new"), file("full")});
  EXPECT_EQ(again.status, 3);
  EXPECT_NE(again.err.find("exists already"), std::string::npos) << again.err;
  expect_copy(file("new"));
}

TEST_F(MaintenanceTest, BacksUpToStandardOutput) {
  const Outcome streamed = succeed({"backup", profile(), "-", "--rate", "100000000"});
  std::ofstream(file("full"), std::ios::binary) << streamed.out;
  succeed({"restore", file("new"), file("full")});
  expect_copy(file("new"));
}

TEST_F(MaintenanceTest, Compacts) {
  for (int i = 0; i < 30; ++i)
    ASSERT_EQ(kist({"delete", profile(), "s", "key " + std::to_string(i)}).status, 0);
  succeed({"compact", profile(), file("small")});
  expect_copy(file("small"));
  succeed({"backup", profile(), file("full"), "--compact"});
  succeed({"restore", file("new"), file("full")});
  expect_copy(file("new"));
}

TEST_F(MaintenanceTest, DumpsAndLoads) {
  const Outcome text = succeed({"dump", profile()});
  EXPECT_EQ(text.out.substr(0, 12), "kist-dump 1\n");
  succeed({"dump", profile(), file("text"), "--progress"});
  EXPECT_TRUE(content(file("text")) == text.out);
  EXPECT_EQ(kist({"dump", profile(), file("text")}).status, 3) << "exists";
  const json report = json::parse(succeed({"--json", "load", file("new"), file("text")}).out);
  EXPECT_EQ(report["tables"], 2);
  expect_copy(file("new"));
  EXPECT_EQ(kist({"load", file("new"), file("text")}).status, 3) << "not empty";
  EXPECT_EQ(kist({"load", file("other"), file("none")}).status, 3);
  EXPECT_FALSE(std::filesystem::exists(file("other")));
}

TEST_F(MaintenanceTest, Salvages) {
  EXPECT_EQ(kist({"salvage", profile(), file("whole")}).status, 0);
  expect_copy(file("whole"));
  const std::string data = profile() + "/" + kDataFileName;
  std::string bytes = content(data);
  const std::size_t at = bytes.rfind(std::string(2000, 'x'));
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 'y';
  std::ofstream(data, std::ios::binary) << bytes;
  const Outcome salvaged = kist({"salvage", profile(), file("new")});
  EXPECT_EQ(salvaged.status, 1) << salvaged.err;
  EXPECT_NE(salvaged.out.find("'long'"), std::string::npos) << salvaged.out;
  EXPECT_EQ(kist({"get", file("new"), "s", "key 7"}).out, "49\n");
  EXPECT_EQ(kist({"get", file("new"), "s", "long"}).status, 1);
  const json report = json::parse(kist({"--json", "salvage", data, file("again")}).out);
  EXPECT_EQ(report["lost"], 1);
  EXPECT_EQ(report["complete"], false);
  EXPECT_EQ(kist({"check", profile()}).status, 1);
  EXPECT_EQ(kist({"check", profile(), "--level", "structure"}).status, 0);
  bytes[at] = 'x';
  std::ofstream(data, std::ios::binary) << bytes;
}

TEST_F(MaintenanceTest, CountsPages) {
  const json pages = json::parse(succeed({"--json", "stat", profile(), "--pages"}).out);
  EXPECT_GE(pages["leaf"]["pages"], 2);
  EXPECT_GE(pages["large_value"]["pages"], 3);
  EXPECT_EQ(pages["tables"].size(), 2U);
  EXPECT_NE(succeed({"stat", profile(), "--pages"}).out.find("large_value"), std::string::npos);
  for (const char* level : {"space", "structure", "everything"}) {
    succeed({"check", profile(), "--level", level, "--progress"});
  }
  EXPECT_EQ(kist({"check", profile(), "--level", "none"}).status, 2);
}

}  // namespace
}  // namespace kist
