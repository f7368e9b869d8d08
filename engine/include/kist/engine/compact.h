#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace kist::engine {

/// How much one step of compaction does at most. It is a write transaction, which keeps other
/// writers waiting for so long.
struct CompactBudget {
  std::uint64_t pages = 4096;                          ///< Pages to move, at least 1.
  std::optional<std::chrono::milliseconds> time = {};  ///< Time to spend before the commit.
};

/// What a step of compaction did.
struct CompactProgress {
  std::uint64_t pages_moved = 0;
  std::uint64_t file_pages = 0;  ///< Length of the file now.
  /// Pages that were given up and cannot be used yet: snapshots hold them back, or the next flush
  /// frees them. If there are many at the end, the file may be longer than it has to be: compact
  /// again when the readers have gone.
  std::uint64_t pages_held = 0;
  bool done = false;  ///< Whether nothing is left to be done; the next step begins anew.
};

}  // namespace kist::engine
