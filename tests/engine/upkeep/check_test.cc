#include "engine/upkeep/check.h"

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <kist/engine/database.h>

#include "tests/engine/upkeep/store_surgeon.h"
#include "tests/support/clean.h"
#include "tests/support/must.h"
#include "tests/support/temp_directory.h"

namespace kist::test {
namespace {

std::string key(int i) {
  char text[32];
  std::snprintf(text, sizeof text, "shared/key-%05d", i);
  return text;
}

/// A store with branches of two levels, large values, two named tables, free and pending space.
void build(const std::string& path) {
  Options options;
  options.page_size = 512;
  const Database database = must(Database::open(path, options));
  const Table named = must(database.table("named"));
  const Table empty = must(database.table("empty"));
  {
    WriteTxn txn = must(database.write());
    must(txn.create_table(named));
    must(txn.create_table(empty));
    for (int i = 0; i < 600; ++i) {
      must(txn.put({}, as_bytes(key(i)),
                   as_bytes(std::string(20, static_cast<char>('a' + i % 26)))));
    }
    must(txn.commit());
  }
  WriteTxn txn = must(database.write());
  for (int i = 0; i < 200; ++i) {
    const std::size_t size = i % 9 == 0 ? 3001 : 10;
    must(txn.put(named, as_bytes(key(i)), as_bytes(std::string(size, 'v'))));
  }
  for (int i = 100; i < 200; ++i) must(txn.erase({}, as_bytes(key(i))));
  must(txn.commit());
  expect_clean(database);
}

class Check : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = std::make_unique<TempDirectory>();
    build(directory_->file("whole"));
  }
  static void TearDownTestSuite() { directory_.reset(); }

  Check() : store(directory_->file("whole")) {}

  /// Makes checksums right, checks, and expects a violation that says `what`, on `page` if given.
  void expect(const std::string& what, std::uint64_t page = 0) {
    store.reseal();
    expect_unsealed(what, page);
  }
  void expect_unsealed(const std::string& what, std::uint64_t page = 0) {
    const CheckReport report = store.check(directory_->file("damaged"));
    std::string all;
    for (const Violation& violation : report.violations) {
      if (violation.what.find(what) != std::string::npos && (page == 0 || violation.page == page)) {
        return;
      }
      all += std::to_string(violation.page) + " " + violation.where + ": " + violation.what + "\n";
    }
    ADD_FAILURE() << "no violation says '" << what << "' of page " << page << "; found\n" << all;
  }

  std::uint64_t leaf() { return store.first_leaf(store.slot.main.root); }
  std::uint64_t branch() {
    std::uint64_t parent = 0;
    store.first_leaf(store.slot.main.root, &parent);
    return parent;
  }
  std::uint8_t* leaf_record(std::size_t index) {
    return store.mutable_bytes(store.record(leaf(), index).key) - page_layout::kRecordHeader;
  }

  StoreSurgeon store;
  static inline std::unique_ptr<TempDirectory> directory_;
};

TEST_F(Check, FindsNothingWhereNothingIsWrong) {
  store.reseal();
  const CheckReport report = store.check(directory_->file("damaged"));
  for (const Violation& violation : report.violations) {
    ADD_FAILURE() << violation.page << " " << violation.where << ": " << violation.what;
  }
  EXPECT_EQ(report.records, 700U);
  EXPECT_GT(report.pages_walked, 100U);
  EXPECT_GE(store.slot.main.root.level(), 2);
}

TEST_F(Check, NamesThePathFromTheRoot) {
  const Ref root = store.table_root("named");
  store.page(store.first_leaf(root))[100] ^= 1;
  const CheckReport report = store.check(directory_->file("damaged"));
  ASSERT_FALSE(report.clean());
  const std::string expected = "table 'named' > branch " + std::to_string(root.page) + "[0] > ";
  EXPECT_EQ(report.violations[0].where.substr(0, expected.size()), expected);
}

TEST_F(Check, CollectsMoreThanOneViolation) {
  store.page(leaf())[200] ^= 1;
  store.page(store.first_leaf(store.table_root("named")))[200] ^= 1;
  store.page(store.slot.space.page)[40] ^= 1;
  EXPECT_GE(store.check(directory_->file("damaged")).violations.size(), 3U);
}

TEST_F(Check, Checksum) {
  store.page(leaf())[300] ^= 1;
  expect_unsealed("checksum", leaf());
}

TEST_F(Check, PageNumber) {
  store48(store.page(leaf()) + page_layout::kNumber, 9999);
  expect("number 9999", leaf());
}

TEST_F(Check, BirthOtherThanRecorded) {
  store48(store.page(leaf()) + page_layout::kBirth, store.slot.id + 5);
  expect("born in transaction", leaf());
}

TEST_F(Check, BirthAfterTheParents) {
  const std::uint64_t victim = leaf();
  std::uint8_t* ref = store.child_ref(branch(), 0);
  store48(ref + ref_layout::kBirth, store.slot.id + 1);
  store48(store.page(victim) + page_layout::kBirth, store.slot.id + 1);
  expect("recorded in what was born in", victim);
}

TEST_F(Check, LevelInThePage) {
  store.page(leaf())[page_layout::kLevel] = 1;
  expect("type, version and level", leaf());
}

TEST_F(Check, LevelInTheRef) {
  store.child_ref(branch(), 1)[ref_layout::kFlags] = 3;
  expect("flags 0003 at level 0");
}

TEST_F(Check, ReferenceMarkedAsInMemory) {
  store.child_ref(branch(), 1)[ref_layout::kFlags + 1] = 0x80;
  expect("flags 8000");
}

TEST_F(Check, ReferenceOutsideTheFile) {
  store48(store.child_ref(branch(), 1) + ref_layout::kPage, store.slot.file_pages);
  expect("outside of pages", store.slot.file_pages);
}

TEST_F(Check, RootInAMetaSlot) {
  store.slot.main.root.page = 2;
  expect_unsealed("outside of pages", 2);
}

TEST_F(Check, TooDeep) {
  store.slot.main.root.flags = 200;
  expect_unsealed("tree of 201 levels");
}

TEST_F(Check, PageReferredToTwice) {
  store_ref(store.child_ref(branch(), 1), store.child(branch(), 0));
  expect("referred to twice", leaf());
}

TEST_F(Check, LostPages) {
  store_ref(store.child_ref(branch(), 1), store.child(branch(), 0));
  expect("neither in use nor free");
}

TEST_F(Check, CountInTheBranch) {
  store48(store.child_ref(branch(), 0) + ref_layout::kCount, 1);
  expect("its parent recorded 1", leaf());
}

TEST_F(Check, CountInTheSlot) {
  store.slot.main.root.count += 1;
  store.slot.main.root.keys += 1;
  expect("its parent recorded 501");
}

TEST_F(Check, KeysOfTheTable) {
  store.slot.main.root.keys += 1;
  expect("501 keys recorded, 500 records");
}

TEST_F(Check, IndirectFlagWithoutLargeValues) {
  store.child_ref(branch(), 0)[ref_layout::kFlags + 1] = 1;
  expect("holds no large values", leaf());
}

TEST_F(Check, LargeValuesWithoutTheFlag) {
  std::uint64_t parent = 0;
  const Ref root = store.table_root("named");
  store.first_leaf(root, &parent);
  const Ref first = store.child(parent, 0);
  ASSERT_NE(first.flags & kRefIndirect, 0);
  store.child_ref(parent, 0)[ref_layout::kFlags + 1] = 0;
  expect("its parent recorded none", first.page);
}

TEST_F(Check, KeysOutOfOrder) {
  std::uint8_t* slots =
      store.page(leaf()) + page_layout::kHeaderSize + 4 * page_count(store.page(leaf()));
  std::swap(slots[0], slots[2]);
  std::swap(slots[1], slots[3]);
  expect("not greater than the one before", leaf());
}

TEST_F(Check, KeyOutsideTheSeparators) {
  std::uint8_t* last = leaf_record(page_count(store.page(leaf())) - 1);
  std::memset(last + page_layout::kRecordHeader, 'z', 4);
  expect("not less than the separator behind", leaf());
  std::uint64_t second = store.child(branch(), 1).page;
  std::uint8_t* first = store.mutable_bytes(store.record(second, 0).key);
  std::memset(first, 'a', 4);
  expect("less than the separator in front", second);
}

TEST_F(Check, HeadOfALeaf) {
  store.page(leaf())[page_layout::kHeaderSize] ^= 1;
  expect("head 0 is", leaf());
}

TEST_F(Check, HeadOfABranch) {
  store.page(branch())[page_layout::kHeaderSize + 4] ^= 1;
  expect("head 1 is", branch());
}

TEST_F(Check, PrefixOfALeaf) {
  store16(store.page(leaf()) + page_layout::kPrefix, 3);
  expect("prefix of 3 bytes", leaf());
}

TEST_F(Check, PrefixOfABranch) {
  const std::uint64_t victim = branch();
  store16(store.page(victim) + page_layout::kPrefix,
          static_cast<std::uint16_t>(page_prefix(store.page(victim)) - 1));
  expect("heap ends at", victim);
}

TEST_F(Check, SlackInALeaf) {
  const std::size_t count = page_count(store.page(leaf()));
  store.page(leaf())[page_layout::kHeaderSize + 6 * count] = 1;
  expect("are not zero", leaf());
}

TEST_F(Check, OverlapInTheHeap) {
  std::uint8_t* slots =
      store.page(leaf()) + page_layout::kHeaderSize + 4 * page_count(store.page(leaf()));
  store16(slots + 4, load16(slots + 2));
  expect("entries overlap", leaf());
}

TEST_F(Check, GapInTheHeap) {
  std::uint8_t* record = leaf_record(1);
  store16(record + 2, static_cast<std::uint16_t>(load16(record + 2) - 1));
  expect("a gap", leaf());
}

TEST_F(Check, HoleCounted) {
  store16(store.page(leaf()) + page_layout::kHoles, 4);
  expect("counts 4 unused bytes", leaf());
}

TEST_F(Check, RecordOutsideThePage) {
  std::uint8_t* slots =
      store.page(leaf()) + page_layout::kHeaderSize + 4 * page_count(store.page(leaf()));
  store16(slots, 511);
  expect("lies outside the page", leaf());
}

TEST_F(Check, SeparatorOutsideThePage) {
  std::uint8_t* slots =
      store.page(branch()) + page_layout::kHeaderSize + 4 * page_count(store.page(branch()));
  store16(slots + 2, 510);
  store16(store.page(branch()) + 510, 40);
  expect("separator 1 lies outside the page", branch());
}

TEST_F(Check, FirstSeparatorNotEmpty) {
  std::uint8_t* slots =
      store.page(branch()) + page_layout::kHeaderSize + 4 * page_count(store.page(branch()));
  store16(store.page(branch()) + load16(slots), 1);
  expect("first separator is not empty", branch());
}

TEST_F(Check, CountBeyondThePage) {
  store16(store.page(leaf()) + page_layout::kCount, 500);
  expect("do not fit into the page", leaf());
}

TEST_F(Check, EmptyLeaf) {
  std::uint8_t* page = store.page(leaf());
  std::memset(page + page_layout::kCount, 0, 512 - page_layout::kCount);
  expect("has no entries", leaf());
}

TEST_F(Check, LargeValueTooLongToBeInline) {
  std::uint8_t* page = store.page(leaf());
  const LeafRecord first = store.record(leaf(), 0);
  // One record that fills the leaf: it belongs in a run.
  std::memset(page + page_layout::kCount, 0, 512 - page_layout::kCount);
  store16(page + page_layout::kCount, 1);
  store16(page + page_layout::kHeapSize, 400);
  store16(page + page_layout::kHeaderSize + 4, 112);
  store16(page + 112, 1);
  store16(page + 114, 395);
  ASSERT_NE(first.key, nullptr);
  expect("inline, more than allowed", leaf());
}

TEST_F(Check, ValueOfARun) {
  const auto [leaf_page, index] = store.find_large(store.table_root("named"));
  const Ref run = load_ref(store.record(leaf_page, index).value());
  store.page(run.page)[600] ^= 1;
  expect("value bytes", run.page);
}

TEST_F(Check, ChunkTableOfARun) {
  const auto [leaf_page, index] = store.find_large(store.table_root("named"));
  const Ref run = load_ref(store.record(leaf_page, index).value());
  store.page(run.page)[overflow_table_offset(run.count)] ^= 1;
  expect("chunk table", run.page);
}

TEST_F(Check, SlackOfARun) {
  const auto [leaf_page, index] = store.find_large(store.table_root("named"));
  const Ref run = load_ref(store.record(leaf_page, index).value());
  store.page(run.page)[overflow_table_offset(run.count) + 8] = 1;
  expect("unused bytes of the run", run.page);
  store.page(run.page)[overflow_table_offset(run.count) + 8] = 0;
  store.page(run.page)[overflow_table_offset(run.count) - 1] = 1;
  expect("unused bytes of the run", run.page);
}

TEST_F(Check, LengthOfARun) {
  const auto [leaf_page, index] = store.find_large(store.table_root("named"));
  std::uint8_t* ref = store.mutable_bytes(store.record(leaf_page, index).value());
  store48(ref + ref_layout::kCount, 3000);
  expect("its record says 3000");
  store48(ref + ref_layout::kCount, kMax48);
  expect("flags 0000");
}

TEST_F(Check, RunReferredToTwice) {
  const Ref root = store.table_root("named");
  const auto [leaf_page, index] = store.find_large(root);
  const Ref run = load_ref(store.record(leaf_page, index).value());
  for (std::size_t i = 0; i < page_count(store.page(root.page)); ++i) {
    // The first large value of some other leaf.
    Ref other = store.child(root.page, i);
    if ((other.flags & kRefIndirect) == 0) continue;
    const auto [other_page, other_index] = store.find_large(other);
    if (other_page == leaf_page) continue;
    store_ref(store.mutable_bytes(store.record(other_page, other_index).value()), run);
    expect("referred to twice", run.page);
    return;
  }
  FAIL() << "one large value only";
}

TEST_F(Check, CatalogRecord) {
  const auto [leaf_page, index] = store.find_table("named");
  store.mutable_bytes(store.record(leaf_page, index).value())[49] = 7;
  expect("record in the catalog is not understood", leaf_page);
}

TEST_F(Check, TableCreatedInTheFuture) {
  const auto [leaf_page, index] = store.find_table("empty");
  store64(store.mutable_bytes(store.record(leaf_page, index).value()) + 40, store.slot.id + 1);
  expect("created in transaction");
}

TEST_F(Check, EmptyTreeWithACount) {
  const auto [leaf_page, index] = store.find_table("empty");
  store48(store.mutable_bytes(store.record(leaf_page, index).value()) + ref_layout::kCount, 1);
  expect("empty tree is not all zero");
}

/// The newest record with its lists edited.
void rewrite_record(StoreSurgeon& store, const std::function<void(SpaceRecord&)>& edit) {
  const std::uint64_t pages = space_record_pages(store.slot.space.count, store.slot.page_size);
  std::uint8_t* at = store.page(store.slot.space.page);
  const Bytes bytes(at, pages * store.slot.page_size);
  SpaceRecord record = must(decode_space_record(bytes, store.slot.space, store.slot.page_size));
  edit(record);
  const auto encoded = encode_space_record(record, store.slot.page_size, store.slot.seed);
  ASSERT_EQ(encoded.size(), bytes.size());
  std::memcpy(at, encoded.data(), encoded.size());
  store.slot.space = space_record_ref(record, encoded);
}

TEST_F(Check, PageBothInUseAndFree) {
  const std::uint64_t victim = leaf();
  rewrite_record(store, [&](SpaceRecord& record) {
    // A checkpoint that holds one thing only: a page that is in use.
    record.previous = {};
    record.taken.clear();
    record.freed.clear();
    record.pending.clear();
    record.free = {{victim, 1}};
  });
  expect("told to be free", victim);
  expect("neither in use nor free");
}

TEST_F(Check, PageBothInUseAndPending) {
  const std::uint64_t victim = leaf();
  rewrite_record(store, [&](SpaceRecord& record) {
    record.previous = {};
    record.taken.clear();
    record.freed.clear();
    record.free.clear();
    record.pending = {{{victim, 1}, 2, 3}};
  });
  expect("told to be pending", victim);
}

TEST_F(Check, PageInUseAndASpaceRecords) {
  const std::uint64_t victim = store.slot.space.page;
  store48(store.child_ref(branch(), 1) + ref_layout::kPage, victim);
  expect("a space record's", victim);
}

TEST_F(Check, SpaceRecordDamaged) {
  store.page(store.slot.space.page)[50] ^= 1;
  expect_unsealed("space record", store.slot.space.page);
}

TEST_F(Check, SlackOfASpaceRecord) {
  const std::uint64_t pages = space_record_pages(store.slot.space.count, store.slot.page_size);
  store.page(store.slot.space.page)[pages * store.slot.page_size - 1] = 1;
  expect("bytes behind its lists");
}

TEST_F(Check, FileCutShort) {
  store.reseal();
  store.cut(store.slot.main.root.page);
  expect_unsealed("bytes long", 0);
  expect_unsealed("outside of pages", store.slot.main.root.page);
}

/// Forged in every way: never a crash, and whatever is reported names a page of the file.
TEST_F(Check, FlippedBitsOfPagesUnderFreshChecksumsAreSurvived) {
  const StoreSurgeon whole = store;
  std::size_t noticed = 0;
  std::size_t tried = 0;
  for (const std::uint64_t victim : {leaf(), branch(), store.slot.main.root.page}) {
    for (std::size_t bit = 64; bit < 8 * 512; bit += 13) {
      store = whole;
      store.page(victim)[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      store.reseal();
      ++tried;
      noticed += store.check(directory_->file("damaged")).clean() ? 0 : 1;
    }
  }
  // A bit of a value, or of a key that stays in order, cannot be told from the truth.
  EXPECT_GT(noticed, tried / 4);
  EXPECT_LT(noticed, tried);
}

TEST(CheckLive, RunsBesideAWriterAndAReadOnlyOpener) {
  const TempDirectory directory;
  build(directory.file("store"));
  const Database database = must(Database::open(directory.file("store")));
  WriteTxn writer = must(database.write());
  must(writer.put({}, as_bytes("x"), as_bytes("y")));
  expect_clean(database);
  must(writer.commit());
  expect_clean(database);
}

TEST(CheckLive, ReadOnly) {
  const TempDirectory directory;
  build(directory.file("store"));
  Options options;
  options.read_only = true;
  expect_clean(must(Database::open(directory.file("store"), options)));
}

}  // namespace
}  // namespace kist::test
