#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <kist/transaction.h>

#include "tests/support/checked_profile.h"
#include "tests/support/random.h"

namespace kist {
namespace {

using test::code_of;
using test::must;

using Keys = std::vector<std::string>;

Keys keys_of(Iterator iterator) {
  Keys keys;
  while (must(iterator.next())) keys.emplace_back(iterator.key());
  EXPECT_FALSE(must(iterator.next()));
  EXPECT_EQ(iterator.key(), "");
  EXPECT_EQ(code_of(iterator.value()), ErrorCode::kCursorInvalid);
  return keys;
}

class IteratorTest : public test::ProfileTest {
 protected:
  static void fill(const Profile& profile, const Store& store, const Keys& keys) {
    Batch batch;
    for (const std::string& key : keys)
      must(batch.put(store, key, ValueView::blob(engine::as_bytes(key))));
    must(profile.apply(batch));
  }
};

TEST_F(IteratorTest, WalksBothWaysWithKeysAndValues) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  EXPECT_EQ(keys_of(must(store.iterate())), Keys());
  EXPECT_EQ(keys_of(must(store.iterate({.reverse = true}))), Keys());
  fill(profile, store, {"b", "a", "c"});
  EXPECT_EQ(keys_of(must(store.iterate())), (Keys{"a", "b", "c"}));
  EXPECT_EQ(keys_of(must(store.iterate({.reverse = true}))), (Keys{"c", "b", "a"}));
  Iterator iterator = must(store.iterate());
  EXPECT_EQ(iterator.key(), "");
  EXPECT_EQ(code_of(iterator.value()), ErrorCode::kCursorInvalid);
  while (must(iterator.next())) {
    EXPECT_EQ(engine::as_text(must(must(iterator.value()).as<BlobView>()).bytes), iterator.key());
  }
}

TEST_F(IteratorTest, RangesAreHalfOpen) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  fill(profile, store, {"a", "b", "ba", "c", "d"});
  for (const bool reverse : {false, true}) {
    const auto visited = [&](Range range) {
      range.reverse = reverse;
      Keys keys = keys_of(must(store.iterate(range)));
      if (reverse) std::ranges::reverse(keys);
      return keys;
    };
    EXPECT_EQ(visited({.from = "b", .to = "d"}), (Keys{"b", "ba", "c"}));
    EXPECT_EQ(visited({.from = "bb", .to = "cc"}), (Keys{"c"}));
    EXPECT_EQ(visited({.from = "c"}), (Keys{"c", "d"}));
    EXPECT_EQ(visited({.to = "b"}), (Keys{"a"}));
    EXPECT_EQ(visited({.to = ""}), Keys());
    EXPECT_EQ(visited({.from = "d", .to = "a"}), Keys());
    EXPECT_EQ(visited({.from = "b", .to = "b"}), Keys());
    EXPECT_EQ(visited({.from = "x"}), Keys());
    EXPECT_EQ(visited({.prefix = "b"}), (Keys{"b", "ba"}));
    EXPECT_EQ(visited({.from = "ba", .prefix = "b"}), (Keys{"ba"}));
    EXPECT_EQ(visited({.to = "ba", .prefix = "b"}), (Keys{"b"}));
    EXPECT_EQ(visited({.from = "c", .prefix = "b"}), Keys());
  }
}

TEST_F(IteratorTest, LimitCountsFromTheStartOfTheWalk) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  fill(profile, store, {"a", "b", "c"});
  EXPECT_EQ(keys_of(must(store.iterate({.limit = 2}))), (Keys{"a", "b"}));
  EXPECT_EQ(keys_of(must(store.iterate({.reverse = true, .limit = 2}))), (Keys{"c", "b"}));
  EXPECT_EQ(keys_of(must(store.iterate({.limit = 0}))), Keys());
  EXPECT_EQ(keys_of(must(store.iterate({.limit = 9}))), (Keys{"a", "b", "c"}));
}

TEST_F(IteratorTest, PrefixesThatEndInFF) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const Keys keys{"a", "a\xFF", "a\xFF\xFF", "a\xFF\xFFz", "b", "\xFF", "\xFF\xFF"};
  fill(profile, store, keys);
  for (const bool reverse : {false, true}) {
    for (const std::string prefix : {"a\xFF", "a\xFF\xFF", "\xFF", "\xFF\xFF", "a"}) {
      Keys expected;
      for (const std::string& key : keys) {
        if (key.starts_with(prefix)) expected.push_back(key);
      }
      if (reverse) std::ranges::reverse(expected);
      EXPECT_EQ(keys_of(must(store.iterate({.prefix = prefix, .reverse = reverse}))), expected);
    }
  }
}

TEST_F(IteratorTest, RandomRangesEqualAMap) {
  test::Random random(test::test_seed("IteratorTest"));
  const auto random_key = [&random] {
    std::string key(1 + random.next() % 3, '\0');
    for (char& c : key) c = "\x01\x02\xFE\xFF"[random.next() % 4];
    return key;
  };
  const Profile profile = open({.page_size = 256});
  const Store store = must(profile.open_store("s"));
  std::map<std::string, int> model;
  for (int i = 0; i < 60; ++i) model[random_key()] = i;
  Keys all;
  for (const auto& [key, unused] : model) all.push_back(key);
  fill(profile, store, all);
  for (int round = 0; round < 2000; ++round) {
    const std::string from = random_key();
    const std::string to = random_key();
    const std::string prefix = random_key().substr(1);
    Range range{.prefix = prefix, .reverse = random.next() % 2 == 0};
    if (random.next() % 2 == 0) range.from = from;
    if (random.next() % 2 == 0) range.to = to;
    if (random.next() % 2 == 0) range.limit = random.next() % 20;
    Keys expected;
    for (const std::string& key : all) {
      if ((!range.from || key >= from) && (!range.to || key < to) && key.starts_with(prefix)) {
        expected.push_back(key);
      }
    }
    if (range.reverse) std::ranges::reverse(expected);
    if (range.limit) expected.resize(std::min<std::size_t>(expected.size(), *range.limit));
    ASSERT_EQ(keys_of(must(store.iterate(range))), expected);
  }
}

TEST_F(IteratorTest, KeepsItsSnapshotAfterReaderAndProfileAreGone) {
  std::optional<Iterator> iterator;
  {
    const Profile profile = open();
    const Store store = must(profile.open_store("s"));
    fill(profile, store, {"a", "b"});
    iterator.emplace(must(must(profile.read()).iterate(store)));
    must(store.clear());
  }
  EXPECT_EQ(keys_of(*std::move(iterator)), (Keys{"a", "b"}));
}

TEST_F(IteratorTest, AWriteMakesTheWritersIteratorInvalid) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  fill(profile, store, {"a", "b", "c"});
  Writer writer = must(profile.write());
  Iterator iterator = must(writer.iterate(store));
  ASSERT_TRUE(must(iterator.next()));
  EXPECT_EQ(iterator.key(), "a");
  must(writer.put(store, "aa", ValueView::u64(1)));
  EXPECT_EQ(code_of(iterator.next()), ErrorCode::kCursorInvalid);
  EXPECT_EQ(code_of(iterator.next()), ErrorCode::kCursorInvalid);
  EXPECT_EQ(keys_of(must(writer.iterate(store))), (Keys{"a", "aa", "b", "c"}));
}

TEST_F(IteratorTest, MovedFromIteratorsGiveClosed) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  Iterator iterator = must(store.iterate());
  const Iterator moved = std::move(iterator);
  EXPECT_EQ(code_of(iterator.next()), ErrorCode::kClosed);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(iterator.key(), "");
}

}  // namespace
}  // namespace kist
