#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/space/chunked_map.h"
#include "engine/space/run.h"
#include "engine/space/run_walk.h"

namespace kist::engine {

/// A set of pages kept as maximal runs, found by place. All operations cost O(log n) in the number
/// of runs.
class RunSet {
 public:
  /// Runs that an insertion joined to `whole`; empty when there was none on that side.
  struct Joined {
    Run before;
    Run behind;
    Run whole;
  };
  /// What a removal left of the run `whole`.
  struct Parted {
    Run whole;
    Run before;
    Run behind;
  };

  /// Adds `run` (not empty) and joins it with its neighbours. Nothing, and no change, when a page
  /// of it is in the set already.
  std::optional<Joined> insert(Run run);
  /// Takes exactly these pages out. Nothing, and no change, when one of them is not in the set.
  std::optional<Parted> remove(Run run);

  /// The run nearest the start; empty when there is none.
  Run lowest() const { return run_at(by_start_.begin()); }
  /// The run of at least `pages` pages that is nearest the start of the file. Costs O(runs).
  std::optional<Run> lowest_fit(std::uint64_t pages) const;
  /// How many of the runs nearest the start together have `pages` pages; all runs when they do not.
  /// Costs O(answer).
  std::size_t lowest_covering(std::uint64_t pages) const;
  /// The run that ends at `end`; empty when there is none.
  Run ending_at(std::uint64_t end) const;
  /// The part of the first run that meets `window` which lies inside it; empty when there is none.
  Run first_within(Run window) const;
  /// Whether any page of `run` is in the set.
  bool overlaps(Run run) const { return first_within(run).pages != 0; }
  /// The same for many runs in ascending order: walk().meets(run).
  auto walk() const {
    return RunWalk(by_start_, [](std::uint64_t pages) { return pages; });
  }

  std::uint64_t pages() const { return pages_; }
  std::size_t runs() const { return by_start_.size(); }
  bool empty() const { return by_start_.empty(); }
  void clear();

  /// Calls `visit(Run)` for each run in ascending order.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    by_start_.for_each([&](std::uint64_t start, std::uint64_t pages) { visit(Run{start, pages}); });
  }

 private:
  using ByStart = ChunkedMap<std::uint64_t, std::uint64_t>;

  /// The run at a place; empty at the end.
  Run run_at(ByStart::Place at) const {
    return at == by_start_.end() ? Run{} : Run{by_start_[at].key, by_start_[at].value};
  }

  ByStart by_start_;  // start -> pages
  std::uint64_t pages_ = 0;
};

}  // namespace kist::engine
