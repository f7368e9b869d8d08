#include <string>

#include <kist/engine/database.h>
#include <kist/store.h>

#include "tests/support/checked_profile.h"

namespace kist {
namespace {

using engine::as_bytes;
using test::code_of;
using test::failed_with;
using test::must;

class ProfileHandleTest : public test::ProfileTest {
 protected:
  /// The engine beneath an open profile, to write what the store layer would not.
  engine::Database raw() const { return must(engine::Database::open(data_file().string())); }

  void put_raw(std::string_view table, std::string_view key, std::string_view value) const {
    const engine::Database database = raw();
    engine::WriteTxn txn = must(database.write());
    const engine::Table handle = table.empty() ? engine::Table() : must(database.table(table));
    if (!table.empty()) must(txn.create_table(handle, true));
    must(txn.put(handle, as_bytes(key), as_bytes(value)));
    must(txn.commit());
  }
};

TEST_F(ProfileHandleTest, ListsStoresInOrder) {
  const Profile profile = open();
  EXPECT_TRUE(must(profile.stores()).empty());
  for (const char* name : {"prefs", "certs", "\xC3\xA4", "session"}) must(profile.open_store(name));
  std::vector<std::string> names;
  for (const StoreInfo& store : must(profile.stores())) {
    EXPECT_EQ(store.kind, StoreKind::kSingle);
    names.push_back(store.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"certs", "prefs", "session", "\xC3\xA4"}));
}

TEST_F(ProfileHandleTest, OpeningAStoreTwiceFindsIt) {
  const Profile profile = open();
  must(must(profile.open_store("s")).put("k", ValueView::u64(1)));
  const auto before = must(profile.stats()).transaction_id;
  EXPECT_EQ(must(must(profile.open_store("s")).get<std::uint64_t>("k")), 1U);
  EXPECT_EQ(must(profile.stats()).transaction_id, before);
}

TEST_F(ProfileHandleTest, AMissingStoreIsNamed) {
  const Profile profile = open();
  EXPECT_TRUE(failed_with(profile.open_store("none", false), ErrorCode::kTableNotFound, "'none'"));
  EXPECT_TRUE(failed_with(profile.store_stats("none"), ErrorCode::kTableNotFound, "'none'"));
  EXPECT_FALSE(must(profile.drop_store("none")));
}

TEST_F(ProfileHandleTest, NamesOfStoresAreText) {
  const Profile profile = open();
  EXPECT_EQ(code_of(profile.open_store("")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(profile.open_store("\xFF")), ErrorCode::kInvalidText);
  EXPECT_TRUE(failed_with(profile.open_store(std::string(10'000, 'n')), ErrorCode::kInvalidArgument,
                          "10000 bytes"));
  EXPECT_EQ(code_of(profile.drop_store("")), ErrorCode::kInvalidArgument);
  const std::string odd("nul\0 and 'quotes'", 17);
  must(must(profile.open_store(odd)).put("k", ValueView::u64(1)));
  EXPECT_EQ(must(profile.stores()).front().name, odd);
}

TEST_F(ProfileHandleTest, TheLongestNameWorksAtEveryPageSize) {
  const Profile profile = open({.page_size = 256});
  std::size_t longest = 0;
  for (std::size_t size = 1; size < 256; ++size) {
    if (const auto store = profile.open_store(std::string(size, 'n')); store) longest = size;
  }
  EXPECT_GT(longest, 20U);
  EXPECT_EQ(must(profile.stores()).size(), longest);
}

TEST_F(ProfileHandleTest, StatsOfAStore) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("k", ValueView::u64(1)));
  EXPECT_EQ(must(profile.store_stats("s")).records, 1U);
  EXPECT_GT(must(profile.stats()).file_pages, 0U);
}

TEST_F(ProfileHandleTest, CallsAfterCloseGiveClosed) {
  const Profile profile = open();
  must(profile.close());
  EXPECT_EQ(code_of(profile.open_store("s")), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.stores()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.drop_store("s")), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.read()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.write()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.apply(Batch())), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.sync()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.check()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.stats()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.store_stats("s")), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.close()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.close_and_delete()), ErrorCode::kClosed);
}

TEST_F(ProfileHandleTest, EmptyHandlesGiveClosed) {
  const Profile profile;
  EXPECT_EQ(code_of(profile.open_store("s")), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.stores()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.drop_store("s")), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.read()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.apply(Batch())), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.stats()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(profile.close()), ErrorCode::kClosed);
  EXPECT_FALSE(profile.is_open());
  EXPECT_TRUE(profile.directory().empty());
}

TEST_F(ProfileHandleTest, StoresOfOtherKindsAreRefusedByName) {
  const Profile profile = open();
  must(profile.open_store("multi", {.multi = true}));
  put_raw("", "store/kind9", {"\1\x09\0\0", 4});
  put_raw("", "store/flagged", {"\1\1\0\1", 4});
  put_raw("", "store/keyed", {"\1\1\1\0", 4});
  put_raw("", "store/version2", {"\2\1\0\0", 4});
  EXPECT_TRUE(failed_with(profile.open_store("multi"), ErrorCode::kWrongKind,
                          "store 'multi' is a multi store with keys of type bytes, asked for a "
                          "single store with keys of type bytes"));
  EXPECT_TRUE(failed_with(profile.open_store("kind9"), ErrorCode::kNewerFormat, "kind 9"));
  EXPECT_TRUE(failed_with(profile.open_store("flagged"), ErrorCode::kNewerFormat, "0x0100"));
  EXPECT_TRUE(failed_with(profile.open_store("keyed"), ErrorCode::kNewerFormat, "0x0001"));
  EXPECT_TRUE(failed_with(profile.open_store("version2"), ErrorCode::kNewerFormat, "version 2"));
  EXPECT_EQ(code_of(profile.drop_store("kind9")), ErrorCode::kNewerFormat);
  const auto stores = must(profile.stores());
  ASSERT_EQ(stores.size(), 5U);
  EXPECT_EQ(stores[3].name, "multi");
  EXPECT_EQ(stores[3].kind, StoreKind::kMulti);
  EXPECT_EQ(stores[1].kind, StoreKind::kUnknown);
  // A newer version's stores are no damage.
  EXPECT_TRUE(must(profile.check()).clean());
}

TEST_F(ProfileHandleTest, ABadValueIsAnErrorAtItsKeyOnly) {
  leave_unchecked();
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("a", ValueView::u64(1)));
  must(store.put("c", ValueView::u64(3)));
  put_raw("s:s", "b", {"\1\2", 2});
  EXPECT_TRUE(failed_with(store.get("b"), ErrorCode::kBadValue,
                          "store 's', key 'b': bool value has payload 0x02"));
  EXPECT_EQ(code_of(store.get<bool>("b")), ErrorCode::kBadValue);
  EXPECT_TRUE(must(store.has("b")));
  Iterator iterator = must(store.iterate());
  int bad = 0;
  int good = 0;
  while (must(iterator.next())) ++(iterator.value() ? good : bad);
  EXPECT_EQ(good, 2);
  EXPECT_EQ(bad, 1);
}

TEST_F(ProfileHandleTest, CheckReportsWhatTheStoreLayerKeeps) {
  leave_unchecked();
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("a", ValueView::u64(1)));
  EXPECT_TRUE(must(profile.check()).clean());
  put_raw("s:s", "bad", {"\1\2", 2});
  put_raw("s:orphan", "k", {"\1\1", 2});
  put_raw("", "store/tableless", {"\1\1\0\0", 4});
  put_raw("", "store/short", {"\1\1", 2});
  put_raw("", "store/\xFF", {"\1\1\0\0", 4});
  std::vector<std::string> found;
  for (const engine::Violation& violation : must(profile.check()).violations) {
    found.push_back(violation.where + ": " + violation.what);
  }
  EXPECT_EQ(found, (std::vector<std::string>{
                       "store 's' > key 'bad': bool value has payload 0x02, expected 00 or 01",
                       "store 'short': record of store 'short' has 2 bytes, expected 4",
                       "store 'tableless': has a record and no table",
                       "store '\\xff': name of a store is not valid UTF-8 at byte 0 (0xff)",
                       "store 'orphan': has a table and no record"}));
}

}  // namespace
}  // namespace kist
