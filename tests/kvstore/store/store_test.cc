#include <string>

#include <kist/store.h>

#include "kvstore/codec/value_codec.h"
#include "tests/support/checked_profile.h"
#include "tests/support/golden.h"

namespace kist {
namespace {

using test::code_of;
using test::failed_with;
using test::must;

class StoreTest : public test::ProfileTest {};

TEST_F(StoreTest, PutsGetsAndErases) {
  const Profile profile = open();
  const Store store = must(profile.open_store("prefs"));
  EXPECT_EQ(store.name(), "prefs");
  EXPECT_EQ(must(store.get("a")), std::nullopt);
  EXPECT_FALSE(must(store.has("a")));
  must(store.put("a", ValueView::u64(1)));
  must(store.put("b", Value::string("two")));
  EXPECT_EQ(must(store.get("a")), Value::u64(1));
  EXPECT_EQ(must(store.get("b")), Value::string("two"));
  EXPECT_TRUE(must(store.has("a")));
  EXPECT_EQ(must(store.count()), 2U);
  must(store.put("a", ValueView::string("of another type")));
  EXPECT_EQ(must(store.get<std::string>("a")), "of another type");
  EXPECT_TRUE(must(store.erase("a")));
  EXPECT_FALSE(must(store.erase("a")));
  EXPECT_EQ(must(store.count()), 1U);
  EXPECT_EQ(must(store.clear()), 1U);
  EXPECT_EQ(must(store.count()), 0U);
}

TEST_F(StoreTest, GoldenVectorsComeBackAfterReopening) {
  const auto vectors = test::load_golden("values.json");
  {
    const Profile profile = open();
    const Store store = must(profile.open_store("golden"));
    for (const auto& vector : vectors) {
      const auto bytes = test::from_hex(vector["hex"].get<std::string>());
      must(store.put(vector["name"].get<std::string>(), must(codec::decode_value(bytes))));
    }
  }
  const Profile profile = open();
  const Store store = must(profile.open_store("golden", false));
  EXPECT_EQ(must(store.count()), vectors.size());
  for (const auto& vector : vectors) {
    const auto bytes = test::from_hex(vector["hex"].get<std::string>());
    EXPECT_EQ(must(store.get(vector["name"].get<std::string>())),
              must(codec::decode_value(bytes)).to_value())
        << vector;
  }
}

TEST_F(StoreTest, AWrongTypeNamesKeyAndBothTypes) {
  const Profile profile = open();
  const Store store = must(profile.open_store("prefs"));
  must(store.put("size", ValueView::string("large")));
  EXPECT_TRUE(failed_with(store.get<std::uint64_t>("size"), ErrorCode::kWrongType,
                          "store 'prefs', key 'size': wanted u64, found string"));
  must(store.put("size", ValueView::i64(3)));
  EXPECT_EQ(must(store.get<std::uint64_t>("size")), 3U);
  EXPECT_EQ(must(store.get<std::uint64_t>("absent")), std::nullopt);
}

TEST_F(StoreTest, KeysAreAnyBytes) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const std::string odd("\0\xFF\n'", 4);
  must(store.put(odd, ValueView::boolean(true)));
  EXPECT_EQ(must(store.get<bool>(odd)), true);
  EXPECT_TRUE(failed_with(store.get<double>(odd), ErrorCode::kWrongType,
                          "key '\\x00\\xff\\x0a\\x27': wanted f64"));
  const std::string long_key(5000, 'k');
  EXPECT_EQ(code_of(store.put(long_key, ValueView::boolean(true))), ErrorCode::kKeyTooLong);
  EXPECT_EQ(must(store.count()), 1U);
}

TEST_F(StoreTest, RefusesInvalidValuesAndKeepsTheOld) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("k", ValueView::json("[1]")));
  EXPECT_TRUE(failed_with(store.put("k", ValueView::json("[1,")), ErrorCode::kInvalidJson,
                          "store 's', key 'k': invalid JSON at byte 4"));
  EXPECT_TRUE(failed_with(store.put("k", ValueView::string("\xED\xB2\x80")),
                          ErrorCode::kInvalidText, "key 'k': string is not valid UTF-8 at byte 0"));
  EXPECT_EQ(must(store.get<Json>("k")), Json{"[1]"});
}

TEST_F(StoreTest, LargeValues) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const std::string text(3'000'000, 'x');
  must(store.put("text", ValueView::string(text)));
  must(store.put("blob", ValueView::blob(engine::as_bytes(text))));
  EXPECT_EQ(must(store.get<std::string>("text")), text);
  EXPECT_EQ(must(store.get<Blob>("blob"))->bytes.size(), text.size());
}

TEST_F(StoreTest, CallsAfterCloseGiveClosed) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(profile.close());
  EXPECT_EQ(code_of(store.get("k")), ErrorCode::kClosed);
  EXPECT_EQ(code_of(store.get<bool>("k")), ErrorCode::kClosed);
  EXPECT_EQ(code_of(store.has("k")), ErrorCode::kClosed);
  EXPECT_EQ(code_of(store.count()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(store.iterate()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(store.put("k", ValueView::boolean(true))), ErrorCode::kClosed);
  EXPECT_EQ(code_of(store.erase("k")), ErrorCode::kClosed);
  EXPECT_EQ(code_of(store.clear()), ErrorCode::kClosed);
  EXPECT_EQ(store.name(), "s");
}

TEST_F(StoreTest, AHandleOfAClosedProfileStaysClosedAfterReopening) {
  Profile profile = open();
  const Store old = must(profile.open_store("s"));
  must(profile.close());
  profile = open();
  const Store store = must(profile.open_store("s", false));
  must(store.put("k", ValueView::boolean(true)));
  EXPECT_EQ(code_of(old.get("k")), ErrorCode::kClosed);
  EXPECT_TRUE(failed_with(must(profile.read()).get(old, "k"), ErrorCode::kMisuse,
                          "the store's profile was closed"));
}

TEST_F(StoreTest, EmptyHandlesGiveClosed) {
  const Store store;
  EXPECT_EQ(code_of(store.get("k")), ErrorCode::kClosed);
  EXPECT_EQ(code_of(store.put("k", ValueView::boolean(true))), ErrorCode::kClosed);
  EXPECT_EQ(code_of(store.iterate()), ErrorCode::kClosed);
  EXPECT_EQ(store.name(), "");
  Batch batch;
  EXPECT_EQ(code_of(batch.put(store, "k", ValueView::boolean(true))), ErrorCode::kClosed);
  EXPECT_EQ(code_of(batch.erase(store, "k")), ErrorCode::kClosed);
}

TEST_F(StoreTest, ADroppedStoreIsNamed) {
  const Profile profile = open();
  const Store store = must(profile.open_store("gone"));
  EXPECT_TRUE(must(profile.drop_store("gone")));
  EXPECT_TRUE(failed_with(store.get("k"), ErrorCode::kTableNotFound,
                          "store 'gone' does not exist in " + profile.directory().string()));
  EXPECT_EQ(code_of(store.put("k", ValueView::boolean(true))), ErrorCode::kTableNotFound);
  EXPECT_EQ(code_of(store.count()), ErrorCode::kTableNotFound);
  EXPECT_EQ(code_of(store.iterate()), ErrorCode::kTableNotFound);
  must(profile.open_store("gone"));
  EXPECT_EQ(must(store.count()), 0U);
}

}  // namespace
}  // namespace kist
