#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <kist/engine/database.h>
#include <kist/engine/keys.h>

#include "engine/upkeep/check.h"
#include "tests/engine/upkeep/store_surgeon.h"
#include "tests/support/clean.h"
#include "tests/support/must.h"
#include "tests/support/temp_directory.h"

namespace kist::test {
namespace {

int compare_by_length(Bytes a, Bytes b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return as_text(a).compare(as_text(b));
}

std::string text(int i) {
  return "key " + std::to_string(1000 + i);
}

/// Tables in three orders, all with branches.
void build(const std::string& path) {
  const Database database = must(Database::open(path, {.page_size = 512}));
  must(database.register_comparator("length", compare_by_length));
  const Table reversed = must(database.table("reversed"));
  const Table numbers = must(database.table("numbers"));
  const Table custom = must(database.table("custom"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(reversed, {.key_order = Order::kReversed}));
  must(txn.create_table(numbers, {.key_order = Order::kUint32}));
  must(txn.create_table(custom, {.key_order = Order::kCustom, .key_comparator = "length"}));
  for (int i = 0; i < 300; ++i) {
    must(txn.put(reversed, as_bytes(text(i)), as_bytes("v")));
    must(txn.put(custom, as_bytes(text(i)), as_bytes("v")));
    must(txn.put(numbers, key_of(static_cast<std::uint32_t>(i)), as_bytes("value")));
  }
  must(txn.commit());
  expect_clean(database);
}

class OrderCheck : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = std::make_unique<TempDirectory>();
    build(directory_->file("whole"));
  }
  static void TearDownTestSuite() { directory_.reset(); }

  OrderCheck() : store(directory_->file("whole")) {}

  std::string path() const { return directory_->file("damaged"); }
  std::uint8_t* leaf(const std::string& table) {
    return store.page(store.first_leaf(store.table_root(table)));
  }
  std::uint8_t* branch(const std::string& table) {
    std::uint64_t parent = 0;
    store.first_leaf(store.table_root(table), &parent);
    return store.page(parent);
  }
  /// Exchanges entries `a` and `b` of a page by their slots.
  static void swap_slots(std::uint8_t* page, std::size_t a, std::size_t b) {
    std::uint8_t* slots = page + page_layout::kHeaderSize + 4 * page_count(page);
    const std::uint16_t first = load16(slots + 2 * a);
    store16(slots + 2 * a, load16(slots + 2 * b));
    store16(slots + 2 * b, first);
  }
  /// The bytes of a table's record in the catalog.
  std::uint8_t* record_of(const std::string& table) {
    const auto [page, index] = store.find_table(table);
    return store.mutable_bytes(store.record(page, index).value());
  }

  static std::string all(const CheckReport& report) {
    std::string said;
    for (const Violation& violation : report.violations) {
      said += violation.where + ": " + violation.what + "\n";
    }
    return said;
  }
  /// Makes checksums right, checks without comparators, and expects a violation that says `what`.
  void expect(const std::string& what) {
    store.reseal();
    const std::string said = all(store.check(path()));
    EXPECT_NE(said.find(what), std::string::npos) << "expected '" << what << "'; found\n" << said;
  }

  StoreSurgeon store;
  static inline std::unique_ptr<TempDirectory> directory_;
};

TEST_F(OrderCheck, FindsNothingWhereNothingIsWrong) {
  store.reseal();
  EXPECT_EQ(all(store.check(path())), "");
  for (const char* table : {"reversed", "numbers", "custom"}) {
    EXPECT_GE(store.table_root(table).level(), 1);
  }
}

TEST_F(OrderCheck, PageWithoutTheFlagOfAComparator) {
  leaf("reversed")[page_layout::kFlags] = 0;
  expect("type, version and level are 00000101, expected 01000101");
}

TEST_F(OrderCheck, PageWithTheFlagInByteOrder) {
  leaf("numbers")[page_layout::kFlags] = 1;
  expect("type, version and level are 01000101, expected 00000101");
}

TEST_F(OrderCheck, MultiBranchWhereTheTableIsNone) {
  branch("numbers")[page_layout::kType] = static_cast<std::uint8_t>(PageType::kMultiBranch);
  expect("type, version and level are");
}

TEST_F(OrderCheck, HeadWhereAComparatorOrders) {
  store32(leaf("custom") + page_layout::kHeaderSize + 4, 0x61616161);
  expect("head 1 is 61616161, expected 00000000");
}

TEST_F(OrderCheck, PrefixWhereAComparatorOrders) {
  store16(leaf("custom") + page_layout::kPrefix, 2);
  expect("prefix of 2 bytes, its keys share 0");
}

TEST_F(OrderCheck, PrefixOfSeparatorsWhereAComparatorOrders) {
  store16(branch("reversed") + page_layout::kPrefix, 1);
  expect("prefix of 1 bytes, its keys share 0");
}

TEST_F(OrderCheck, UnsortedLeafInReversedOrder) {
  swap_slots(leaf("reversed"), 2, 3);
  expect("key 3 is not greater than the one before it");
}

TEST_F(OrderCheck, UnsortedSeparatorsInReversedOrder) {
  swap_slots(branch("reversed"), 1, 2);
  expect("key 2 is not greater than the one before it");
}

TEST_F(OrderCheck, SeparatorThatIsNotBetweenItsNeighbours) {
  // Its last byte decides; '0' comes before all keys of the child.
  std::uint8_t* page = branch("reversed");
  const BranchView view(page, 512);
  const Bytes rest = view.separator_rest(2);
  store.mutable_bytes(rest.data())[rest.size() - 1] = '0';
  expect("not greater than the one before it");
}

TEST_F(OrderCheck, OrderOfAComparatorIsJudgedWhereItIsKnown) {
  swap_slots(leaf("custom"), 2, 3);
  store.reseal();
  EXPECT_EQ(all(store.check(path())), "") << "not known";
  std::filesystem::remove(path() + "-lock");
  const Database database = must(Database::open(path()));
  EXPECT_EQ(all(must(database.check())), "") << "not known yet";
  must(database.register_comparator("length", compare_by_length));
  const std::string said = all(must(database.check()));
  EXPECT_NE(said.find("key 3 is not greater than the one before it"), std::string::npos) << said;
}

TEST_F(OrderCheck, NumberOfAnotherSize) {
  // One byte of the first key becomes one of its value.
  const LeafRecord record = store.record(store.first_leaf(store.table_root("numbers")), 0);
  std::uint8_t* header = store.mutable_bytes(record.key) - page_layout::kRecordHeader;
  store16(header, 3);
  store16(header + 2, 6);
  expect("key 0 has 3 bytes, expected 4");
}

TEST_F(OrderCheck, TableOfAnotherOrderThanItsPages) {
  const int level = store.table_root("reversed").level();
  record_of("reversed")[48] = static_cast<std::uint8_t>(Order::kBytes);
  expect(fmt::format("type, version and level are 01{0:02}0102, expected 00{0:02}0102", level));
}

TEST_F(OrderCheck, TableOfAnotherKindThanItsPages) {
  const int level = store.table_root("numbers").level();
  record_of("numbers")[49] = 1;
  record_of("numbers")[50] = static_cast<std::uint8_t>(Order::kBytes);
  expect(fmt::format("type, version and level are 00{0:02}0102, expected 00{0:02}0106", level));
}

TEST_F(OrderCheck, TableOfNoOrder) {
  record_of("numbers")[48] = 9;
  expect("the table's record in the catalog is not understood");
}

TEST_F(OrderCheck, TableOfACustomOrderWithoutAName) {
  record_of("reversed")[48] = static_cast<std::uint8_t>(Order::kCustom);
  expect("the table's record in the catalog is not understood");
}

/// Whatever a forger makes of pages of these tables, calls on them end with kDamaged or an answer.
TEST_F(OrderCheck, ForgedPagesOfEveryOrderCrashNothing) {
  for (int way = 0; way < 6; ++way) {
    StoreSurgeon forged(directory_->file("whole"));
    for (const char* table : {"reversed", "numbers", "custom"}) {
      std::uint64_t parent = 0;
      std::uint8_t* leaf = forged.page(forged.first_leaf(forged.table_root(table), &parent));
      std::uint8_t* branch = forged.page(parent);
      if (way == 0) store16(leaf + page_layout::kCount, 80);
      if (way == 1) store16(leaf + page_layout::kPrefix, 400);
      if (way == 2) store16(leaf + page_layout::kHeaderSize + 4 * page_count(leaf), 511);
      if (way == 3) store16(branch + page_layout::kHeaderSize + 4 * page_count(branch) + 2, 511);
      if (way == 4) store16(branch + page_layout::kPrefix, 490);
      if (way == 5) store16(branch + page_layout::kCount, 0);
    }
    forged.reseal();
    forged.write(path());
    std::filesystem::remove(path() + "-lock");
    const Database database = must(Database::open(path()));
    must(database.register_comparator("length", compare_by_length));
    EXPECT_FALSE(must(database.check()).clean());
    const auto damage_or_nothing = [](const auto& result) {
      if (!result) {
        EXPECT_EQ(result.error().code, ErrorCode::kDamaged);
      }
    };
    for (const char* name : {"reversed", "numbers", "custom"}) {
      const Table table = must(database.table(name));
      WriteTxn txn = must(database.write());
      for (int i = 0; i < 300; i += 7) {
        const auto number = key_of(static_cast<std::uint32_t>(i));
        const std::string string = text(i);
        const Bytes key = name[0] == 'n' ? Bytes(number) : as_bytes(string);
        damage_or_nothing(txn.get(table, key));
        damage_or_nothing(txn.put(table, key, as_bytes("new")));
        damage_or_nothing(txn.erase(table, key));
      }
    }
  }
}

}  // namespace
}  // namespace kist::test
