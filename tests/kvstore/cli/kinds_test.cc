// Stores of every kind at the command line.

#include <string>

#include <nlohmann/json.hpp>

#include "tests/kvstore/cli/cli_fixture.h"
#include "tests/support/checked_profile.h"

namespace kist {
namespace {

using nlohmann::json;
using test::CliTest;
using test::must;

class CliKindsTest : public CliTest {
 protected:
  /// Stores a value in store `n`, whose keys are of that type.
  int set_number(std::string_view keys, std::string_view key, std::string_view value) const {
    return kist({"set", "--create", "--keys", keys, "--", profile(), "n", key, value}).status;
  }
};

TEST_F(CliKindsTest, IntegerKeysAreNumbersInNumericOrder) {
  for (const char* key : {"5", "-128", "127", "-1"}) EXPECT_EQ(set_number("i8", key, key), 0);
  EXPECT_EQ(kist({"list", profile(), "n"}).out,
            "-128\tstring\t-128\n-1\tstring\t-1\n5\tstring\t5\n127\tstring\t127\n");
  EXPECT_EQ(kist({"list", profile(), "n", "--keys", "--from=-1", "--to", "127", "--reverse"}).out,
            "5\n-1\n");
  EXPECT_EQ(kist({"get", "--", profile(), "n", "-1"}).out, "-1\n");
  // What is there is known: nothing needs to say again what its keys are.
  EXPECT_EQ(kist({"set", profile(), "n", "6", "six"}).status, 0);
  EXPECT_EQ(json::parse(kist({"--json", "get", profile(), "n", "6"}).out),
            json::parse(R"({"key":6,"type":"string","value":"six"})"));
  EXPECT_EQ(kist({"--hex-keys", "list", profile(), "n", "--keys", "--limit", "2"}).out, "00\n7f\n");
  EXPECT_EQ(kist({"--hex-keys", "get", profile(), "n", "7f"}).out, "-1\n");
  EXPECT_EQ(kist({"delete", "--", profile(), "n", "6", "-128"}).status, 0);
  EXPECT_EQ(kist({"delete", "--", profile(), "n", "6"}).status, 1);
  EXPECT_EQ(kist({"list", profile()}).out, "n\t3\tsingle i8\n");
  const Store store = must(open().open_store("n", {.create = false, .keys = KeyType::kI8}));
  EXPECT_EQ(must(store.get<std::string>(-1)), "-1");
}

TEST_F(CliKindsTest, TheLargestUnsignedNumber) {
  EXPECT_EQ(set_number("u64", "18446744073709551615", "most"), 0);
  EXPECT_EQ(kist({"list", profile(), "n", "--keys"}).out, "18446744073709551615\n");
  const json listed = json::parse(kist({"--json", "list", profile(), "n"}).out);
  EXPECT_EQ(listed[0]["key"], ~std::uint64_t{0});
}

TEST_F(CliKindsTest, KeysOfAnotherTypeAreErrors) {
  EXPECT_EQ(set_number("u8", "1", "v"), 0);
  for (const char* key : {"256", "-1", "one", "1.0", ""}) {
    EXPECT_EQ(kist({"get", "--", profile(), "n", key}).status, 3) << key;
    EXPECT_EQ(set_number("u8", key, "v"), 3) << key;
  }
  EXPECT_EQ(set_number("u16", "1", "v"), 3);
  EXPECT_EQ(kist({"set", "--multi", profile(), "n", "1", "v"}).status, 3);
  EXPECT_EQ(kist({"list", profile(), "n", "--prefix", "1"}).status, 3);
  EXPECT_EQ(kist({"--hex-keys", "get", profile(), "n", "0001"}).status, 3);
  EXPECT_EQ(kist({"set", "--create", "--keys", "u128", profile(), "m", "1", "v"}).status, 2);
  EXPECT_EQ(kist({"list", profile(), "n", "--keys"}).out, "1\n");
}

TEST_F(CliKindsTest, MultiStoresKeepSortedValues) {
  for (const char* value : {"b", "a", "b"}) {
    EXPECT_EQ(kist({"set", "--create", "--multi", profile(), "m", "k", value}).status, 0);
  }
  EXPECT_EQ(kist({"set", profile(), "m", "k", "7", "--type", "u64"}).status, 0);
  EXPECT_EQ(kist({"get", profile(), "m", "k"}).out, "7\na\nb\n");
  EXPECT_EQ(kist({"get", "--raw", profile(), "m", "k"}).out, "7");
  const json all = json::parse(kist({"--json", "get", profile(), "m", "k"}).out);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1], json::parse(R"({"key":"k","type":"string","value":"a"})"));
  EXPECT_EQ(kist({"get", profile(), "m", "none"}).status, 1);
  EXPECT_EQ(kist({"--json", "get", profile(), "m", "none"}).out, "[]\n");
  EXPECT_EQ(kist({"list", profile(), "m"}).out, "k\tu64\t7\nk\tstring\ta\nk\tstring\tb\n");
  EXPECT_EQ(kist({"delete", profile(), "m", "k", "--value", "a"}).status, 0);
  EXPECT_EQ(kist({"delete", profile(), "m", "k", "--value", "a"}).status, 1);
  EXPECT_EQ(kist({"delete", profile(), "m", "k", "--value", "7", "--type", "u64"}).status, 0);
  EXPECT_EQ(kist({"get", profile(), "m", "k"}).out, "b\n");
  EXPECT_EQ(json::parse(kist({"--json", "list", profile()}).out),
            json::parse(R"([{"store":"m","records":1,"kind":"multi"}])"));
  EXPECT_EQ(kist({"delete", profile(), "m", "k"}).status, 0);
  EXPECT_EQ(kist({"list", profile(), "m"}).out, "");
  EXPECT_EQ(kist({"delete", profile(), "m", "k", "--type", "u64"}).status, 2);
}

TEST_F(CliKindsTest, MultiIntegerStores) {
  const auto set = [&](const char* key, const char* value) {
    return kist({"set", "--create", "--multi", "--keys", "i32", "--", profile(), "n", key, value})
        .status;
  };
  EXPECT_EQ(set("-7", "b"), 0);
  EXPECT_EQ(set("-7", "a"), 0);
  EXPECT_EQ(set("8", "c"), 0);
  EXPECT_EQ(kist({"list", profile(), "n"}).out, "-7\tstring\ta\n-7\tstring\tb\n8\tstring\tc\n");
  EXPECT_EQ(kist({"list", profile()}).out, "n\t3\tmulti i32\n");
  EXPECT_EQ(kist({"delete", "--", profile(), "n", "-7"}).status, 0);
  EXPECT_EQ(kist({"list", profile(), "n", "--keys"}).out, "8\n");
}

}  // namespace
}  // namespace kist
