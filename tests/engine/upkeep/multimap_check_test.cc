#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <kist/engine/database.h>
#include <kist/engine/keys.h>

#include "engine/tree/group.h"
#include "engine/upkeep/check.h"
#include "tests/engine/upkeep/store_surgeon.h"
#include "tests/support/clean.h"
#include "tests/support/must.h"
#include "tests/support/temp_directory.h"

namespace kist::test {
namespace {

constexpr std::uint32_t kPage = 512;

std::string long_value(int i) {
  return std::string(300, 'l') + std::to_string(1000 + i);
}

/// Multimaps with branches, inline groups, and trees of values of both kinds.
void build(const std::string& path) {
  const Database database = must(Database::open(path, {.page_size = kPage}));
  const Table text = must(database.table("text"));
  const Table numbers = must(database.table("numbers"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(text, {.multi = true}));
  must(txn.create_table(numbers, {.multi = true, .value_order = Order::kUint64}));
  for (int i = 0; i < 300; ++i) {
    const std::string key = "key " + std::to_string(1000 + i);
    for (const char* value : {"aa", "bb", "cc"})
      must(txn.put(text, as_bytes(key), as_bytes(value)));
    must(txn.put(text, as_bytes("many"), as_bytes("value " + std::to_string(1000 + i))));
  }
  for (int i = 0; i < 6; ++i) must(txn.put(text, as_bytes("long"), as_bytes(long_value(i))));
  for (std::uint64_t i = 0; i < 500; ++i) {
    must(txn.put(numbers, as_bytes("many"), key_of(i)));
    if (i < 35) must(txn.put(numbers, as_bytes("some"), key_of(i)));
    if (i < 3) must(txn.put(numbers, as_bytes("few"), key_of(i)));
  }
  must(txn.commit());
  expect_clean(database);
}

class MultimapCheck : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = std::make_unique<TempDirectory>();
    build(directory_->file("whole"));
  }
  static void TearDownTestSuite() { directory_.reset(); }

  MultimapCheck() : store(directory_->file("whole")) {}
  std::string path() const { return directory_->file("damaged"); }

  std::uint8_t* value_of(const std::string& table, std::string_view key) {
    const auto [leaf, index] = store.find(table, key);
    return store.mutable_bytes(store.record(leaf, index).value());
  }
  Ref values_of(const std::string& table, std::string_view key) {
    return load_ref(value_of(table, key));
  }
  void set_values(const std::string& table, std::string_view key, const Ref& root) {
    store_ref(value_of(table, key), root);
  }
  std::uint8_t* first_values(const std::string& table, std::string_view key) {
    return store.page(store.first_leaf(values_of(table, key)));
  }

  /// Makes checksums right, expects check() to say `what`, and does with the store whatever a
  /// program could: nothing may crash, and what it finds is damage or nothing.
  void expect(const std::string& what) {
    store.reseal();
    const CheckReport report = store.check(path());
    std::string all;
    bool told = false;
    for (const Violation& violation : report.violations) {
      told |= violation.what.find(what) != std::string::npos;
      all += std::to_string(violation.page) + " " + violation.where + ": " + violation.what + "\n";
    }
    EXPECT_TRUE(told) << "no violation says '" << what << "'; found\n" << all;
    for (int way = 0; way < 4; ++way) use(way);
  }

  template <typename T>
  static void damage_or_nothing(const Result<T>& result) {
    if (!result) {
      EXPECT_EQ(result.error().code, ErrorCode::kDamaged) << result.error().message;
    }
  }

  void use(int way) {
    store.write(path());
    std::filesystem::remove(path() + "-lock");
    const auto database = Database::open(path());
    if (!database) return damage_or_nothing(database);
    for (const char* name : {"text", "numbers"}) {
      const Table table = must(database->table(name));
      auto txn = must(database->write());
      for (const char* key : {"many", "long", "some", "few", "key 1000", "key 1150", "key 1299"}) {
        look(txn, table, key);
        change(txn, table, key, way);
        look(txn, table, key);
      }
      if (way == 3) damage_or_nothing(txn.clear(table));
      damage_or_nothing(txn.table_stats(table));
      if (way % 2 == 0) damage_or_nothing(txn.commit());
    }
  }

  static void look(const WriteTxn& txn, Table table, const char* key) {
    damage_or_nothing(txn.get(table, as_bytes(key)));
    damage_or_nothing(txn.count_values(table, as_bytes(key)));
    for (const std::string& value : {std::string("bb"), long_value(3), std::string("value 1100"),
                                     std::string(8, '\0'), std::string(8, '\xff')}) {
      damage_or_nothing(txn.contains_pair(table, as_bytes(key), as_bytes(value)));
    }
  }

  static void change(WriteTxn& txn, Table table, const char* key, int way) {
    for (std::uint64_t i = 0; i < 20; ++i) {
      const auto number = key_of(i * 25);
      // A change that failed half-way leaves nothing but abort; that says the same.
      if (way == 0) damage_or_nothing(txn.put(table, as_bytes(key), number));
      if (way == 1) damage_or_nothing(txn.erase_pair(table, as_bytes(key), number));
    }
    if (way == 0) damage_or_nothing(txn.put(table, as_bytes(key), as_bytes("8 bytes.")));
    if (way == 1) damage_or_nothing(txn.erase_pair(table, as_bytes(key), as_bytes("bb")));
    if (way == 1) damage_or_nothing(txn.erase_pair(table, as_bytes(key), as_bytes(long_value(2))));
    if (way == 2) damage_or_nothing(txn.erase(table, as_bytes(key)));
  }

  /// Both a search and a change of the key are told that it is damaged.
  void expect_refused(const std::string& name, const char* key, Bytes value) {
    store.write(path());
    std::filesystem::remove(path() + "-lock");
    const Database database = must(Database::open(path()));
    const Table table = must(database.table(name));
    WriteTxn txn = must(database.write());
    const auto refused = [](const auto& result) {
      return !result && result.error().code == ErrorCode::kDamaged;
    };
    EXPECT_TRUE(refused(txn.contains_pair(table, as_bytes(key), value)));
    EXPECT_TRUE(refused(txn.put(table, as_bytes(key), value)));
    EXPECT_TRUE(refused(txn.erase_pair(table, as_bytes(key), value)));
  }

  StoreSurgeon store;
  static inline std::unique_ptr<TempDirectory> directory_;
};

TEST_F(MultimapCheck, FindsNothingWhereNothingIsWrong) {
  store.reseal();
  const CheckReport report = store.check(path());
  for (const Violation& violation : report.violations) {
    ADD_FAILURE() << violation.page << " " << violation.where << ": " << violation.what;
  }
  EXPECT_EQ(report.records, 300 * 4 + 6 + 500 + 35 + 3U);
  for (int way = 0; way < 4; ++way) use(way);
}

TEST_F(MultimapCheck, GroupOfMoreValuesThanBytes) {
  store16(value_of("text", "key 1000"), 300);
  expect("holds no group of values");
  expect_refused("text", "key 1000", as_bytes("bb"));
}

TEST_F(MultimapCheck, GroupOfNoValues) {
  store16(value_of("text", "key 1000"), 0);
  expect("holds no group of values");
  expect_refused("text", "key 1000", as_bytes("bb"));
}

TEST_F(MultimapCheck, NumbersThatDoNotFillTheGroup) {
  store16(value_of("numbers", "few"), 2);
  expect("holds no group of values");
  expect_refused("numbers", "few", key_of(std::uint64_t{1}));
}

TEST_F(MultimapCheck, EndOfAValueOutsideTheGroup) {
  store16(value_of("text", "key 1000") + 4, 0xFFFF);
  expect("value 1 lies outside the group");
  expect_refused("text", "key 1000", as_bytes("bb"));
}

TEST_F(MultimapCheck, EndOfAValueBeforeItsStart) {
  store16(value_of("text", "key 1000") + 4, 1);
  expect("value 1 lies outside the group");
  expect_refused("text", "key 1000", as_bytes("bb"));
}

TEST_F(MultimapCheck, UnsortedGroup) {
  value_of("text", "key 1000")[8] = 'z';
  expect("value 1 is not greater than the one before it");
  value_of("numbers", "few")[2] = 1;
  expect("value 1 is not greater than the one before it");
}

TEST_F(MultimapCheck, TwiceTheSameValue) {
  std::uint8_t* value = value_of("text", "key 1000") + 8;
  value[2] = value[0];
  value[3] = value[1];
  expect("value 1 is not greater than the one before it");
}

TEST_F(MultimapCheck, OverflowRunInThePlaceOfAGroup) {
  Ref root = values_of("text", "many");
  root.flags &= static_cast<std::uint16_t>(~kRefNested);
  set_values("text", "many", root);
  expect("holds no group of values");
  expect_refused("text", "many", as_bytes("value 1100"));
}

TEST_F(MultimapCheck, TreeOfValuesThatClaimsToBeInMemory) {
  for (const std::uint64_t index : {0U, 1U, 2U, 60000U}) {
    Ref root = values_of("text", "many");
    root.flags |= kRefDirty;
    root.page = index;
    set_values("text", "many", root);
    expect("referred to with flags");
    expect_refused("text", "many", as_bytes("value 1100"));
  }
}

TEST_F(MultimapCheck, TreeOfValuesOfAnotherCount) {
  Ref root = values_of("text", "many");
  ++root.count;
  set_values("text", "many", root);
  expect("its parent recorded 301");
}

TEST_F(MultimapCheck, TreeOfValuesOfAnotherLevel) {
  Ref root = values_of("text", "many");
  ++root.flags;
  set_values("text", "many", root);
  expect("expected");
  expect_refused("text", "many", as_bytes("value 1100"));
}

TEST_F(MultimapCheck, TreeOfValuesDeeperThanAnyMayBe) {
  Ref root = values_of("text", "many");
  root.flags = static_cast<std::uint16_t>((root.flags & 0xFF00U) | 200U);
  set_values("text", "many", root);
  expect("tree of 201 levels");
  expect_refused("text", "many", as_bytes("value 1100"));
}

TEST_F(MultimapCheck, TreeOfValuesInTwoRecords) {
  set_values("numbers", "some", values_of("numbers", "many"));
  expect("is referred to twice");
}

TEST_F(MultimapCheck, TreeOfTheOtherKind) {
  set_values("numbers", "some", values_of("text", "many"));
  expect("expected");
  expect_refused("numbers", "some", key_of(std::uint64_t{1}));
}

TEST_F(MultimapCheck, TheMainTreeAsTreeOfValues) {
  Ref root = store.table_root("text");
  root.flags |= kRefNested;
  set_values("text", "many", root);
  expect("is referred to twice");
}

TEST_F(MultimapCheck, FewValuesInATreeOfTheirOwn) {
  Ref root = values_of("numbers", "some");
  ASSERT_EQ(root.level(), 0U);
  std::uint8_t* page = store.page(root.page);
  store16(page + page_layout::kCount, 2);
  std::fill(page + page_layout::kHeaderSize + 16, page + kPage, std::uint8_t{0});
  root.count = 2;
  set_values("numbers", "some", root);
  expect("few values, which should lie in the record");
}

TEST_F(MultimapCheck, UnsortedDenseLeaf) {
  first_values("numbers", "many")[page_layout::kHeaderSize] = 9;
  expect("is not greater than the one before it");
}

TEST_F(MultimapCheck, DenseLeafOfKeysOfAnotherSize) {
  store16(first_values("numbers", "many") + page_layout::kPrefix, 4);
  expect("keys of 4 bytes, expected");
}

TEST_F(MultimapCheck, DenseLeafOfMoreKeysThanFit) {
  store16(first_values("numbers", "many") + page_layout::kCount, 61);
  expect("61 keys of 8 bytes, expected");
}

TEST_F(MultimapCheck, DenseLeafWithBytesBehindItsKeys) {
  std::uint8_t* page = store.page(values_of("numbers", "some").page);
  page[kPage - 1] = 1;
  expect("are not zero");
}

TEST_F(MultimapCheck, CountOfKeysInABranch) {
  const Ref root = store.table_root("text");
  ASSERT_GT(root.level(), 0U);
  std::uint8_t* ref = store.child_ref(root.page, 0);
  store48(ref + ref_layout::kKeys, load48(ref + ref_layout::kKeys) + 1);
  expect(" keys, its parent recorded");
}

TEST_F(MultimapCheck, CountOfPairsInABranch) {
  const Ref root = store.table_root("text");
  std::uint8_t* ref = store.child_ref(root.page, 0);
  store48(ref + ref_layout::kCount, load48(ref + ref_layout::kCount) + 1);
  expect(" records, its parent recorded");
}

TEST_F(MultimapCheck, LongValueThatStartsInItsRunWithOtherBytes) {
  std::uint64_t leaf = store.first_leaf(values_of("text", "long"));
  const LeafRecord record = store.record(leaf, 0);
  ASSERT_TRUE(record.indirect);
  for (const std::size_t at : {std::size_t{0}, std::size_t{record.key_size - 1U}}) {
    store.mutable_bytes(record.key)[at] = 'k';
    expect("starts in its run with other bytes");
  }
}

TEST_F(MultimapCheck, LongValueOfWhichTheLeafHasTooLittle) {
  const auto [leaf, index] = store.find_large(values_of("text", "long"));
  std::uint8_t* at = store.mutable_bytes(store.record(leaf, index).value());
  Ref run = load_ref(at);
  run.count = 10;
  store_ref(at, run);
  expect("lies in a run, but has");
}

TEST_F(MultimapCheck, UnsortedLongValues) {
  const auto [leaf, index] = store.find_large(values_of("text", "long"));
  const Ref one = load_ref(store.record(leaf, 0).value());
  const Ref other = load_ref(store.record(leaf, 1).value());
  store_ref(store.mutable_bytes(store.record(leaf, 0).value()), other);
  store_ref(store.mutable_bytes(store.record(leaf, 1).value()), one);
  expect("is not greater than the one before it");
}

}  // namespace
}  // namespace kist::test
