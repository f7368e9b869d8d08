#pragma once

#include <array>
#include <bit>
#include <cstddef>
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

/// How long one step took, each time it was done; nanoseconds.
struct Latency {
  static constexpr std::size_t kBuckets = 40;
  /// Of a duration: 0 for 0, else one more than the position of its highest bit; the last bucket
  /// takes what is longer. Bucket i > 0 holds durations from 2^(i - 1) on, below 2^i.
  static constexpr std::size_t bucket_of(std::uint64_t nanoseconds) {
    const auto bucket = static_cast<std::size_t>(std::bit_width(nanoseconds));
    return bucket < kBuckets ? bucket : kBuckets - 1;
  }

  std::uint64_t count = 0;
  std::uint64_t total = 0;
  std::uint64_t longest = 0;
  std::array<std::uint64_t, kBuckets> buckets{};  ///< How many of each magnitude.
};

/// Where the time of this process's write transactions went since it opened the environment.
struct CommitProfile {
  Latency lock;   ///< Waiting for the writer's place. Every write transaction; the rest: commits.
  Latency tree;   ///< Catalog, plan of the space, growth of the file.
  Latency hash;   ///< Numbering, putting in order and hashing the pages.
  Latency write;  ///< Writing them.
  Latency flush;  ///< Durable commits: waiting for the flush, one's own or another's.
};

/// Sizes and counters of an environment, taken from one snapshot.
struct EnvironmentStats {
  std::uint32_t page_size = 0;        ///< Bytes.
  std::uint64_t file_pages = 0;       ///< Length of the file, in pages.
  std::uint64_t free_pages = 0;       ///< Pages that the next commit may take.
  std::uint64_t pending_pages = 0;    ///< Freed pages that a pinned snapshot may still need.
  std::uint64_t transaction_id = 0;   ///< Newest committed transaction.
  std::uint64_t durable_id = 0;       ///< Newest transaction known to be on the device.
  std::uint64_t oldest_pinned = 0;    ///< Oldest snapshot that a reader holds, or transaction_id.
  std::uint64_t tables = 0;           ///< Named tables.
  std::uint64_t flushes = 0;          ///< Flushes by this process since it opened.
  std::uint64_t bytes_written = 0;    ///< Bytes written by this process since it opened.
  std::uint64_t unflushed_bytes = 0;  ///< What the next flush has to write, about.
  std::uint64_t pages_reused = 0;     ///< Pages that this process took from reclaimed space.
  std::uint64_t pages_verified = 0;   ///< Tree pages that this process verified at first touch.
  PageOperations operations;  ///< Of this process's transactions that have ended since it opened.
  CommitProfile commits;      ///< Of this process.
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
