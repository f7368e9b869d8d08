#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <kist/store.h>

#include "tests/support/checked_profile.h"

namespace kist {
namespace {

using test::code_of;
using test::failed_with;
using test::must;

class UpdateTest : public test::ProfileTest {};

TEST_F(UpdateTest, CountersKeepTheirTypeAndTheirRange) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  EXPECT_EQ(must(store.add("n")), Value::i64(1));
  EXPECT_EQ(must(store.add("n", -5)), Value::i64(-4));
  must(store.put("u", ValueView::u64(3)));
  EXPECT_EQ(must(store.add("u", -3)), Value::u64(0));
  EXPECT_TRUE(
      failed_with(store.add("u", -1), ErrorCode::kOutOfRange, "store 's', key 'u': u64 0 plus -1"));
  must(store.put("u", ValueView::u64(~std::uint64_t{0} - 1)));
  EXPECT_EQ(must(store.add("u")), Value::u64(~std::uint64_t{0}));
  EXPECT_EQ(code_of(store.add("u")), ErrorCode::kOutOfRange);
  must(store.put("n", ValueView::i64(std::numeric_limits<std::int64_t>::max())));
  EXPECT_EQ(code_of(store.add("n")), ErrorCode::kOutOfRange);
  must(store.put("t", ValueView::string("1")));
  EXPECT_TRUE(
      failed_with(store.add("t"), ErrorCode::kWrongType, "wanted u64 or i64, found string"));
  EXPECT_EQ(must(store.get<std::string>("t")), "1");
}

TEST_F(UpdateTest, IfAbsent) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  EXPECT_TRUE(must(store.put_if_absent("k", ValueView::u64(1))));
  EXPECT_FALSE(must(store.put_if_absent("k", ValueView::string("2"))));
  EXPECT_EQ(must(store.get<std::uint64_t>("k")), 1U);
}

TEST_F(UpdateTest, CompareAndSetLooksAtTypeAndValue) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  EXPECT_FALSE(must(store.compare_and_set("k", ValueView::u64(1), ValueView::u64(2))));
  EXPECT_TRUE(must(store.compare_and_set("k", std::nullopt, ValueView::u64(1))));
  EXPECT_FALSE(must(store.compare_and_set("k", std::nullopt, ValueView::u64(9))));
  EXPECT_FALSE(must(store.compare_and_set("k", ValueView::i64(1), ValueView::u64(9))));
  EXPECT_TRUE(must(store.compare_and_set("k", ValueView::u64(1), ValueView::string("two"))));
  EXPECT_EQ(must(store.get<std::string>("k")), "two");
  EXPECT_TRUE(must(store.compare_and_set("k", ValueView::string("two"), std::nullopt)));
  EXPECT_FALSE(must(store.has("k")));
  EXPECT_EQ(code_of(store.compare_and_set("k", std::nullopt, ValueView::json("["))),
            ErrorCode::kInvalidJson);
}

TEST_F(UpdateTest, EraseOfAValueLeavesOthers) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("k", ValueView::u64(1)));
  EXPECT_FALSE(must(store.erase("k", ValueView::u64(2))));
  EXPECT_TRUE(must(store.erase("k", ValueView::u64(1))));
}

TEST_F(UpdateTest, AFunctionMakesTheNewValueOrNone) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const Update append =
      [](const std::optional<ValueView>& present) -> Result<std::optional<Value>> {
    if (!present) return Value::string("a");
    KIST_ASSIGN(const std::string_view text, present->as<std::string_view>());
    if (text == "aaa") return std::nullopt;
    return Value::string(std::string(text) + "a");
  };
  EXPECT_EQ(must(store.update("k", append)), Value::string("a"));
  EXPECT_EQ(must(store.update("k", append)), Value::string("aa"));
  EXPECT_EQ(must(store.update("k", append)), Value::string("aaa"));
  EXPECT_EQ(must(store.update("k", append)), std::nullopt);
  EXPECT_FALSE(must(store.has("k")));
  must(store.put("k", ValueView::u64(1)));
  EXPECT_EQ(code_of(store.update("k", append)), ErrorCode::kWrongType);
  EXPECT_EQ(must(store.get<std::uint64_t>("k")), 1U);
}

TEST_F(UpdateTest, OneValueAKeyIsNeeded) {
  const Profile profile = open();
  const Store store = must(profile.open_store("m", {.multi = true}));
  EXPECT_TRUE(failed_with(store.add("k"), ErrorCode::kWrongKind, "store 'm' is a multi store"));
  EXPECT_EQ(code_of(store.update("k", [](const auto&) { return std::nullopt; })),
            ErrorCode::kWrongKind);
  EXPECT_TRUE(must(store.put_if_absent("k", ValueView::u64(1))));
  EXPECT_FALSE(must(store.put_if_absent("k", ValueView::u64(2))));
  EXPECT_TRUE(must(store.compare_and_set("k", ValueView::u64(1), ValueView::u64(2))));
  must(store.put("k", ValueView::u64(3)));
  EXPECT_EQ(code_of(store.compare_and_set("k", ValueView::u64(2), ValueView::u64(4))),
            ErrorCode::kAmbiguous);
}

TEST_F(UpdateTest, AllOfThemWithinAWriterAndAcrossStores) {
  const Profile profile = open();
  const Store a = must(profile.open_store("a"));
  const Store b = must(profile.open_store("b", {.multi = true, .keys = KeyType::kI8}));
  {
    Writer writer = must(profile.write());
    must(writer.add(a, "n", 2));
    must(writer.put(b, 1, ValueView::u64(1)));
  }
  EXPECT_EQ(must(a.count()) + must(b.count()), 0U);
  Writer writer = must(profile.write());
  EXPECT_EQ(must(writer.add(a, "n", 2)), Value::i64(2));
  EXPECT_TRUE(must(writer.put_if_absent(a, "x", ValueView::u64(1))));
  EXPECT_TRUE(must(writer.compare_and_set(a, "x", ValueView::u64(1), ValueView::u64(2))));
  EXPECT_EQ(must(writer.update(a, "x", [](const auto&) { return Value::u64(3); })), Value::u64(3));
  must(writer.put(b, 1, ValueView::u64(1)));
  must(writer.put(b, 1, ValueView::u64(2)));
  must(writer.put(b, 2, ValueView::u64(2)));
  EXPECT_TRUE(must(writer.erase(b, 1, ValueView::u64(1))));
  EXPECT_EQ(must(writer.count(b, {.key = 1})), 1U);
  EXPECT_EQ(must(writer.erase_range(b, {.from = 2})), 1U);
  must(writer.commit());
  EXPECT_EQ(must(a.get<std::uint64_t>("x")), 3U);
  EXPECT_EQ(must(b.count()), 1U);
}

TEST_F(UpdateTest, ClosuresCommitWhatSucceedsAndUndoWhatFails) {
  const Profile profile = open();
  const Store a = must(profile.open_store("a"));
  const Store b = must(profile.open_store("b"));
  const auto move = [&](std::int64_t amount) {
    return profile.write([&](Writer& writer) -> Result<std::int64_t> {
      KIST_TRY(writer.add(a, "n", -amount));
      KIST_ASSIGN(const Value there, writer.add(b, "n", amount));
      if (amount > 10) return fail(ErrorCode::kInvalidArgument, "too much");
      return there.as<std::int64_t>();
    });
  };
  EXPECT_EQ(must(move(3)), 3);
  EXPECT_EQ(code_of(move(11)), ErrorCode::kInvalidArgument);
  const auto sum = must(profile.read([&](Reader& reader) -> Result<std::int64_t> {
    KIST_ASSIGN(const std::int64_t of_a, reader.get_or<std::int64_t>(a, "n", 0));
    KIST_ASSIGN(const std::int64_t of_b, reader.get_or<std::int64_t>(b, "n", 0));
    EXPECT_EQ(of_b, 3);
    return of_a + of_b;
  }));
  EXPECT_EQ(sum, 0);
  EXPECT_EQ(must(a.get<std::int64_t>("n")), -3);
}

TEST_F(UpdateTest, ABatchDoesEverythingInItsOrder) {
  const Profile profile = open();
  const Store a = must(profile.open_store("a"));
  const Store b = must(profile.open_store("b", {.multi = true, .keys = KeyType::kU8}));
  must(a.put("old", ValueView::u64(1)));
  Batch batch;
  must(batch.clear(a));
  must(batch.put(a, "x/1", ValueView::u64(1)));
  must(batch.put(a, "x/2", ValueView::u64(1)));
  must(batch.put(a, "y", ValueView::u64(1)));
  must(batch.erase_range(a, {.prefix = "x/"}));
  must(batch.erase_range(a, {.from = "z", .to = "a"}));
  must(batch.put(b, 1, ValueView::u64(1)));
  must(batch.put(b, 1, ValueView::u64(2)));
  must(batch.erase(b, 1, ValueView::u64(1)));
  EXPECT_EQ(code_of(batch.put(b, 256, ValueView::u64(1))), ErrorCode::kOutOfRange);
  EXPECT_EQ(code_of(batch.erase(b, "x")), ErrorCode::kWrongKind);
  EXPECT_EQ(code_of(batch.erase_range(b, {.limit = 1})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(batch.size(), 9U);
  must(profile.apply(batch));
  EXPECT_EQ(must(a.count()), 1U);
  EXPECT_TRUE(must(a.has("y")));
  EXPECT_EQ(must(b.get<std::uint64_t>(1)), 2U);
  EXPECT_EQ(must(b.count()), 1U);
}

class ConcurrentUpdateTest : public test::ProfileTest {};

TEST_F(ConcurrentUpdateTest, NoneOfManyIsLost) {
  const Profile profile = open({.durability = Durability::kRelaxed});
  const Store store = must(profile.open_store("s"));
  constexpr int kThreads = 4;
  constexpr int kEach = 100;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) must(store.add("n"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(must(store.get<std::int64_t>("n")), kThreads * kEach);
}

}  // namespace
}  // namespace kist
