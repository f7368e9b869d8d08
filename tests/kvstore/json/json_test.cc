// Members and changes of JSON values.

#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <kist/json.h>

#include "tests/support/checked_profile.h"

namespace kist {
namespace {

using nlohmann::json;
using test::code_of;
using test::failed_with;
using test::must;

class JsonTest : public test::ProfileTest {
 protected:
  static std::string member(std::string_view document, std::string_view pointer) {
    return std::string(must(json_member(document, pointer)).value_or("(none)"));
  }
  static std::string patched(std::string_view document, std::string_view patch) {
    return must(json_merge_patch(document, patch));
  }
};

// The examples of RFC 6901, section 5.
TEST_F(JsonTest, PointersOfTheirDescription) {
  constexpr std::string_view kDocument = R"({
      "foo": ["bar", "baz"],
      "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8 })";
  EXPECT_EQ(member(kDocument, ""), kDocument);
  EXPECT_EQ(member(kDocument, "/foo"), R"(["bar", "baz"])");
  EXPECT_EQ(member(kDocument, "/foo/0"), R"("bar")");
  EXPECT_EQ(member(kDocument, "/"), "0");
  EXPECT_EQ(member(kDocument, "/a~1b"), "1");
  EXPECT_EQ(member(kDocument, "/c%d"), "2");
  EXPECT_EQ(member(kDocument, "/e^f"), "3");
  EXPECT_EQ(member(kDocument, "/g|h"), "4");
  EXPECT_EQ(member(kDocument, "/i\\j"), "5");
  EXPECT_EQ(member(kDocument, "/k\"l"), "6");
  EXPECT_EQ(member(kDocument, "/ "), "7");
  EXPECT_EQ(member(kDocument, "/m~0n"), "8");
}

TEST_F(JsonTest, MembersThatAreNotThere) {
  constexpr std::string_view kDocument = R"({"a": [10, {"b": null}], "\u00fc": 1.50, "a2": "x"})";
  for (const char* none : {"/b", "/a/2", "/a/-", "/a/00", "/a/01", "/a/+1", "/a/x", "/a/", "/a/0/0",
                           "/a2/0", "/a/18446744073709551616", "/a/1/b/c"}) {
    EXPECT_EQ(member(kDocument, none), "(none)") << none;
  }
  EXPECT_EQ(member(kDocument, "/a/1/b"), "null");
  EXPECT_EQ(member(kDocument, "/\xC3\xBC"), "1.50") << "exactly as it was written";
  EXPECT_EQ(member(R"({"a":1,"a":2})", "/a"), "2") << "the last counts";
  EXPECT_EQ(member("[]", "/0"), "(none)");
  EXPECT_EQ(member("{}", "/"), "(none)");
  for (const char* wrong : {"a", "a/b", "/~", "/~2", "/a~"}) {
    EXPECT_EQ(code_of(json_member(kDocument, wrong)), ErrorCode::kInvalidArgument) << wrong;
  }
  EXPECT_TRUE(failed_with(json_member(R"({"a" 1})", "/a"), ErrorCode::kInvalidJson, "byte 6"));
  EXPECT_EQ(code_of(json_member("", "")), ErrorCode::kInvalidJson);
}

// The examples of RFC 7386, appendix A, up to spaces.
TEST_F(JsonTest, PatchesOfTheirDescription) {
  const std::vector<std::array<const char*, 3>> examples{
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"a":"foo"})", R"(null)", R"(null)"},
      {R"({"a":"foo"})", R"("bar")", R"("bar")"},
      {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
      {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"}};
  for (const auto& [document, patch, result] : examples) {
    EXPECT_EQ(patched(document, patch), result) << document << " and " << patch;
  }
}

TEST_F(JsonTest, WhatIsNotChangedStaysAsItWasWritten) {
  EXPECT_EQ(patched(R"( {"big": 123456789012345678901234567890, "n" : 1.0E+2, "x": 0} )",
                    R"({"x": 1.50})"),
            R"({"big":123456789012345678901234567890,"n":1.0E+2,"x":1.50})");
  EXPECT_EQ(patched(R"({"\u0061": [ 1 ], "b": 2})", R"({"b": {"c": 3}, "d": {"e": null}})"),
            R"({"\u0061":[ 1 ],"b":{"c":3},"d":{}})");
  EXPECT_EQ(patched(R"({"\u0061": 1})", R"({"a": null})"), "{}") << "names are what they mean";
  EXPECT_EQ(patched(R"({"a":1,"b":0,"a":{"x":1}})", R"({"a":{"y":2}})"),
            R"({"b":0,"a":{"x":1,"y":2}})");
}

TEST_F(JsonTest, WhatIsWrongIsNamedWithItsPosition) {
  EXPECT_TRUE(failed_with(json_merge_patch("{}", R"({"a":})"), ErrorCode::kInvalidJson,
                          "the merge patch: invalid JSON at byte 6"));
  EXPECT_TRUE(failed_with(json_merge_patch("[1,]", "{}"), ErrorCode::kInvalidJson,
                          "the document: invalid JSON at byte 4"));
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += R"({"a":)";
  deep += "1" + std::string(5000, '}');
  EXPECT_EQ(code_of(json_merge_patch("{}", deep)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(patched(deep, R"({"b":1})").size(), deep.size() + 6) << "documents may be deep";
}

/// A document of few names, so that pointers and patches meet what is there.
json random_document(std::mt19937& random, int depth) {
  const auto kind = random() % (depth > 3 ? 4 : 7);
  if (kind == 0) return nullptr;
  if (kind == 1) return random() % 10;
  if (kind == 2) return std::string(random() % 3, '/') + "\xC3\xBC";
  if (kind == 3) return random() % 2 == 0;
  if (kind == 4) {
    json array = json::array();
    for (auto i = random() % 4; i > 0; --i) array.push_back(random_document(random, depth + 1));
    return array;
  }
  json object = json::object();
  constexpr std::array<const char*, 6> kNames{"a", "b", "", "~x", "/", "\xC3\xBC\n\""};
  for (auto i = random() % 5; i > 0; --i) {
    object[kNames[random() % kNames.size()]] = random_document(random, depth + 1);
  }
  return object;
}

// Against a library that builds trees.
TEST_F(JsonTest, AgreesWithTrees) {
  std::mt19937 random(6);
  for (int round = 0; round < 5000; ++round) {
    const json document = random_document(random, 0);
    const json patch = random_document(random, 0);
    const std::string text = document.dump(static_cast<int>(random() % 3) - 1);
    json expected = document;
    expected.merge_patch(patch);
    EXPECT_EQ(json::parse(patched(text, patch.dump(1))), expected)
        << text << " and " << patch.dump();
    const json flat = document.flatten();
    for (const auto& [pointer, value] : flat.items()) {
      if (document.is_primitive()) break;
      const auto found = must(json_member(text, pointer));
      ASSERT_TRUE(found) << pointer << " in " << text;
      const bool empty_one = value.is_null() && *found != "null";  // as flatten() writes [] and {}
      EXPECT_TRUE(empty_one || json::parse(*found) == value) << pointer << " in " << text;
    }
  }
}

TEST_F(JsonTest, OfStoresReadersAndWriters) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("k", ValueView::json(R"({"a":{"b":[1,2]},"c":3})")));
  must(store.put("no json", ValueView::string("{}")));
  EXPECT_EQ(must(get_member(store, "k", "/a/b/1")), Json{"2"});
  EXPECT_EQ(must(get_member(store, "k", "/x")), std::nullopt);
  EXPECT_EQ(must(get_member(store, "none", "")), std::nullopt);
  EXPECT_EQ(code_of(get_member(store, "no json", "")), ErrorCode::kWrongType);
  {
    const Reader reader = must(profile.read());
    EXPECT_EQ(must(merge_patch(store, "k", R"({"a":null,"d":4})")).text, R"({"c":3,"d":4})");
    EXPECT_EQ(must(get_member(reader, store, "k", "/a/b")).value().text, "[1,2]");
    EXPECT_EQ(must(get_member(reader, store, "none", "/a")).has_value(), false);
  }
  EXPECT_EQ(must(merge_patch(store, "new", R"({"a":1,"b":null})")).text, R"({"a":1})");
  EXPECT_EQ(must(store.get<Json>("new")), Json{R"({"a":1})"});
  EXPECT_TRUE(failed_with(merge_patch(store, "k", R"({"c")"), ErrorCode::kInvalidJson, "byte"));
  EXPECT_EQ(code_of(merge_patch(store, "no json", "{}")), ErrorCode::kWrongType);
  EXPECT_EQ(must(store.get<Json>("k")), Json{R"({"c":3,"d":4})"}) << "unchanged by errors";
  {
    Writer writer = must(profile.write());
    must(merge_patch(writer, store, "k", R"({"c":5})"));
    EXPECT_EQ(must(merge_patch(writer, store, "k", R"({"d":null})")).text, R"({"c":5})");
  }
  EXPECT_EQ(must(get_member(store, "k", "/c")), Json{"3"}) << "the writer was aborted";
  const Store multi = must(profile.open_store("m", {.multi = true}));
  EXPECT_EQ(code_of(merge_patch(multi, "k", "{}")), ErrorCode::kWrongKind);
  must(profile.close());
}

}  // namespace
}  // namespace kist
