#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "engine/space/chunked_map.h"
#include "engine/space/run.h"
#include "engine/space/run_walk.h"

namespace kist::engine {

/// A set of pages kept as maximal runs, found by place and by length. All operations cost O(log n)
/// in the number of runs.
class FreeRuns {
 public:
  /// Adds `run` (not empty) and joins it with its neighbours. False, and no change, when a page of
  /// it is in the set already.
  bool insert(Run run);
  /// Takes exactly these pages out. False, and no change, when one of them is not in the set.
  bool remove(Run run);
  /// Takes out those of these pages that are in the set. Returns how many.
  std::uint64_t remove_any(Run run);

  /// The shortest run of at least `pages` pages, the one nearest the start of the file among
  /// equals.
  std::optional<Run> best_fit(std::uint64_t pages) const;
  /// The longest run; empty when there is none.
  Run longest() const;
  /// The run of at least `pages` pages that is nearest the start of the file. Costs O(runs).
  std::optional<Run> lowest_fit(std::uint64_t pages) const;
  /// How many of the runs nearest the start together have `pages` pages, likewise. Costs O(answer).
  std::size_t lowest_covering(std::uint64_t pages) const;
  /// The run nearest the start; empty when there is none.
  Run lowest() const { return run_at(by_start_.begin()); }
  /// How many of the longest runs together have `pages` pages; all runs when they do not. Costs
  /// O(answer).
  std::size_t longest_covering(std::uint64_t pages) const;
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
  struct Length {  // in the order in which runs are chosen
    std::uint64_t pages;
    std::uint64_t start;
    auto operator<=>(const Length&) const = default;
  };
  struct Nothing {};
  using ByStart = ChunkedMap<std::uint64_t, std::uint64_t>;

  static Run run_of(const Length& length) { return {length.start, length.pages}; }
  /// The run at a place; empty at the end.
  Run run_at(ByStart::Place at) const {
    return at == by_start_.end() ? Run{} : Run{by_start_[at].key, by_start_[at].value};
  }
  void add_length(Run run);
  void remove_length(Run run);

  ByStart by_start_;  // start -> pages
  ChunkedMap<Length, Nothing> by_length_;
  std::uint64_t pages_ = 0;
};

}  // namespace kist::engine
