#include <string>
#include <vector>

#include <kist/engine/database.h>
#include <kist/store.h>

#include "tests/support/checked_profile.h"

namespace kist {
namespace {

using test::code_of;
using test::failed_with;
using test::must;

class KindsTest : public test::ProfileTest {
 protected:
  /// The numbers of a multi store's i64 values under the keys of a range, in order.
  static std::vector<std::int64_t> numbers(const Store& store, const Range& range = {}) {
    std::vector<std::int64_t> found;
    Iterator iterator = must(store.iterate(range));
    while (must(iterator.next())) found.push_back(must(must(iterator.value()).as<std::int64_t>()));
    return found;
  }
  /// The keys of a store of integers.
  static std::vector<std::int64_t> keys(const Store& store, const Range& range = {}) {
    std::vector<std::int64_t> found;
    Iterator iterator = must(store.iterate(range));
    while (must(iterator.next())) found.push_back(must(iterator.number<std::int64_t>()));
    return found;
  }
};

TEST_F(KindsTest, AMultiStoreKeepsSortedValuesOfAKey) {
  const Profile profile = open();
  const Store store = must(profile.open_store("tags", {.multi = true}));
  EXPECT_TRUE(store.multi());
  for (const std::int64_t number : {1, -1, 256}) must(store.put("a", ValueView::i64(number)));
  must(store.put("a", ValueView::i64(1)));
  must(store.put("b", ValueView::i64(7)));
  EXPECT_EQ(must(store.count()), 4U);
  EXPECT_EQ(must(store.count({.key = "a"})), 3U);
  // By their encodings, as in rkv.
  EXPECT_EQ(numbers(store, {.key = "a"}), (std::vector<std::int64_t>{256, 1, -1}));
  EXPECT_EQ(numbers(store, {.reverse = true}), (std::vector<std::int64_t>{7, -1, 1, 256}));
  EXPECT_EQ(numbers(store, {.reverse = true, .key = "a"}), (std::vector<std::int64_t>{-1, 1, 256}));
  EXPECT_EQ(numbers(store, {.limit = 2}), (std::vector<std::int64_t>{256, 1}));
  EXPECT_EQ(must(store.get<std::int64_t>("a")), 256);
  EXPECT_TRUE(must(store.erase("a", ValueView::i64(1))));
  EXPECT_FALSE(must(store.erase("a", ValueView::i64(1))));
  EXPECT_EQ(numbers(store, {.key = "a"}), (std::vector<std::int64_t>{256, -1}));
  EXPECT_TRUE(must(store.erase("a")));
  EXPECT_EQ(numbers(store), (std::vector<std::int64_t>{7}));
}

TEST_F(KindsTest, ValuesOfAMultiStoreHaveAnyTypeAndSize) {
  const Profile profile = open();
  const Store store = must(profile.open_store("m", {.multi = true}));
  const std::string large(100'000, 'x');
  must(store.put("k", ValueView::string(large)));
  must(store.put("k", ValueView::boolean(true)));
  must(store.put("k", ValueView::string("x")));
  EXPECT_EQ(must(store.count()), 3U);
  EXPECT_TRUE(must(store.erase("k", ValueView::string(large))));
  EXPECT_EQ(must(store.count()), 2U);
}

TEST_F(KindsTest, IntegerKeysOfEveryWidthAreInNumericOrder) {
  const Profile profile = open();
  for (const KeyType type : {KeyType::kI8, KeyType::kI16, KeyType::kI32, KeyType::kI64}) {
    const Store store = must(profile.open_store(type_name(type), {.keys = type}));
    for (const int key : {5, -128, 127, 0, -1}) must(store.put(key, ValueView::i64(key)));
    EXPECT_EQ(keys(store), (std::vector<std::int64_t>{-128, -1, 0, 5, 127}));
    EXPECT_EQ(keys(store, {.from = -1, .to = 127, .reverse = true}),
              (std::vector<std::int64_t>{5, 0, -1}));
    EXPECT_EQ(must(store.get<std::int64_t>(-128)), -128);
    EXPECT_EQ(must(store.count({.to = 0})), 2U);
    EXPECT_EQ(must(store.erase_range({.from = 0})), 3U);
    EXPECT_EQ(keys(store), (std::vector<std::int64_t>{-128, -1}));
  }
  for (const KeyType type : {KeyType::kU8, KeyType::kU16, KeyType::kU32, KeyType::kU64}) {
    const Store store = must(profile.open_store(type_name(type), {.keys = type}));
    for (const unsigned key : {200U, 0U, 1U, 255U}) must(store.put(key, ValueView::u64(key)));
    EXPECT_EQ(keys(store), (std::vector<std::int64_t>{0, 1, 200, 255}));
    EXPECT_EQ(code_of(store.put(-1, ValueView::u64(1))), ErrorCode::kOutOfRange);
  }
  const Store wide = must(profile.open_store("u64", {.keys = KeyType::kU64}));
  must(wide.put(~std::uint64_t{0}, ValueView::u64(1)));
  Iterator iterator = must(wide.iterate({.reverse = true}));
  ASSERT_TRUE(must(iterator.next()));
  EXPECT_EQ(must(iterator.number<std::uint64_t>()), ~std::uint64_t{0});
  EXPECT_EQ(code_of(iterator.number<std::int64_t>()), ErrorCode::kOutOfRange);
}

TEST_F(KindsTest, AMultiIntegerStore) {
  const Profile profile = open();
  const Store store = must(profile.open_store("m", {.multi = true, .keys = KeyType::kU32}));
  must(store.put(7, ValueView::i64(1)));
  must(store.put(7, ValueView::i64(2)));
  must(store.put(8, ValueView::i64(3)));
  EXPECT_EQ(numbers(store, {.key = 7}), (std::vector<std::int64_t>{1, 2}));
  EXPECT_TRUE(must(store.erase(7, ValueView::i64(1))));
  EXPECT_EQ(must(store.count({.key = 7})), 1U);
  EXPECT_EQ(must(store.clear()), 2U);
}

TEST_F(KindsTest, KeysOfAnotherTypeAreRefused) {
  const Profile profile = open();
  const Store text = must(profile.open_store("text"));
  const Store numbers = must(profile.open_store("numbers", {.keys = KeyType::kU8}));
  EXPECT_TRUE(failed_with(text.get(1), ErrorCode::kWrongKind,
                          "store 'text': the keys are bytes, the key given is the number 1"));
  EXPECT_EQ(code_of(text.put(1, ValueView::u64(1))), ErrorCode::kWrongKind);
  EXPECT_TRUE(failed_with(numbers.get("one"), ErrorCode::kWrongKind,
                          "store 'numbers': the keys are of type u8"));
  EXPECT_TRUE(failed_with(numbers.has(256), ErrorCode::kOutOfRange, "256 does not fit"));
  EXPECT_EQ(code_of(numbers.iterate({.prefix = "a"})), ErrorCode::kWrongKind);
  EXPECT_EQ(code_of(numbers.count({.from = "a"})), ErrorCode::kWrongKind);
  EXPECT_EQ(code_of(numbers.erase_range({.to = -1})), ErrorCode::kOutOfRange);
  must(numbers.put(200, ValueView::string("x")));
  EXPECT_TRUE(failed_with(numbers.get<bool>(200), ErrorCode::kWrongType,
                          "store 'numbers', key 200: wanted bool, found string"));
  Iterator iterator = must(text.iterate());
  EXPECT_EQ(code_of(iterator.number<std::int64_t>()), ErrorCode::kWrongKind);
}

TEST_F(KindsTest, AKindIsForEverAndAHandleOfAnotherKindFindsNothing) {
  const Profile profile = open();
  const Store bytes = must(profile.open_store("s", {.keys = KeyType::kU16}));
  must(bytes.put(1, ValueView::u64(1)));
  EXPECT_EQ(code_of(profile.open_store("s", {.keys = KeyType::kI16})), ErrorCode::kWrongKind);
  EXPECT_EQ(code_of(profile.open_store("s", {.multi = true, .keys = KeyType::kU16})),
            ErrorCode::kWrongKind);
  EXPECT_TRUE(must(profile.drop_store("s")));
  const Store signed_keys = must(profile.open_store("s", {.keys = KeyType::kI16}));
  must(signed_keys.put(-1, ValueView::u64(1)));
  EXPECT_EQ(code_of(bytes.get(1)), ErrorCode::kTableNotFound);
  const auto stores = must(profile.stores());
  ASSERT_EQ(stores.size(), 1U);
  EXPECT_EQ(stores[0].kind, StoreKind::kInteger);
  EXPECT_EQ(stores[0].keys, KeyType::kI16);
  EXPECT_EQ(must(profile.store_stats("s")).records, 1U);
}

TEST_F(KindsTest, RangesAreCountedAndErasedByTheirBorders) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  for (const char* key : {"a", "b/1", "b/2", "b\xFF", "c", "\xFF\xFF"}) {
    must(store.put(key, ValueView::boolean(true)));
  }
  EXPECT_EQ(must(store.count({.prefix = "b/"})), 2U);
  EXPECT_EQ(must(store.count({.prefix = "b", .limit = 2})), 2U);
  EXPECT_EQ(must(store.count({.from = "b/2", .to = "c"})), 2U);
  EXPECT_EQ(must(store.count({.from = "c", .to = "b"})), 0U);
  EXPECT_EQ(must(store.count({.prefix = "\xFF"})), 1U);
  EXPECT_EQ(must(store.count({.key = "b"})), 0U);
  EXPECT_EQ(must(store.erase_range({.from = "c", .to = "b"})), 0U);
  EXPECT_EQ(code_of(store.erase_range({.limit = 1})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(must(store.erase_range({.from = "b/2", .prefix = "b/"})), 1U);
  EXPECT_EQ(must(store.erase_range({.prefix = "b"})), 2U);
  EXPECT_EQ(must(store.erase_range({.key = "a"})), 1U);
  EXPECT_EQ(must(store.erase_range({})), 2U);
}

TEST_F(KindsTest, DefaultsStandInForWhatIsAbsentOnly) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  EXPECT_EQ(must(store.get_or<std::string>("theme", "light")), "light");
  must(store.put("theme", ValueView::string("dark")));
  EXPECT_EQ(must(store.get_or<std::string>("theme", "light")), "dark");
  EXPECT_EQ(code_of(store.get_or<bool>("theme", false)), ErrorCode::kWrongType);
  const Reader reader = must(profile.read());
  EXPECT_EQ(must(reader.get_or<std::uint64_t>(store, "size", 3)), 3U);
}

TEST_F(KindsTest, CheckFindsKeysOfAnotherWidth) {
  leave_unchecked();
  {
    const Profile profile = open();
    must(must(profile.open_store("s", {.keys = KeyType::kU16})).put(1, ValueView::boolean(true)));
  }
  {
    engine::Database database = must(engine::Database::open(data_file().string()));
    engine::WriteTxn txn = must(database.write());
    must(txn.put(must(database.table("i2:s")), engine::as_bytes("xyz"),
                 engine::as_bytes(std::string_view("\1\1", 2))));
    must(txn.commit());
  }
  const Profile profile = open();
  const auto report = must(profile.check());
  ASSERT_EQ(report.violations.size(), 1U);
  EXPECT_EQ(report.violations[0].where, "store 's' > key 'xyz'");
  EXPECT_EQ(report.violations[0].what, "has 3 bytes, a key of type u16 has 2");
  const Store store = must(profile.open_store("s", {.keys = KeyType::kU16}));
  Iterator iterator = must(store.iterate({.reverse = true}));
  ASSERT_TRUE(must(iterator.next()));
  EXPECT_EQ(code_of(iterator.number<std::uint64_t>()), ErrorCode::kBadValue);
}

}  // namespace
}  // namespace kist
