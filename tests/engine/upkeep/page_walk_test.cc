#include <map>

#include <gtest/gtest.h>

#include <kist/engine/page_walk.h>

#include "tests/engine/upkeep/every_kind.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::page_stats;
using engine::PageStats;
using engine::PageUsage;
using engine::PageUse;
using engine::walk_pages;

class PageWalkTest : public StoreTest {};

TEST_F(PageWalkTest, VisitsEveryPageOnce) {
  for (const std::uint32_t page_size : {256U, 4096U, 65'536U}) {
    const Database database = must(Database::open(
        directory().file("store" + std::to_string(page_size)), {.page_size = page_size}));
    fill_every_kind(database, page_size);
    for (int i = 0; i < 5; ++i) put(database, "key 1", std::to_string(i));
    const auto stats = must(database.stats());
    std::vector<int> visits(stats.file_pages);
    must(walk_pages(database, [&](const PageUsage& usage) {
      for (std::uint64_t i = usage.page; i < usage.page + usage.pages; ++i) ++visits.at(i);
      EXPECT_LE(usage.bytes_used, usage.pages * page_size);
      return true;
    }));
    EXPECT_EQ(std::ranges::count(visits, 1), static_cast<std::ptrdiff_t>(visits.size()));
    expect_clean(database);
  }
}

TEST_F(PageWalkTest, AgreesWithTheStatisticsOfTables) {
  const Database database = open({.page_size = 256});
  fill_every_kind(database, 256);
  const ReadTxn txn = must(database.read());
  const PageStats stats = must(page_stats(database));
  std::uint64_t pages = stats.meta.pages + stats.branch.pages + stats.leaf.pages +
                        stats.large_value.pages + stats.space_record.pages + stats.free.pages +
                        stats.pending.pages;
  EXPECT_EQ(pages, must(database.stats()).file_pages);
  ASSERT_EQ(stats.tables.size(), must(txn.table_names()).size()) << "one has no pages";
  for (const engine::TablePages& table : stats.tables) {
    const auto expected =
        must(txn.table_stats(table.name.empty() ? Table() : must(database.table(table.name))));
    EXPECT_EQ(table.branch.pages, expected.branch_pages) << table.name;
    EXPECT_EQ(table.leaf.pages, expected.leaf_pages) << table.name;
    EXPECT_EQ(table.large_value.pages, expected.overflow_pages) << table.name;
    EXPECT_GT(table.leaf.bytes_used, table.leaf.pages * 256 / 4) << table.name;
  }
  expect_clean(database);
}

TEST_F(PageWalkTest, StopsWhenTheVisitorHasSeenEnough) {
  const Database database = open({.page_size = 256});
  fill_every_kind(database, 256);
  for (const int most : {1, 2, 3, 10, 40}) {
    int visits = 0;
    must(walk_pages(database, [&](const PageUsage&) { return ++visits < most; }));
    EXPECT_EQ(visits, most);
  }
}

}  // namespace
}  // namespace kist::test
