// Imports and exports from the command line.

#include "tests/kvstore/cli/cli_fixture.h"
#include "tests/kvstore/transfer/safe_mode_writer.h"
#include "tests/kvstore/transfer/transfer_fixture.h"

namespace kist::test {
namespace {

class TransferCommandTest : public CliTest {};

TEST_F(TransferCommandTest, ExportsAndImports) {
  set("a", "string", "value");
  set("b", "u64", "7");
  const std::string file = files().file("export.json");
  const Outcome out = kist({"export", profile(), file});
  EXPECT_EQ(out.status, 0) << out.err;
  EXPECT_EQ(kist({"export", profile(), "--store", "s"}).out, content(file));
  EXPECT_EQ(kist({"export", profile(), file}).status, 3) << "no file is replaced";
  EXPECT_EQ(kist({"export", profile(), "--store", "none"}).status, 3);

  const std::string other = files().file("other");
  EXPECT_EQ(kist({"import", other, file}).status, 3) << "there is no such profile";
  EXPECT_EQ(kist({"import", "--create", other, file}).out,
            "2 records of 1 stores: 2 added, 0 unchanged, 0 replaced, 0 ignored\n");
  EXPECT_EQ(kist({"get", other, "s", "b"}).out, "7\n");
  set("b", "u64", "8");
  const Outcome conflict = kist({"--json", "import", profile(), file});
  EXPECT_EQ(conflict.status, 3);
  EXPECT_NE(conflict.err.find("already_exists"), std::string::npos) << conflict.err;
  EXPECT_EQ(kist({"--json", "import", "--on-conflict", "ignore", profile(), file}).out,
            "{\"added\":0,\"ignored\":1,\"records\":2,\"replaced\":0,\"stores\":1,\"unchanged\":1}"
            "\n");
  EXPECT_EQ(kist({"get", profile(), "s", "b"}).out, "8\n");
  EXPECT_EQ(kist({"import", "--on-conflict", "replace", profile(), file}).status, 0);
  EXPECT_EQ(kist({"get", profile(), "s", "b"}).out, "7\n");
  EXPECT_EQ(kist({"import", "--on-conflict", "sometimes", profile(), file}).status, 2);
  EXPECT_EQ(kist({"check", other}).status, 0);
}

TEST_F(TransferCommandTest, ImportsWhatRkvWrote) {
  const SafeModeDatabase prefs{"prefs", 0, {{"k", {rkv(ValueView::boolean(true))}}}};
  const SafeModeDatabase rest{std::nullopt, 0, {{"k", {rkv(ValueView::i64(-1))}}}};
  const std::string file = files().file("data.safe.bin");
  std::ofstream(file, std::ios::binary) << safe_mode_file({prefs, rest}, true);
  const Outcome done =
      kist({"import", "--create", "--progress", "--unnamed", "main", profile(), file});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(kist({"get", profile(), "prefs", "k"}).out, "true\n");
  EXPECT_EQ(kist({"get", profile(), "main", "k"}).out, "-1\n");
  EXPECT_EQ(kist({"import", "--format", "lmdb", profile(), file}).status, 3);
  std::ofstream(file, std::ios::binary) << "";
  const Outcome damaged = kist({"import", profile(), file});
  EXPECT_EQ(damaged.status, 3);
  EXPECT_NE(damaged.err.find("0 bytes"), std::string::npos) << damaged.err;
}

}  // namespace
}  // namespace kist::test
