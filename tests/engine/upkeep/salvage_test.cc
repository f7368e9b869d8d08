// What is left of a damaged file: everything whose bytes are there, and nothing that is wrong.

#include <filesystem>

#include <gtest/gtest.h>

#include <kist/engine/salvage.h>

#include "tests/engine/upkeep/every_kind.h"
#include "tests/engine/upkeep/store_surgeon.h"
#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::salvage;
using engine::SalvageOptions;
using engine::SalvageReport;

/// Everything in a store, by table.
using Content = std::map<std::string, std::vector<std::pair<std::string, std::string>>>;

Content content(const Database& database) {
  const ReadTxn txn = must(database.read());
  Content found{{"", all_records(txn, {})}};
  for (const std::string& name : must(txn.table_names())) {
    found[name] = all_records(txn, must(database.table(name)));
  }
  return found;
}

std::uint64_t records_in(const Content& content) {
  std::uint64_t records = 0;
  for (const auto& [name, of_table] : content) records += of_table.size();
  return records;
}

class SalvageTest : public StoreTest, public testing::WithParamInterface<std::uint32_t> {
 protected:
  std::uint32_t page_size() const { return GetParam(); }

  void SetUp() override {
    {
      const Database database = open({.page_size = page_size()});
      fill_every_kind(database, page_size());
      WriteTxn txn = must(database.write());
      for (int i = 0; i < 400; i += 3) must(txn.erase({}, as_bytes("key " + std::to_string(i))));
      must(txn.commit());
      sound_ = content(database);
      expect_clean(database);
    }
    bytes_ = content_of(path());
  }

  /// Salvages the bytes as they are now.
  SalvageReport run(const SalvageOptions& options = {}) {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes_;
    std::filesystem::remove(copy());
    std::filesystem::remove(copy() + "-lock");
    SalvageReport report = must(salvage(path(), copy(), options));
    const Database database = must(Database::open(copy(), {.create = false}));
    expect_clean(database);
    found_ = content(database);
    EXPECT_EQ(report.records, records_in(found_));
    EXPECT_EQ(content_of(path()), bytes_) << "the damaged file is not touched";
    return report;
  }

  /// Expects that nothing was made up: each record that was found was there. Returns how many are
  /// missing.
  std::uint64_t missing() const {
    std::uint64_t records = 0;
    for (const auto& [name, of_table] : found_) {
      if (name.starts_with("salvaged/")) continue;
      const auto sound = sound_.find(name);
      EXPECT_NE(sound, sound_.end()) << name;
      if (sound == sound_.end()) continue;
      for (const auto& record : of_table) {
        EXPECT_NE(std::ranges::find(sound->second, record), sound->second.end())
            << name << ": " << record.first;
      }
      records += of_table.size();
    }
    return records_in(sound_) - records;
  }

  void destroy_page(std::uint64_t page) {
    for (std::size_t i = 0; i < page_size(); ++i) bytes_[page * page_size() + i] ^= 0x55;
  }
  void destroy_slots() {
    for (std::size_t i = 0; i < 16'384; ++i) bytes_[i] = '\0';
  }
  std::string copy() const { return directory().file("copy"); }
  StoreSurgeon surgeon() const { return StoreSurgeon(path()); }

  Content sound_;
  Content found_;
  std::string bytes_;
};

TEST_P(SalvageTest, ASoundFileLosesNothing) {
  const SalvageReport report = run();
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(report.lost + report.recovered, 0U);
  EXPECT_FALSE(report.space_lost);
  EXPECT_TRUE(found_ == sound_);
  const Database original = open();
  const Database copied = must(Database::open(copy(), {.create = false}));
  expect_same_content(original, must(original.read()), copied, must(copied.read()));
  EXPECT_EQ(report.transaction, must(original.read()).id());
}

TEST_P(SalvageTest, AnOpenFileIsRefused) {
  const Database database = open();
  EXPECT_TRUE(fails(salvage(path(), copy()), ErrorCode::kBusy));
}

TEST_P(SalvageTest, ALostLeafLosesItsRecordsAndNoOthers) {
  StoreSurgeon store = surgeon();
  const std::uint64_t leaf = store.first_leaf(store.slot.main.root);
  const std::size_t records = page_count(store.page(leaf));
  destroy_page(leaf);
  const SalvageReport report = run();
  EXPECT_EQ(report.lost, records);
  EXPECT_EQ(missing(), records);
  ASSERT_EQ(report.losses.size(), 1U);
  EXPECT_EQ(report.losses[0].page, leaf);
}

TEST_P(SalvageTest, ALostBranchLosesNothing) {
  StoreSurgeon store = surgeon();
  if (store.slot.main.root.level() == 0) GTEST_SKIP() << "has no branch";
  std::uint64_t branch = 0;
  store.first_leaf(store.slot.main.root, &branch);
  destroy_page(branch);
  const SalvageReport report = run();
  EXPECT_EQ(missing(), 0U);
  EXPECT_EQ(report.lost, 0U);
  EXPECT_GT(report.recovered, 0U);
}

TEST_P(SalvageTest, ALostRootLosesNothing) {
  StoreSurgeon store = surgeon();
  if (store.slot.main.root.level() == 0) GTEST_SKIP() << "has no branch";
  destroy_page(store.slot.main.root.page);
  const SalvageReport report = run();
  EXPECT_EQ(missing(), 0U);
  EXPECT_EQ(report.lost, 0U);
}

TEST_P(SalvageTest, ALostRunLosesItsRecord) {
  StoreSurgeon store = surgeon();
  const auto [leaf, index] = store.find_large(store.slot.main.root);
  const Ref run_ref = load_ref(store.record(leaf, index).value());
  destroy_page(run_ref.page);
  const SalvageReport report = run();
  EXPECT_EQ(missing(), 1U);
  EXPECT_EQ(report.lost, 1U);
  EXPECT_NE(report.losses.at(0).what.find(to_string(store.record(leaf, index).key_bytes())),
            std::string::npos);
}

TEST_P(SalvageTest, TheSpaceRecordsMayGo) {
  destroy_page(surgeon().slot.space.page);
  const SalvageReport report = run();
  EXPECT_TRUE(report.space_lost);
  EXPECT_TRUE(found_ == sound_);
}

TEST_P(SalvageTest, WithoutItsCatalogTheTablesAreThereUnderOtherNames) {
  StoreSurgeon store = surgeon();
  destroy_page(store.slot.catalog.root.page);
  run();
  EXPECT_TRUE(found_.at("") == sound_.at(""));
  if (store.slot.catalog.root.level() != 0) {
    EXPECT_EQ(missing(), 0U) << "its leaves are still there";
    return;
  }
  for (const std::string& name :
       {std::string("numbers"), std::string("doubles"), std::string("few")}) {
    auto wanted = sound_.at(name);
    const bool there = std::ranges::any_of(found_, [&](const auto& table) {
      if (!table.first.starts_with("salvaged/")) return false;
      // A multimap in one leaf cannot be told from a table of one value a key.
      return table.second == wanted || (name == "few" && table.second.size() >= 100);
    });
    EXPECT_TRUE(there) << name;
  }
}

TEST_P(SalvageTest, WithoutAnySlotNothingIsLost) {
  const std::uint64_t seed = surgeon().slot.seed;
  destroy_slots();
  // Of one slot the seed is left.
  for (std::size_t i = 0; i < 8; ++i) bytes_[8192 + 56 + i] = static_cast<char>(seed >> (8 * i));
  const SalvageReport report = run();
  EXPECT_TRUE(report.slots_lost);
  EXPECT_FALSE(report.seed_lost);
  EXPECT_FALSE(report.space_lost);
  EXPECT_EQ(missing(), 0U);
  EXPECT_TRUE(found_ == sound_);
}

TEST_P(SalvageTest, WithoutEvenTheSeedNothingIsLost) {
  destroy_slots();
  const SalvageReport report = run();
  EXPECT_TRUE(report.slots_lost);
  EXPECT_TRUE(report.seed_lost);
  EXPECT_FALSE(report.complete());
  EXPECT_EQ(missing(), 0U);
}

TEST_P(SalvageTest, WithoutSlotsAndCatalogNothingIsMistaken) {
  destroy_page(surgeon().slot.catalog.root.page);
  destroy_slots();
  EXPECT_FALSE(run().complete());
  missing();
}

// Without the key of the checksums nothing vouches for what pages hold: it may be wrong, but must
// not be able to do harm.
TEST_P(SalvageTest, UnverifiedBytesDoNoHarm) {
  Random random(test_seed("SalvageTest"));
  destroy_slots();
  const std::string without_slots = bytes_;
  for (int round = 0; round < 6; ++round) {
    bytes_ = without_slots;
    for (int i = 0; i < 300; ++i) {
      // Headers, arrays and heaps, most of all.
      const std::size_t page = random.below(bytes_.size() / page_size());
      const std::size_t at = page * page_size() + random.below(random.one_in(2) ? 80 : page_size());
      bytes_[at] = static_cast<char>(random.next());
    }
    EXPECT_TRUE(run({.older_versions = random.one_in(2)}).seed_lost);
  }
}

TEST_P(SalvageTest, PartsOfAFile) {
  const std::size_t whole = bytes_.size();
  for (std::size_t tenth = 9; tenth > 0; --tenth) {
    bytes_.resize(whole * tenth / 10);
    EXPECT_FALSE(run().complete());
    missing();
    const SalvageReport report = run({.older_versions = true});
    EXPECT_FALSE(report.complete());
    EXPECT_TRUE(tenth != 9 || report.records > 0);
  }
}

TEST_P(SalvageTest, WhatIsNoStoreIsRefused) {
  std::ofstream(path(), std::ios::binary | std::ios::trunc) << std::string(100'000, 'x');
  EXPECT_TRUE(fails(salvage(path(), copy()), ErrorCode::kNotAStore));
  std::ofstream(path(), std::ios::binary | std::ios::trunc) << "";
  EXPECT_TRUE(fails(salvage(path(), copy()), ErrorCode::kNotAStore));
  EXPECT_FALSE(std::filesystem::exists(copy()));
}

TEST_P(SalvageTest, RandomDamageMakesNothingUp) {
  Random random(test_seed("SalvageTest"));
  const std::string sound_bytes = bytes_;
  for (int round = 0; round < 10; ++round) {
    bytes_ = sound_bytes;
    const std::uint64_t hits = random.between(1, 12);
    for (std::uint64_t i = 0; i < hits; ++i) {
      const std::size_t at = random.below(bytes_.size() / 512) * 512;
      const bool zeros = random.one_in(2);
      for (std::size_t j = at; j < at + 512; ++j)
        bytes_[j] = zeros ? '\0' : static_cast<char>(random.next());
    }
    const SalvageReport report = run();
    const std::uint64_t lost = missing();
    EXPECT_FALSE(lost != 0 && report.complete()) << round;
  }
}

INSTANTIATE_TEST_SUITE_P(PageSizes, SalvageTest, testing::Values(256, 4096));

/// A multimap in which two keys have so many values that these have trees with branches.
class SalvageValuesTest : public StoreTest, public testing::WithParamInterface<bool> {
 protected:
  static constexpr int kMany = 1500;

  void SetUp() override {
    {
      const Database database = open({.page_size = 512});
      const Table table = must(database.table("t"));
      WriteTxn txn = must(database.write());
      engine::TableOptions options{.multi = true};
      if (GetParam()) options.value_order = engine::Order::kUint64;
      must(txn.create_table(table, options));
      for (int i = 0; i < kMany; ++i) {
        must(txn.put(table, as_bytes("many"), value(i)));
        must(txn.put(table, as_bytes("more"), value(2 * i)));
        must(txn.put(table, as_bytes("single " + std::to_string(i)), value(i)));
      }
      must(txn.commit());
      sound_ = content(database);
    }
    bytes_ = content_of(path());
  }
  /// Long ones among them where they may be.
  Bytes value(int i) {
    text_ = GetParam() ? std::string(as_text(engine::key_of(std::uint64_t(i) * 7)))
                       : std::to_string(100'000 + i) + std::string(i % 100 == 0 ? 700 : 3, 'v');
    return as_bytes(text_);
  }
  static Ref values_of(StoreSurgeon& store, const std::string& key) {
    const auto [leaf, index] = store.find("t", key);
    const LeafRecord record = store.record(leaf, index);
    require(record.indirect, key + " has no tree of values");
    return load_ref(record.value());
  }
  void destroy(std::uint64_t page) { bytes_[page * 512 + 100] ^= 1; }
  SalvageReport run() {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes_;
    std::filesystem::remove(copy());
    const SalvageReport report = must(salvage(path(), copy()));
    const Database database = must(Database::open(copy(), {.create = false}));
    expect_clean(database);
    found_ = content(database);
    const std::set sound(sound_.at("t").begin(), sound_.at("t").end());
    for (const auto& record : found_.at("t")) EXPECT_TRUE(sound.contains(record)) << record.first;
    EXPECT_EQ(found_.at("t").size() + report.lost, sound_.at("t").size());
    return report;
  }
  std::string copy() const { return directory().file("copy"); }

  Content sound_;
  Content found_;

 private:
  std::string text_;
  std::string bytes_;
};

TEST_P(SalvageValuesTest, ALostBranchLosesNothing) {
  StoreSurgeon store(path());
  const Ref root = values_of(store, "many");
  ASSERT_GE(root.level(), 2);
  std::uint64_t branch = 0;
  store.first_leaf(root, &branch);
  ASSERT_NE(branch, root.page);
  destroy(branch);
  SalvageReport report = run();
  EXPECT_EQ(report.lost, 0U);
  EXPECT_GT(report.recovered, 0U);
  EXPECT_TRUE(report.complete());
  EXPECT_TRUE(found_ == sound_);
  // Its root beside it: the other branches lead to their leaves no more either.
  destroy(root.page);
  report = run();
  EXPECT_EQ(report.lost, 0U);
  EXPECT_TRUE(found_ == sound_);
}

TEST_P(SalvageValuesTest, ALostLeafLosesItsValues) {
  StoreSurgeon store(path());
  const std::uint64_t leaf = store.first_leaf(values_of(store, "many"));
  destroy(leaf);
  const SalvageReport report = run();
  ASSERT_EQ(report.losses.size(), 1U);
  EXPECT_EQ(report.losses[0].page, leaf);
  EXPECT_EQ(report.lost, page_count(store.page(leaf)));
}

TEST_P(SalvageValuesTest, BranchAndLeafBelowIt) {
  StoreSurgeon store(path());
  std::uint64_t branch = 0;
  const std::uint64_t leaf = store.first_leaf(values_of(store, "many"), &branch);
  destroy(branch);
  destroy(leaf);
  const SalvageReport report = run();
  ASSERT_EQ(report.losses.size(), 1U);
  EXPECT_EQ(report.losses[0].page, branch);
  EXPECT_NE(report.losses[0].what.find("'many'"), std::string::npos) << report.losses[0].what;
  EXPECT_EQ(report.lost, page_count(store.page(leaf)));
}

// Values of two keys that would fit either go to neither.
TEST_P(SalvageValuesTest, NothingIsGivenToTheWrongKey) {
  StoreSurgeon store(path());
  destroy(values_of(store, "many").page);
  destroy(values_of(store, "more").page);
  EXPECT_GT(run().lost, static_cast<std::uint64_t>(kMany));
}

// Nor values of a key that is lost with its leaf.
TEST_P(SalvageValuesTest, ValuesOfALostKeyGoToNoOther) {
  StoreSurgeon store(path());
  std::uint64_t branch = 0;
  store.first_leaf(values_of(store, "many"), &branch);
  destroy(branch);
  destroy(store.find("t", "more").first);
  EXPECT_GE(run().lost, static_cast<std::uint64_t>(kMany));
}

// A branch of the table and one of the values of a key below it.
TEST_P(SalvageValuesTest, BothLevelsOfBranches) {
  StoreSurgeon store(path());
  std::uint64_t branch = 0;
  store.first_leaf(values_of(store, "many"), &branch);
  destroy(branch);
  const Ref root = store.table_root("t");
  ASSERT_GE(root.level(), 1);
  destroy(root.page);
  const SalvageReport report = run();
  EXPECT_EQ(report.lost, 0U);
  EXPECT_TRUE(found_ == sound_);
}

INSTANTIATE_TEST_SUITE_P(Dense, SalvageValuesTest, testing::Bool());

class SalvageOrderTest : public StoreTest {};

TEST_F(SalvageOrderTest, ComparatorsAreNotNeeded) {
  const auto backwards = [](Bytes a, Bytes b) {
    return -engine::as_text(a).compare(engine::as_text(b));
  };
  {
    const Database database = open({.page_size = 256});
    must(database.register_comparator("backwards", backwards));
    const Table table = must(database.table("t"));
    WriteTxn txn = must(database.write());
    must(txn.create_table(table,
                          {.key_order = engine::Order::kCustom, .key_comparator = "backwards"}));
    for (int i = 0; i < 300; ++i) must(txn.put(table, as_bytes(std::to_string(i)), as_bytes("v")));
    must(txn.commit());
  }
  StoreSurgeon store(path());
  std::uint64_t branch = 0;
  store.first_leaf(store.table_root("t"), &branch);
  std::uint8_t* bytes = store.page(branch);
  bytes[100] ^= 1;
  store.write(path());
  for (const bool known : {false, true}) {
    const std::string to = directory().file(known ? "known" : "unknown");
    SalvageOptions options;
    if (known) options.comparators["backwards"] = backwards;
    const SalvageReport report = must(salvage(path(), to, options));
    EXPECT_EQ(report.lost == 0, known) << report.lost;
    const Database database = must(Database::open(to, {.create = false}));
    must(database.register_comparator("backwards", backwards));
    expect_clean(database);
    EXPECT_EQ(must(must(database.read()).count(must(database.table("t")))) + report.lost, 300U);
  }
}

TEST_F(SalvageOrderTest, OlderVersionsFillGapsWhenAskedFor) {
  {
    const Database database = open({.page_size = 4096});
    for (int round = 0; round < 3; ++round) put(database, "key", "value " + std::to_string(round));
  }
  StoreSurgeon store(path());
  store.page(store.slot.main.root.page)[200] ^= 1;
  store.write(path());
  EXPECT_EQ(must(salvage(path(), directory().file("strict"))).records, 0U);
  const SalvageReport report =
      must(salvage(path(), directory().file("older"), {.older_versions = true}));
  EXPECT_EQ(report.records, 1U);
  EXPECT_EQ(report.recovered, 1U);
  EXPECT_FALSE(report.complete());
  const Database database = must(Database::open(directory().file("older"), {.create = false}));
  EXPECT_EQ(get(database, "key"), "value 1");
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
