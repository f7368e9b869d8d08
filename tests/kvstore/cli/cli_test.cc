#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <sys/wait.h>

#include <kist/engine/database.h>

#include "kvstore/codec/value_codec.h"
#include "tests/kvstore/cli/cli_fixture.h"
#include "tests/support/checked_profile.h"
#include "tests/support/golden.h"

namespace kist {
namespace {

using nlohmann::json;
using test::CliTest;
using test::must;
using test::Outcome;

TEST_F(CliTest, SetsGetsAndDeletes) {
  set("k", "string", "it's a \"value\"");
  EXPECT_EQ(kist({"get", profile(), "s", "k"}).out, "it's a \"value\"\n");
  EXPECT_EQ(kist({"get", profile(), "s", "k", "--raw"}).out, "it's a \"value\"");
  EXPECT_EQ(kist({"delete", profile(), "s", "k"}).status, 0);
  const Outcome gone = kist({"get", profile(), "s", "k"});
  EXPECT_EQ(gone.status, 1);
  EXPECT_EQ(gone.out, "");
  EXPECT_EQ(kist({"delete", profile(), "s", "k"}).status, 1);
}

TEST_F(CliTest, WritesEveryTypeAsItIsStored) {
  set("bool", "bool", "true");
  set("u64", "u64", "18446744073709551615");
  set("i64", "i64", "-9223372036854775808");
  set("f64", "f64", "-1.5e-3");
  set("instant", "instant", "1969-12-31T23:59:59.999Z");
  set("ms", "instant", "-2");
  set("uuid", "uuid", "00112233-4455-6677-8899-AABBCCDDEEFF");
  set("string", "string", "\xF0\x9F\x98\x80");
  set("json", "json", "{\"a\": [1]}");
  set("blob", "blob", "hex:00ff");
  const Profile open_profile = open();
  const Store store = must(open_profile.open_store("s", false));
  EXPECT_EQ(must(store.get("bool")), Value::boolean(true));
  EXPECT_EQ(must(store.get("u64")), Value::u64(~std::uint64_t{0}));
  EXPECT_EQ(must(store.get("i64")), Value::i64(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(must(store.get("f64")), Value::f64(-0.0015));
  EXPECT_EQ(must(store.get("instant")), Value::instant({-1}));
  EXPECT_EQ(must(store.get("ms")), Value::instant({-2}));
  EXPECT_EQ(must(store.get("uuid")),
            Value::uuid({{0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC,
                          0xDD, 0xEE, 0xFF}}));
  EXPECT_EQ(must(store.get("string")), Value::string("\xF0\x9F\x98\x80"));
  EXPECT_EQ(must(store.get("json")), Value::json("{\"a\": [1]}"));
  EXPECT_EQ(must(store.get("blob")), Value::blob({0, 255}));
  EXPECT_EQ(kist({"list", profile(), "s"}).out,
            "blob\tblob\tbase64:AP8=\n"
            "bool\tbool\ttrue\n"
            "f64\tf64\t-0.0015\n"
            "i64\ti64\t-9223372036854775808\n"
            "instant\tinstant\t1969-12-31T23:59:59.999Z\n"
            "json\tjson\t{\"a\": [1]}\n"
            "ms\tinstant\t1969-12-31T23:59:59.998Z\n"
            "string\tstring\t\xF0\x9F\x98\x80\n"
            "u64\tu64\t18446744073709551615\n"
            "uuid\tuuid\t00112233-4455-6677-8899-aabbccddeeff\n");
}

TEST_F(CliTest, TextOfEveryGoldenVectorIsReadBack) {
  {
    const Profile open_profile = open();
    const Store store = must(open_profile.open_store("s"));
    Batch batch;
    for (const auto& vector : test::load_golden("values.json")) {
      const auto bytes = test::from_hex(vector["hex"].get<std::string>());
      must(batch.put(store, vector["name"].get<std::string>(), must(codec::decode_value(bytes))));
    }
    must(open_profile.apply(batch));
  }
  const json listed = json::parse(kist({"--json", "list", profile(), "s"}).out);
  EXPECT_EQ(listed.size(), test::load_golden("values.json").size());
  std::size_t tried = 0;
  for (const auto& record : listed) {
    const std::string name = record["key"];
    std::string text = kist({"get", profile(), "s", name}).out;
    ASSERT_TRUE(text.ends_with('\n')) << name;
    text.pop_back();
    if (text.contains('\0')) continue;  // no argument of a program can hold it
    const Outcome copied = kist({"set", "--type", record["type"].get<std::string>(), "--",
                                 profile(), "s", "copy of " + name, text});
    ASSERT_EQ(copied.status, 0) << name << copied.err;
    ++tried;
  }
  EXPECT_GT(tried, 55U);
  const Profile open_profile = open();
  const Store store = must(open_profile.open_store("s", false));
  for (const auto& record : listed) {
    const std::string name = record["key"];
    const auto copy = must(store.get("copy of " + name));
    if (!copy) continue;
    EXPECT_EQ(copy, must(store.get(name))) << name;
  }
}

TEST_F(CliTest, BlobsAndJsonComeFromFiles) {
  const std::string bytes("\0\xFF\n", 3);
  std::ofstream(files().file("blob"), std::ios::binary) << bytes;
  set("b", "blob", "@" + files().file("blob"));
  EXPECT_EQ(kist({"get", profile(), "s", "b", "--raw"}).out, bytes);
  EXPECT_EQ(kist({"get", profile(), "s", "b"}).out, "base64:AP8K\n");
  std::ofstream(files().file("json")) << "[1, 2]";
  set("j", "json", "@" + files().file("json"));
  EXPECT_EQ(kist({"get", profile(), "s", "j"}).out, "[1, 2]\n");
  const Outcome missing = kist({"set", profile(), "s", "b", "--type", "blob", "@/no/such/file"});
  EXPECT_EQ(missing.status, 3);
  EXPECT_TRUE(missing.err.contains("/no/such/file"));
}

TEST_F(CliTest, RefusesTextOfAnotherType) {
  set("k", "u64", "1");
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"bool", "yes"},
      {"u64", "-1"},
      {"u64", "18446744073709551616"},
      {"u64", ""},
      {"i64", "1.5"},
      {"i64", "9223372036854775808"},
      {"f64", "1,5"},
      {"f64", "0x7ff8"},
      {"instant", "yesterday"},
      {"instant", "2026-02-30T00:00:00Z"},
      {"instant", "2026-02-03T24:00:00Z"},
      {"instant", "2026-2-3T00:00:00Z"},
      {"uuid", "00112233445566778899aabbccddeeff"},
      {"uuid", "0011223-34455-6677-8899-aabbccddeeff"},
      {"uuid", "g0112233-4455-6677-8899-aabbccddeeff"},
      {"json", "{"},
      {"json", "nul"},
      {"blob", "plain"},
      {"blob", "hex:0"},
      {"blob", "hex:0g"},
      {"blob", "base64:A"},
      {"blob", "base64:AP9="},
      {"blob", "base64:A==="},
      {"string", "\xFF"}};
  for (const auto& [type, text] : bad) {
    const Outcome refused = kist({"set", "--type", type, "--", profile(), "s", "k", text});
    EXPECT_EQ(refused.status, 3) << type << " " << text;
    EXPECT_TRUE(refused.err.starts_with("kist: ")) << refused.err;
  }
  EXPECT_EQ(kist({"get", profile(), "s", "k"}).out, "1\n");
}

TEST_F(CliTest, ListsStoresAndRanges) {
  set("a", "u64", "1");
  set("ab", "u64", "2");
  set("b", "u64", "3");
  kist({"set", "--create", profile(), "empty", "k", "v"});
  kist({"delete", profile(), "empty", "k"});
  EXPECT_EQ(kist({"list", profile()}).out, "empty\t0\ns\t3\n");
  EXPECT_EQ(json::parse(kist({"list", profile(), "--json"}).out),
            json::parse(R"([{"store":"empty","records":0},{"store":"s","records":3}])"));
  EXPECT_EQ(kist({"list", profile(), "s", "--keys"}).out, "a\nab\nb\n");
  EXPECT_EQ(kist({"list", profile(), "s", "--keys", "--prefix", "a"}).out, "a\nab\n");
  EXPECT_EQ(kist({"list", profile(), "s", "--keys", "--from", "ab", "--to", "b"}).out, "ab\n");
  EXPECT_EQ(kist({"list", profile(), "s", "--keys", "--reverse", "--limit", "2"}).out, "b\nab\n");
  EXPECT_EQ(json::parse(kist({"list", profile(), "s", "--limit", "1", "--json"}).out),
            json::parse(R"([{"key":"a","type":"u64","value":1}])"));
  EXPECT_EQ(kist({"list", profile(), "empty", "--json"}).out, "[]\n");
  EXPECT_EQ(kist({"list", profile(), "empty"}).out, "");
}

TEST_F(CliTest, LongValuesAreCutAndOddBytesEscaped) {
  set("long", "string", std::string(200, 'x'));
  set("lines", "string", "a\nb\\c");
  EXPECT_EQ(kist({"list", profile(), "s"}).out,
            "lines\tstring\ta\\nb\\\\c\n"
            "long\tstring\t" +
                std::string(120, 'x') + "... (200 bytes)\n");
  EXPECT_TRUE(kist({"list", profile(), "s", "--full"}).out.contains(std::string(200, 'x') + "\n"));
}

TEST_F(CliTest, KeysMayBeHexadecimal) {
  EXPECT_EQ(kist({"--hex-keys", "set", "--create", profile(), "s", "00ff", "v"}).status, 0);
  EXPECT_EQ(kist({"--hex-keys", "get", profile(), "s", "00FF"}).out, "v\n");
  EXPECT_EQ(kist({"list", profile(), "s"}).out, "\\x00\\xff\tstring\tv\n");
  EXPECT_EQ(kist({"list", profile(), "s", "--hex-keys", "--prefix", "00"}).out,
            "00ff\tstring\tv\n");
  EXPECT_EQ(json::parse(kist({"list", profile(), "s", "--json"}).out),
            json::parse(R"([{"key_hex":"00ff","type":"string","value":"v"}])"));
  EXPECT_EQ(kist({"--hex-keys", "get", profile(), "s", "0"}).status, 3);
}

TEST_F(CliTest, CreatesOnlyWhenAskedTo) {
  const Outcome no_file = kist({"set", profile(), "s", "k", "v"});
  EXPECT_EQ(no_file.status, 3);
  EXPECT_TRUE(no_file.err.contains("--create")) << no_file.err;
  for (const char* command : {"list", "stat", "check"}) {
    EXPECT_EQ(kist({command, profile()}).status, 3) << command;
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory()));
  set("k", "string", "v");
  EXPECT_EQ(kist({"set", profile(), "other", "k", "v"}).status, 3);
  EXPECT_EQ(kist({"list", profile()}).out, "s\t1\n");
  EXPECT_EQ(kist({"get", profile(), "other", "k"}).status, 3);
  EXPECT_EQ(kist({"delete", profile(), "other", "k"}).status, 3);
  EXPECT_EQ(kist({"set", "--create", profile() + "/a/b", "s", "k", "v"}).status, 0);
  EXPECT_EQ(kist({"check", profile() + "/a/b"}).status, 0);
}

TEST_F(CliTest, ErrorsAreJsonWhenAskedFor) {
  const Outcome failed = kist({"--json", "get", profile() + "/none", "s", "k"});
  EXPECT_EQ(failed.status, 3);
  EXPECT_EQ(failed.out, "");
  const json error = json::parse(failed.err)["error"];
  EXPECT_EQ(error["code"], 20);
  EXPECT_EQ(error["name"], "not_found");
  EXPECT_TRUE(error["message"].get<std::string>().contains("/none"));
}

TEST_F(CliTest, WrongUsageIsAStatusOfItsOwn) {
  EXPECT_EQ(kist({}).status, 2);
  EXPECT_EQ(kist({"frobnicate"}).status, 2);
  EXPECT_EQ(kist({"get", profile()}).status, 2);
  EXPECT_EQ(kist({"set", profile(), "s", "k", "v", "--type", "float"}).status, 2);
  EXPECT_EQ(kist({"list", profile(), "--prefix", "a"}).status, 2);
  EXPECT_EQ(kist({"list", profile(), "s", "--limit", "many"}).status, 2);
  EXPECT_EQ(kist({"--help"}).status, 0);
  EXPECT_EQ(kist({"--version"}).status, 0);
}

TEST_F(CliTest, StatAndCheck) {
  set("k", "string", "v");
  const json stat = json::parse(kist({"stat", profile(), "--json"}).out);
  EXPECT_EQ(stat["stores"], 1);
  EXPECT_EQ(stat["page_size"], 4096);
  EXPECT_EQ(stat["file_bytes"], stat["file_pages"].get<std::uint64_t>() * 4096);
  EXPECT_EQ(json::parse(kist({"stat", profile(), "s", "--json"}).out)["records"], 1);
  EXPECT_TRUE(kist({"stat", profile()}).out.contains("page_size        4096\n"));
  EXPECT_EQ(kist({"stat", profile(), "none"}).status, 3);
  const Outcome clean = kist({"check", profile()});
  EXPECT_EQ(clean.status, 0);
  EXPECT_TRUE(clean.out.ends_with("clean\n"));
  EXPECT_EQ(json::parse(kist({"check", profile(), "--json"}).out)["violations"], json::array());
}

TEST_F(CliTest, CheckNamesWhatIsWrong) {
  leave_unchecked();
  set("good", "string", "v");
  {
    const auto database = must(engine::Database::open(data_file().string()));
    auto txn = must(database.write());
    const std::string_view bad("\1\2", 2);
    must(txn.put(must(database.table("s:s")), engine::as_bytes("bad"), engine::as_bytes(bad)));
    must(txn.commit());
  }
  const Outcome checked = kist({"check", profile()});
  EXPECT_EQ(checked.status, 1);
  EXPECT_TRUE(checked.out.contains("store 's' > key 'bad': bool value has payload 0x02"));
  EXPECT_EQ(json::parse(kist({"check", profile(), "--json"}).out)["clean"], false);
  // One bad value does not hide the others.
  EXPECT_TRUE(kist({"list", profile(), "s"}).out.contains("good\tstring\tv\n"));
  EXPECT_EQ(kist({"get", profile(), "s", "bad"}).status, 3);
}

}  // namespace
}  // namespace kist
