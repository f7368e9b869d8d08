#include <gtest/gtest.h>

#include <kist/engine/copy_table.h>

#include "tests/engine/upkeep/every_kind.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::copy_table;

class CopyTableTest : public StoreTest {
 protected:
  CopyTableTest()
      : from(open({.page_size = 512})),
        to(must(Database::open(directory().file("other"), {.page_size = 8192}))) {
    fill_every_kind(from, 512);
  }
  ~CopyTableTest() override {
    expect_clean(from);
    expect_clean(to);
  }

  Database from;
  Database to;
};

TEST_F(CopyTableTest, BetweenEnvironments) {
  const ReadTxn source = must(from.read());
  {
    WriteTxn target = must(to.write());
    EXPECT_EQ(must(copy_table(source, {}, target, {})), must(source.count({})));
    for (const std::string& name : must(source.table_names())) {
      const Table table = must(from.table(name));
      engine::Progress last;
      const auto copied = copy_table(source, table, target, must(to.table(name)),
                                     [&](const engine::Progress& progress) {
                                       last = progress;
                                       return true;
                                     });
      EXPECT_EQ(must(copied), must(source.count(table)));
      EXPECT_EQ(last.done, last.total);
    }
    must(target.commit());
  }
  expect_same_content(from, source, to, must(to.read()));
}

TEST_F(CopyTableTest, UnderAnotherNameInTheSameEnvironment) {
  const ReadTxn source = must(from.read());
  const Table copy = must(from.table("copy"));
  WriteTxn target = must(from.write());
  must(copy_table(source, must(from.table("many")), target, copy));
  EXPECT_EQ(all_records(target, copy), all_records(source, must(from.table("many"))));
  EXPECT_TRUE(
      fails(copy_table(target, copy, target, must(from.table("again"))), ErrorCode::kMisuse));
  must(target.commit());
}

TEST_F(CopyTableTest, OfAnUncommittedState) {
  WriteTxn source = must(from.write());
  must(source.put({}, as_bytes("uncommitted"), as_bytes(std::string(3000, 'u'))));
  WriteTxn target = must(to.write());
  must(copy_table(source, {}, target, {}));
  EXPECT_EQ(get(target, "uncommitted"), std::string(3000, 'u'));
}

TEST_F(CopyTableTest, RefusesWhatIsThere) {
  const ReadTxn source = must(from.read());
  const Table few = must(to.table("few"));
  WriteTxn target = must(to.write());
  must(target.create_table(few));
  EXPECT_TRUE(
      fails(copy_table(source, must(from.table("few")), target, few), ErrorCode::kTableExists));
  EXPECT_TRUE(
      fails(copy_table(source, must(from.table("few")), target, {}), ErrorCode::kOptionConflict));
  EXPECT_TRUE(
      fails(copy_table(source, must(from.table("none")), target, {}), ErrorCode::kTableNotFound));
  must(target.put({}, as_bytes("a"), as_bytes("b")));
  EXPECT_TRUE(fails(copy_table(source, {}, target, {}), ErrorCode::kTableExists));
}

TEST_F(CopyTableTest, StopsWhenAsked) {
  const ReadTxn source = must(from.read());
  WriteTxn target = must(to.write());
  EXPECT_TRUE(fails(copy_table(source, {}, target, {}, [](const auto&) { return false; }),
                    ErrorCode::kStopped));
}

}  // namespace
}  // namespace kist::test
