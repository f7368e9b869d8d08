#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <kist/engine/database.h>
#include <kist/engine/error.h>

namespace kist::engine {

/// What a page is used for.
enum class PageUse : std::uint8_t {
  kMetaSlots,  ///< The first 16 KiB.
  kBranch,
  kLeaf,
  kLargeValue,
  kSpaceRecord,
  kFree,     ///< The next commit may take it.
  kPending,  ///< Given up, but a snapshot may still see it.
};

/// Consecutive pages that belong together: one tree page, one large value, or a stretch of space.
struct PageUsage {
  std::uint64_t page = 0;
  std::uint64_t pages = 0;
  PageUse use = PageUse::kFree;
  /// Name of the table; empty for the default table and what belongs to none. Borrowed for the
  /// call.
  std::string_view table;
  bool catalog = false;          ///< Of the tree of named tables.
  std::uint8_t level = 0;        ///< Of a branch: 1 above the leaves.
  std::uint64_t birth = 0;       ///< Transaction that wrote it; 0 for free pages and meta slots.
  std::uint64_t entries = 0;     ///< Records of a leaf, children of a branch.
  std::uint64_t bytes_used = 0;  ///< Of its bytes; 0 for free pages.
};

/// Calls `visit` for every page of the newest snapshot, trees in key order, until it returns false:
/// for pictures of the file, or statistics of one's own. Pins the snapshot, blocks nobody. Errors:
/// kDamaged.
Result<void> walk_pages(const Database& database,
                        const std::function<bool(const PageUsage&)>& visit);

/// Pages and bytes of one use, or of one table.
struct PageCount {
  std::uint64_t pages = 0;
  std::uint64_t bytes_used = 0;
};

/// Pages of one table by their use.
struct TablePages {
  std::string name;  ///< Empty: the default table.
  PageCount branch;
  PageCount leaf;
  PageCount large_value;
};

/// The whole file by use.
struct PageStats {
  std::uint64_t page_size = 0;
  PageCount meta;
  PageCount branch;  ///< Of all trees, the catalog's included.
  PageCount leaf;
  PageCount large_value;
  PageCount space_record;
  PageCount free;
  PageCount pending;
  std::vector<TablePages> tables;  ///< The default table, and those that have pages, in
                                   ///< byte order of their names.
};

/// Counts what walk_pages() visits. Reads every tree page.
Result<PageStats> page_stats(const Database& database);

}  // namespace kist::engine
