// Parts of JSON values from the command line.

#include "tests/kvstore/cli/cli_fixture.h"

namespace kist::test {
namespace {

class JsonCommandTest : public CliTest {};

TEST_F(JsonCommandTest, PrintsMembersAndPatches) {
  set("k", "json", R"({"a": [1, {"b": "x"}]})");
  set("text", "string", "x");
  EXPECT_EQ(kist({"get", profile(), "s", "k", "--pointer", "/a/1/b"}).out, "\"x\"\n");
  EXPECT_EQ(kist({"get", profile(), "s", "k", "--pointer", "/c"}).status, 1);
  EXPECT_EQ(kist({"get", profile(), "s", "k", "--pointer", "c"}).status, 3);
  EXPECT_EQ(kist({"get", profile(), "s", "text", "--pointer", "/c"}).status, 3);
  const Outcome done = kist({"--json", "patch", profile(), "s", "k", R"({"a":null,"c":true})"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(done.out, "{\"key\":\"k\",\"type\":\"json\",\"value\":\"{\\\"c\\\":true}\"}\n");
  EXPECT_EQ(kist({"get", profile(), "s", "k"}).out, "{\"c\":true}\n");
  EXPECT_EQ(kist({"patch", profile(), "s", "new", R"({"d":1})"}).status, 0);
  EXPECT_EQ(kist({"get", profile(), "s", "new"}).out, "{\"d\":1}\n");
  const Outcome wrong = kist({"patch", profile(), "s", "k", R"({"d":})"});
  EXPECT_EQ(wrong.status, 3);
  EXPECT_NE(wrong.err.find("byte 6"), std::string::npos) << wrong.err;
  EXPECT_EQ(kist({"patch", profile(), "none", "k", "{}"}).status, 3);
}

}  // namespace
}  // namespace kist::test
