// Readers, older states, prepared transactions, the picture of a file, completion; copies and
// compaction in place.

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <kist/engine/database.h>

#include "tests/kvstore/cli/cli_fixture.h"

namespace kist {
namespace {

using nlohmann::json;
using test::must;
using test::Outcome;

class InspectionTest : public test::CliTest {
 protected:
  void SetUp() override {
    for (int i = 0; i < 5; ++i) set("key " + std::to_string(i), "u64", std::to_string(i));
  }
  std::string file(const std::string& name) const { return files().file(name); }
  engine::Database beneath() const {
    return must(engine::Database::open(profile() + "/" + kDataFileName, {.create = false}));
  }
  Outcome succeed(std::initializer_list<std::string_view> arguments) const {
    Outcome done = kist(arguments);
    EXPECT_EQ(done.status, 0) << done.err;
    return done;
  }
};

TEST_F(InspectionTest, ListsReaders) {
  EXPECT_EQ(json::parse(succeed({"--json", "readers", profile()}).out), json::array());
  EXPECT_EQ(succeed({"readers", profile()}).out, "");
  const engine::Database database = beneath();
  const engine::ReadTxn reader = must(database.read());
  set("more", "string", std::string(9000, 'x'));
  set("more", "string", std::string(9000, 'y'));
  const json list = json::parse(succeed({"--json", "readers", profile()}).out);
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0]["process"], ::getpid());
  EXPECT_EQ(list[0]["snapshot"], reader.id());
  EXPECT_GE(list[0]["lag"], 2);
  EXPECT_EQ(list[0]["parked"], false);
  EXPECT_GT(list[0]["pages_held"], 0);
  const std::string text = succeed({"readers", profile()}).out;
  EXPECT_NE(text.find(std::to_string(::getpid())), std::string::npos) << text;
  // While somebody writes nobody knows what they hold.
  const engine::WriteTxn writer = must(database.write());
  EXPECT_TRUE(
      json::parse(succeed({"--json", "readers", profile()}).out)[0]["pages_held"].is_null());
  EXPECT_EQ(kist({"readers", file("none")}).status, 3);
}

TEST_F(InspectionTest, ListsAndCopiesOlderStates) {
  set("key 0", "string", "newest");
  const json list = json::parse(succeed({"--json", "snapshots", profile()}).out);
  ASSERT_GE(list.size(), 2U);
  EXPECT_EQ(list[0]["whole"], true);
  EXPECT_EQ(list[0]["stores"], 1);
  EXPECT_NE(succeed({"snapshots", profile()}).out.find("whole"), std::string::npos);
  succeed({"copy", profile(), file("new"), "--progress"});
  EXPECT_EQ(succeed({"get", file("new"), "s", "key 0"}).out, "newest\n");
  succeed({"check", file("new")});
  EXPECT_EQ(kist({"copy", profile(), file("new")}).status, 3) << "exists";
  int older = 0;
  for (const json& one : list) {
    const std::string id = std::to_string(one["id"].get<std::uint64_t>());
    if (one["id"] == list[0]["id"] || one["whole"] != true) continue;
    succeed({"copy", profile(), file(id), "--snapshot", id});
    succeed({"check", file(id)});
    EXPECT_NE(kist({"get", file(id), "s", "key 0"}).out, "newest\n");
    ++older;
  }
  EXPECT_GT(older, 0);
  EXPECT_EQ(kist({"copy", profile(), file("gone"), "--snapshot", "999999999"}).status, 3);
  EXPECT_EQ(kist({"snapshots", file("none")}).status, 3);
}

TEST_F(InspectionTest, DecidesPreparedTransactions) {
  EXPECT_EQ(kist({"prepared", profile()}).status, 1);
  EXPECT_EQ(kist({"--json", "prepared", profile()}).out, "null\n");
  for (const bool commits : {true, false}) {
    std::string id;
    {
      const engine::Database database = beneath();
      engine::WriteTxn txn = must(database.write());
      must(txn.set_markers({7, 8, commits ? 9U : 10U}));
      id = std::to_string(must(txn.prepare()));
    }
    const json waiting = json::parse(succeed({"--json", "prepared", profile()}).out);
    EXPECT_EQ(std::to_string(waiting["id"].get<std::uint64_t>()), id);
    EXPECT_NE(succeed({"prepared", profile()}).out.find(id), std::string::npos);
    EXPECT_EQ(kist({"set", profile(), "s", "key", "value"}).status, 3) << "it has to be decided";
    EXPECT_EQ(kist({"prepared", profile(), "--commit", "1"}).status, 3);
    EXPECT_EQ(kist({"prepared", profile(), "--commit", id, "--roll-back", id}).status, 2);
    succeed({"prepared", profile(), commits ? "--commit" : "--roll-back", id});
    EXPECT_EQ(kist({"prepared", profile()}).status, 1);
  }
  EXPECT_EQ(must(beneath().read()).markers()[2], 9U);
}

TEST_F(InspectionTest, DrawsAMap) {
  set("long", "string", std::string(50'000, 'x'));
  const json pages = json::parse(succeed({"--json", "map", profile()}).out);
  std::uint64_t next = 0;
  std::uint64_t long_value = 0;
  for (const json& run : pages["runs"]) {
    EXPECT_EQ(run["page"], next) << "every page once";
    next += run["pages"].get<std::uint64_t>();
    if (run["use"] == "large_value") long_value += run["pages"].get<std::uint64_t>();
  }
  EXPECT_EQ(pages["pages"], next);
  EXPECT_EQ(long_value, 13U);
  const std::string drawn = succeed({"map", profile(), "--columns", "16"}).out;
  EXPECT_NE(drawn.find("         0 ####"), std::string::npos) << drawn;
  EXPECT_EQ(std::ranges::count(drawn.substr(0, drawn.find("a character")), 'V'), 13) << drawn;
  const std::string small = succeed({"map", profile(), "--columns", "4", "--rows", "2"}).out;
  EXPECT_EQ(std::ranges::count(small, '\n'), 3) << small;
  EXPECT_EQ(kist({"map", profile(), "--columns", "0"}).status, 2);
}

TEST_F(InspectionTest, CompactsInPlace) {
  for (int i = 0; i < 20; ++i) set("long " + std::to_string(i), "string", std::string(20'000, 'x'));
  for (int i = 0; i < 20; ++i) {
    if (i != 19) succeed({"delete", profile(), "s", "long " + std::to_string(i)});
  }
  const engine::Database database = beneath();  // others have it open
  const Outcome before = succeed({"list", "--full", profile(), "s"});
  const json report = json::parse(
      succeed({"--json", "compact", profile(), "--in-place", "--pages", "3", "--pause", "1"}).out);
  EXPECT_EQ(report["file_bytes"], std::filesystem::file_size(profile() + "/" + kDataFileName));
  EXPECT_LT(report["file_bytes"], 200'000);
  EXPECT_TRUE(succeed({"list", "--full", profile(), "s"}).out == before.out);
  succeed({"check", profile()});
  const Outcome shown = succeed({"compact", profile(), "--in-place", "--progress", "--time", "5"});
  EXPECT_NE(shown.out.find("pages moved"), std::string::npos);
  EXPECT_NE(shown.err.find("step 1"), std::string::npos);
  EXPECT_EQ(kist({"compact", profile()}).status, 2) << "neither a copy nor in place";
  EXPECT_EQ(kist({"compact", profile(), file("new"), "--in-place"}).status, 2);
  EXPECT_EQ(kist({"compact", profile(), file("new"), "--pages", "3"}).status, 2);
  EXPECT_EQ(kist({"compact", file("none"), "--in-place"}).status, 3);
}

TEST_F(InspectionTest, CompletesInShells) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = succeed({"completion", shell}).out;
    for (const char* word : {"get", "readers", "in-place"}) {
      EXPECT_NE(script.find(word), std::string::npos) << shell << " " << word;
    }
  }
  EXPECT_EQ(kist({"completion", "other"}).status, 2);
  std::ofstream(file("script")) << succeed({"completion", "bash"}).out
                                << "COMP_WORDS=(kist comp); COMP_CWORD=1; _kist\n"
                                << "echo ${COMPREPLY[@]}\n"
                                << "COMP_WORDS=(kist compact p --in); COMP_CWORD=3; _kist\n"
                                << "echo ${COMPREPLY[@]}\n";
  if (std::system("command -v bash >/dev/null") != 0) GTEST_SKIP() << "no bash here";
  ASSERT_EQ(std::system(("bash " + file("script") + " >" + file("completed")).c_str()), 0);
  EXPECT_EQ(content(file("completed")), "compact completion\n--in-place\n");
}

}  // namespace
}  // namespace kist
