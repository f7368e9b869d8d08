// What imports do with what is there already.

#include <gtest/gtest.h>

#include "tests/kvstore/transfer/safe_mode_writer.h"
#include "tests/kvstore/transfer/transfer_fixture.h"

namespace kist::test {
namespace {

class ImportTest : public TransferTest {
 protected:
  /// A source with the keys 0 to 2,999, and a multi store.
  std::string source() const {
    SafeModeDatabase many{"many", 0, {}};
    for (int i = 0; i < 3000; ++i) many.records[std::to_string(i)] = {rkv(ValueView::i64(i))};
    SafeModeDatabase tags{"tags", 1, {{"x", {rkv(ValueView::i64(1)), rkv(ValueView::i64(2))}}}};
    return write_file("data.safe.bin", safe_mode_file({many, tags}, true));
  }
};

TEST_F(ImportTest, AConflictIsAnErrorAndChangesNothing) {
  const Profile profile = open();
  const Store many = must(profile.open_store("many"));
  must(many.put("2999", ValueView::string("other")));
  EXPECT_TRUE(failed_with(import_file(profile, source()), ErrorCode::kAlreadyExists,
                          "store 'many': key '2999'"));
  EXPECT_EQ(must(many.count()), 1U);
  EXPECT_EQ(must(profile.stores()).size(), 1U);
  must(profile.close());
}

TEST_F(ImportTest, WhatIsThereStaysOrIsReplacedWhenAsked) {
  const Profile profile = open();
  const Store many = must(profile.open_store("many"));
  const Store tags = must(profile.open_store("tags", {.multi = true}));
  must(tags.put("x", ValueView::i64(3)));
  must(tags.put("x", ValueView::i64(2)));
  must(many.put("7", ValueView::string("other")));
  must(many.put("8", ValueView::i64(8)));
  must(many.put("mine", ValueView::i64(-1)));
  const ImportReport kept = must(import_file(profile, source(), {.conflict = OnConflict::kIgnore}));
  EXPECT_EQ(kept.records, 3002U);
  EXPECT_EQ(kept.added, 2998U + 1U);
  EXPECT_EQ(kept.unchanged, 1U + 1U);
  EXPECT_EQ(kept.ignored, 1U);
  EXPECT_EQ(kept.replaced, 0U);
  EXPECT_EQ(must(many.get<std::string>("7")), "other");
  EXPECT_EQ(must(tags.count()), 3U);
  const ImportReport replaced =
      must(import_file(profile, source(), {.conflict = OnConflict::kReplace}));
  EXPECT_EQ(replaced.replaced, 1U);
  EXPECT_EQ(replaced.unchanged, 3001U);
  EXPECT_EQ(must(many.get<std::int64_t>("7")), 7);
  EXPECT_EQ(must(many.count()), 3001U);
  must(profile.close());
}

TEST_F(ImportTest, OnlyTheStoresThatAreAskedFor) {
  const Profile profile = open();
  const ImportReport report = must(import_file(profile, source(), {.stores = {"tags"}}));
  EXPECT_EQ(report.stores, 1U);
  EXPECT_EQ(report.records, 2U);
  EXPECT_EQ(must(profile.stores()).size(), 1U);
  must(profile.close());
}

TEST_F(ImportTest, TellsHowFarItIsAndStops) {
  const Profile profile = open();
  std::uint64_t last = 0;
  ImportOptions options;
  options.progress = [&](const engine::Progress& progress) {
    EXPECT_EQ(progress.total, 3002U);
    EXPECT_GT(progress.done, last);
    last = progress.done;
    return true;
  };
  must(import_file(profile, source(), options));
  EXPECT_EQ(last, 3002U);
  const Profile other =
      must(Manager::instance().open(directory() / "other", {.create_directory = true}));
  options.progress = [](const engine::Progress&) { return false; };
  EXPECT_EQ(code_of(import_file(other, source(), options)), ErrorCode::kStopped);
  EXPECT_TRUE(must(other.stores()).empty());
  must(other.close());
  must(profile.close());
}

TEST_F(ImportTest, AStoreOfAnotherKindIsRefused) {
  const Profile profile = open();
  must(profile.open_store("many", {.multi = true}));
  EXPECT_EQ(code_of(import_file(profile, source())), ErrorCode::kWrongKind);
  EXPECT_EQ(must(profile.stores()).size(), 1U);
  must(profile.close());
}

TEST_F(ImportTest, NeedsAProfileThatCanBeWritten) {
  must(open().close());
  const Profile profile = open({.create = false, .read_only = true});
  EXPECT_EQ(code_of(import_file(profile, source())), ErrorCode::kReadOnly);
  must(profile.close());
  EXPECT_EQ(code_of(import_file(profile, source())), ErrorCode::kClosed);
}

}  // namespace
}  // namespace kist::test
