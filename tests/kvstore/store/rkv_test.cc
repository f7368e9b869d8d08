// What rkv's own tests and its issues show of its behaviour, and what they show to be wrong with
// it.

#include <string>
#include <thread>
#include <vector>

#include <kist/manager.h>

#include "tests/support/checked_profile.h"

namespace kist {
namespace {

using test::code_of;
using test::failed_with;
using test::must;

class RkvTest : public test::ProfileTest {
 protected:
  static std::vector<std::string> texts(const Store& store, const Range& range = {}) {
    std::vector<std::string> found;
    Iterator iterator = must(store.iterate(range));
    while (must(iterator.next())) {
      found.push_back(std::string(iterator.key()) + "=" +
                      must(must(iterator.value()).as<std::string>()));
    }
    return found;
  }
};

TEST_F(RkvTest, TheManagerGivesTheSameEnvironmentForAPath) {
  const Profile a = open();
  const Profile b = open();
  EXPECT_EQ(Manager::instance().open_profiles(), 1U);
  must(must(a.open_store("s")).put("k", ValueView::string("v")));
  EXPECT_EQ(must(must(b.open_store("s", false)).get<std::string>("k")), "v");
}

TEST_F(RkvTest, AStoreThatIsNotThereIsAnErrorUnlessItIsToBeMade) {
  const Profile profile = open();
  EXPECT_EQ(code_of(profile.open_store("s", false)), ErrorCode::kTableNotFound);
  must(profile.open_store("s"));
  must(profile.open_store("s", false));
}

TEST_F(RkvTest, AReaderGoesOnWithWhatItBeganWith) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("k", ValueView::string("old")));
  const Reader reader = must(profile.read());
  must(store.put("k", ValueView::string("new")));
  must(store.put("l", ValueView::string("new")));
  EXPECT_EQ(must(reader.get<std::string_view>(store, "k")), "old");
  EXPECT_EQ(must(reader.get(store, "l")), std::nullopt);
  EXPECT_EQ(must(store.get<std::string>("k")), "new");
}

TEST_F(RkvTest, AWriterSeesItsChangesAndNobodyElseDoes) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  {
    Writer writer = must(profile.write());
    must(writer.put(store, "k", ValueView::string("v")));
    EXPECT_EQ(must(writer.get<std::string_view>(store, "k")), "v");
    EXPECT_EQ(must(store.get("k")), std::nullopt);
  }
  // Dropped, it has done nothing.
  EXPECT_EQ(must(store.get("k")), std::nullopt);
}

TEST_F(RkvTest, ValuesOfEveryTypeAreThereAfterReopening) {
  const std::string text("h\0llo \xF0\x9F\x98\x80", 10);
  Uuid uuid;
  for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
    uuid.bytes[i] = static_cast<std::uint8_t>(0xF0 + i);
  }
  const std::vector<Value> values = {
      Value::boolean(true), Value::u64(~std::uint64_t{0}),     Value::i64(-1),
      Value::f64(-0.0),     Value::instant({-1'234}),          Value::uuid(uuid),
      Value::string(text),  Value::json("{\"a\": [1, null]}"), Value::blob({0, 255, 0})};
  {
    const Profile profile = open();
    const Store store = must(profile.open_store("s", {.keys = KeyType::kU32}));
    for (std::size_t i = 0; i < values.size(); ++i) must(store.put(i, values[i]));
    must(profile.close());
  }
  const Profile profile = open();
  const Store store = must(profile.open_store("s", {.create = false, .keys = KeyType::kU32}));
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(must(store.get(i)), values[i]);
  // rkv writes UUIDs and cannot read them back.
  EXPECT_EQ(must(store.get<Uuid>(5)), uuid);
}

TEST_F(RkvTest, SortedDuplicatesAreDeletedExactly) {
  const Profile profile = open();
  const Store store = must(profile.open_store("m", {.multi = true}));
  for (const char* value : {"hola!", "hello!", "hi"}) {
    must(store.put("a", ValueView::string(value)));
    must(store.put("b", ValueView::string(value)));
  }
  // By their encodings: the length comes first.
  EXPECT_EQ(texts(store, {.key = "a"}), (std::vector<std::string>{"a=hi", "a=hola!", "a=hello!"}));
  EXPECT_TRUE(must(store.erase("a", ValueView::string("hola!"))));
  EXPECT_FALSE(must(store.erase("a", ValueView::string("hola!"))));
  EXPECT_EQ(texts(store, {.key = "a"}), (std::vector<std::string>{"a=hi", "a=hello!"}));
  EXPECT_EQ(must(store.count({.key = "b"})), 3U);
  EXPECT_EQ(must(store.get<std::string>("a")), "hi");
  EXPECT_TRUE(must(store.erase("a")));
  EXPECT_EQ(must(store.get("a")), std::nullopt);
}

TEST_F(RkvTest, DeletesTellWhetherThereWasSomething) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  EXPECT_FALSE(must(store.erase("k")));
  must(store.put("k", ValueView::string("v")));
  EXPECT_TRUE(must(store.erase("k")));
  EXPECT_FALSE(must(store.erase("k")));
}

TEST_F(RkvTest, IterationFromAKeyToTheEndAndBackward) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  for (const char* key : {"bar", "baz", "foo", "h\xC3\xA9llo"}) {
    must(store.put(key, ValueView::string("v")));
  }
  EXPECT_TRUE(texts(store, {.from = "moo"}).empty());
  EXPECT_EQ(texts(store, {.from = "f"}), (std::vector<std::string>{"foo=v", "h\xC3\xA9llo=v"}));
  EXPECT_EQ(texts(store, {.prefix = "ba", .reverse = true}),
            (std::vector<std::string>{"baz=v", "bar=v"}));
}

TEST_F(RkvTest, OneWriterChangesManyStores) {
  const Profile profile = open();
  const Store a = must(profile.open_store("a"));
  const Store b = must(profile.open_store("b", {.multi = true}));
  must(profile.write([&](Writer& writer) -> Result<void> {
    KIST_TRY(writer.put(a, "k", ValueView::string("1")));
    KIST_TRY(writer.put(b, "k", ValueView::string("2")));
    KIST_TRY(writer.put(b, "k", ValueView::string("3")));
    return {};
  }));
  EXPECT_EQ(must(profile.read([&](Reader& reader) { return reader.count(b); })), 2U);
  must(a.clear());
  EXPECT_EQ(must(b.count()), 2U);
}

TEST_F(RkvTest, StoresWithoutLimitOfTheirNumber) {
  const Profile profile = open({.durability = Durability::kRelaxed});
  for (int i = 0; i < 200; ++i) must(profile.open_store("store " + std::to_string(i)));
  EXPECT_EQ(must(profile.stores()).size(), 200U);
}

TEST_F(RkvTest, AFailedCommitIsNotVisible) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const Store gone = must(profile.open_store("gone"));
  must(profile.drop_store("gone"));
  EXPECT_EQ(code_of(profile.write([&](Writer& writer) -> Result<void> {
              KIST_TRY(writer.put(store, "k", ValueView::string("v")));
              return writer.put(gone, "k", ValueView::string("v"));
            })),
            ErrorCode::kTableNotFound);
  EXPECT_EQ(must(store.get("k")), std::nullopt);
  EXPECT_EQ(must(must(profile.read()).count(store)), 0U);
}

class ConcurrentRkvTest : public RkvTest {};

// rkv's SafeMode loses keys here: each of its writers rewrites the file from its own copy.
TEST_F(ConcurrentRkvTest, FourThreadsOfFiveHundredPutsKeepAllKeys) {
  const Profile profile = open({.durability = Durability::kRelaxed});
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      const Profile mine = open({.durability = Durability::kRelaxed});
      const Store store = must(mine.open_store("s"));
      for (int i = 0; i < 500; ++i) {
        must(store.put(std::to_string(thread * 500 + i), ValueView::i64(i)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Store store = must(profile.open_store("s"));
  EXPECT_EQ(must(store.count()), 2000U);
  for (int i = 0; i < 2000; ++i) {
    EXPECT_EQ(must(store.get<std::int64_t>(std::to_string(i))), i % 500);
  }
}

}  // namespace
}  // namespace kist
