#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kist::engine {

/// What write transactions did to the pages of trees, committed or not.
struct PageOperations {
  std::uint64_t copied = 0;   ///< Pages of the file that a copy in memory took the place of.
  std::uint64_t created = 0;  ///< New pages.
  std::uint64_t split = 0;    ///< Pages that became several.
  std::uint64_t merged = 0;   ///< Pairs of pages that became one.
  std::uint64_t spilled = 0;  ///< Pages written before the commit, for want of memory.
  friend bool operator==(const PageOperations&, const PageOperations&) = default;
};

/// Sizes and counters of an environment, taken from one snapshot.
struct EnvironmentStats {
  std::uint32_t page_size = 0;       ///< Bytes.
  std::uint64_t file_pages = 0;      ///< Length of the file, in pages.
  std::uint64_t free_pages = 0;      ///< Pages that the next commit may take.
  std::uint64_t pending_pages = 0;   ///< Freed pages that a pinned snapshot may still need.
  std::uint64_t transaction_id = 0;  ///< Newest committed transaction.
  std::uint64_t durable_id = 0;      ///< Newest transaction known to be on the device.
  std::uint64_t oldest_pinned = 0;   ///< Oldest snapshot that a reader holds, or transaction_id.
  std::uint64_t tables = 0;          ///< Named tables.
  std::uint64_t flushes = 0;         ///< Flushes by this process since it opened.
  std::uint64_t bytes_written = 0;   ///< Bytes written by this process since it opened.
  std::uint64_t pages_reused = 0;    ///< Pages that this process took from reclaimed space.
  std::uint64_t pages_verified = 0;  ///< Tree pages that this process verified at first touch.
  PageOperations operations;  ///< Of this process's transactions that have ended since it opened.
};

/// Shape of one table in one snapshot.
struct TableStats {
  std::uint64_t records = 0;
  std::uint64_t depth = 0;  ///< Levels; 0 when empty.
  std::uint64_t branch_pages = 0;
  std::uint64_t leaf_pages = 0;
  std::uint64_t overflow_pages = 0;
};

/// One broken invariant found by check().
struct Violation {
  std::uint64_t page = 0;  ///< Page concerned; 0 for the file as a whole.
  std::string where;  ///< Path from the root, for instance "table 'a' > branch 17[3] > leaf 9".
  std::string what;   ///< What was found and what was expected.
};

/// Everything that check() saw.
struct CheckReport {
  std::vector<Violation> violations;
  std::uint64_t pages_walked = 0;
  std::uint64_t records = 0;
  bool clean() const { return violations.empty(); }
};

}  // namespace kist::engine
