#include <gtest/gtest.h>

#include "tests/engine/upkeep/every_kind.h"
#include "tests/engine/upkeep/store_surgeon.h"
#include "tests/support/call_counter.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::CheckLevel;
using engine::CheckReport;
using engine::Progress;

class CheckLevelTest : public StoreTest {
 protected:
  void SetUp() override {
    const Database database = open();
    fill_every_kind(database, 4096);
    expect_clean(database);
  }
  bool clean(CheckLevel level) { return must(open().check({.level = level})).clean(); }
};

TEST_F(CheckLevelTest, ASoundStoreIsCleanAtEach) {
  const Database database = open();
  const CheckReport space = must(database.check({.level = CheckLevel::kSpace}));
  const CheckReport structure = must(database.check({.level = CheckLevel::kStructure}));
  const CheckReport everything = must(database.check());
  EXPECT_TRUE(space.clean() && structure.clean() && everything.clean());
  EXPECT_EQ(space.pages_walked, 0U);
  EXPECT_EQ(structure.pages_walked, everything.pages_walked);
  EXPECT_EQ(structure.records, everything.records);
}

TEST_F(CheckLevelTest, ADamagedValueIsSeenWhenValuesAreLookedAt) {
  StoreSurgeon store(path());
  const auto [leaf, index] = store.find_large(store.slot.main.root);
  const Ref run = load_ref(store.record(leaf, index).value());
  store.page(run.page)[1000] ^= 1;
  store.write(path());
  EXPECT_TRUE(clean(CheckLevel::kSpace));
  EXPECT_TRUE(clean(CheckLevel::kStructure));
  EXPECT_FALSE(clean(CheckLevel::kEverything));
}

TEST_F(CheckLevelTest, ADamagedLeafIsSeenWhenTreesAreLookedAt) {
  StoreSurgeon store(path());
  store.page(store.first_leaf(store.slot.main.root))[100] ^= 1;
  store.write(path());
  EXPECT_TRUE(clean(CheckLevel::kSpace));
  EXPECT_FALSE(clean(CheckLevel::kStructure));
  EXPECT_FALSE(clean(CheckLevel::kEverything));
}

TEST_F(CheckLevelTest, ADamagedSpaceRecordIsSeenAtOnce) {
  StoreSurgeon store(path());
  store.page(store.slot.space.page)[60] ^= 1;
  store.write(path());
  EXPECT_FALSE(clean(CheckLevel::kSpace));
}

TEST_F(CheckLevelTest, TellsHowFarItIsAndStopsWhenAsked) {
  const Database database = open();
  Progress last;
  const CheckReport report = must(database.check({.progress = [&](const Progress& progress) {
    EXPECT_LT(last.done, progress.done);
    EXPECT_LE(progress.done, progress.total);
    last = progress;
    return true;
  }}));
  EXPECT_GT(last.done, 0U);
  EXPECT_EQ(last.total, report.pages_walked);
  EXPECT_TRUE(fails(database.check({.progress = [](const Progress&) { return false; }}),
                    ErrorCode::kStopped));
}

}  // namespace
}  // namespace kist::test
