#pragma once

#include <cstdint>

namespace kist::engine {

/// Consecutive pages [start, start + pages).
struct Run {
  std::uint64_t start = 0;
  std::uint64_t pages = 0;
  std::uint64_t end() const { return start + pages; }
  friend bool operator==(const Run&, const Run&) = default;
};

/// A run born in transaction `birth` that a transaction gave up.
struct FreedRun {
  Run run;
  std::uint64_t birth = 0;
  friend bool operator==(const FreedRun&, const FreedRun&) = default;
};

/// A freed run that snapshots S with birth <= S < freed can see.
struct PendingRun {
  Run run;
  std::uint64_t birth = 0;
  std::uint64_t freed = 0;
  friend bool operator==(const PendingRun&, const PendingRun&) = default;
};

}  // namespace kist::engine
