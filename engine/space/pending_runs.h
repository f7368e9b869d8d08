#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "engine/space/free_runs.h"
#include "engine/space/pins.h"
#include "engine/space/run.h"
#include "engine/space/run_walk.h"

namespace kist::engine {

/// Runs that were given up but that a pinned snapshot may still see, found by place and by the pin
/// that blocks them: the smallest one in [birth, freed). A run is looked at again only when that
/// pin is gone, so release() costs nothing for what an old reader holds.
class PendingRuns {
 public:
  /// Adds a run (not empty, birth < freed). False, and no change, when a page of it is pending
  /// already. It is looked at by the next release().
  bool add(const PendingRun& pending);
  /// The same for what transaction `txn` gave up and what is known not to be pending, in ascending
  /// order. Most of it the next release() makes free, so that it is never sorted in.
  void add_all(std::span<const FreedRun> freed, std::uint64_t txn);
  /// Takes out those of these pages that are pending. Returns how many.
  std::uint64_t remove_any(Run run);
  /// Moves every run that no pin can see to `free`.
  void release(const Pins& pins, FreeRuns& free);

  /// Pages that a snapshot can see, and those of them that no other pin does.
  struct Seen {
    std::uint64_t pages = 0;
    std::uint64_t alone = 0;
  };
  /// The same for each of `pins` (ascending, no repetitions). Costs O(runs log pins).
  std::vector<Seen> seen_by(const std::vector<std::uint64_t>& pins) const;

  /// Whether any page of `run` is pending.
  bool overlaps(Run run) const;
  /// The same for many runs in ascending order: walk().meets(run).
  auto walk() const {
    sort_in();
    return RunWalk(by_start_, [](const Entry& entry) { return entry.pages; });
  }
  std::uint64_t pages() const { return pages_; }
  std::size_t runs() const { return by_start_.size() + recent_.size(); }
  void clear();

  /// Calls `visit(const PendingRun&)` for each run in ascending order.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    sort_in();
    by_start_.for_each([&](std::uint64_t start, const Entry& entry) {
      visit(PendingRun{{start, entry.pages}, entry.birth, entry.freed});
    });
  }

 private:
  struct Entry {
    std::uint64_t pages = 0;
    std::uint64_t birth = 0;
    std::uint64_t freed = 0;
    std::uint64_t blocker = 0;  // bucket it is in
  };
  using ByStart = ChunkedMap<std::uint64_t, Entry>;
  ByStart::Place first_meeting(Run run) const;
  void release_bucket(const std::vector<std::uint64_t>& starts, std::uint64_t blocker,
                      const Pins& pins, FreeRuns& free);

  /// Brings recent_ to where everything else is. What looks for runs by their place does it first.
  void sort_in() const;
  /// The least pin that sees what was born and given up then; nothing: none does.
  static std::optional<std::uint64_t> blocker_of(const Pins& pins, std::uint64_t birth,
                                                 std::uint64_t freed);

  mutable ByStart by_start_;
  // Blocking pin -> starts of runs. A start may be out of date: it counts only while the run that
  // starts there names this bucket. Bucket 0 holds what no release() has seen.
  mutable std::map<std::uint64_t, std::vector<std::uint64_t>> buckets_;
  mutable std::vector<PendingRun> recent_;  // not yet in the two above
  std::uint64_t pages_ = 0;                 // of all three
};

}  // namespace kist::engine
