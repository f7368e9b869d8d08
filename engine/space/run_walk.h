#pragma once

#include <cstdint>

#include "engine/space/run.h"

namespace kist::engine {

/// Answers whether runs meet any run of a set, when they are asked about in ascending order: by
/// going along the set, and searching only where the next run lies far ahead. The set, a map from
/// starts to what `PagesOf` turns into lengths, must not change meanwhile.
template <typename ByStart, typename PagesOf>
class RunWalk {
 public:
  RunWalk(const ByStart& runs, PagesOf pages_of)
      : runs_(runs), at_(runs.begin()), pages_of_(pages_of) {}

  /// `run` starts nowhere before the one asked about before.
  bool meets(Run run) {
    for (int steps = 0; at_ != runs_.end() && end_of(at_) <= run.start; at_ = runs_.next(at_)) {
      if (++steps <= kMostSteps) continue;
      at_ = runs_.upper_bound(run.start);
      if (at_ == runs_.begin()) break;
      if (const At before = runs_.previous(at_); end_of(before) > run.start) at_ = before;
      break;
    }
    return at_ != runs_.end() && runs_[at_].key < run.end();
  }

 private:
  using At = typename ByStart::Place;
  static constexpr int kMostSteps = 3;
  std::uint64_t end_of(At at) const { return runs_[at].key + pages_of_(runs_[at].value); }

  const ByStart& runs_;
  At at_;  // the first run that ends behind the start of what was asked about last
  PagesOf pages_of_;
};

}  // namespace kist::engine
