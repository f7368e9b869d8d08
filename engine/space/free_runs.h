#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/space/run_set.h"

namespace kist::engine {

/// The set of free pages: runs found by place and by length. All operations cost O(log n) in the
/// number of runs where nothing else is said.
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
  /// The longest run, the one nearest the start among equals; empty when there is none. Of runs of
  /// 65,535 pages and more any may count as the longest.
  Run longest() const;
  /// How many of the longest runs together have `pages` pages; all runs when they do not. Costs
  /// O(answer).
  std::size_t longest_covering(std::uint64_t pages) const;

  // By place, as RunSet has them.
  Run lowest() const { return set_.lowest(); }
  std::optional<Run> lowest_fit(std::uint64_t pages) const { return set_.lowest_fit(pages); }
  std::size_t lowest_covering(std::uint64_t pages) const { return set_.lowest_covering(pages); }
  Run ending_at(std::uint64_t end) const { return set_.ending_at(end); }
  Run first_within(Run window) const { return set_.first_within(window); }
  bool overlaps(Run run) const { return set_.overlaps(run); }
  auto walk() const { return set_.walk(); }
  std::uint64_t pages() const { return set_.pages(); }
  std::size_t runs() const { return set_.runs(); }
  bool empty() const { return set_.empty(); }
  void clear();
  /// Calls `visit(Run)` for each run in ascending order.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    set_.for_each(visit);
  }

 private:
  // Length in the high bits, as far as it fits, and start in the low ones: the order in which runs
  // are chosen, in one word that is compared quickly.
  static constexpr std::uint64_t kLong = 0xFFFF;  // and what is longer
  static std::uint64_t length_key(std::uint64_t pages, std::uint64_t start) {
    return (pages < kLong ? pages : kLong) << 48 | start;
  }
  using ByLength = ChunkedMap<std::uint64_t, std::uint64_t>;

  Run run_at(ByLength::Place at) const {
    constexpr std::uint64_t kStart = (std::uint64_t{1} << 48) - 1;
    return {by_length_[at].key & kStart, by_length_[at].value};
  }
  void add_length(Run run);
  void remove_length(Run run);

  RunSet set_;
  ByLength by_length_;  // length_key() -> pages
};

}  // namespace kist::engine
