#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kist::engine {

/// Moments of a write transaction whose state must stay what it was: because the transaction may be
/// rolled back to it, or because somebody reads it. Between two marks lies an epoch. What was made
/// in epoch B and given up in epoch F belongs to the state at mark M exactly when B < M <= F, as
/// with snapshots of the file.
class Marks {
 public:
  /// The present epoch.
  std::uint64_t now() const { return now_; }
  /// The newest mark, or 0. What was made before it must not be changed any more.
  std::uint64_t newest() const { return newest_; }
  /// Whether the state at some mark has what was made in `born` and given up in `died`.
  bool seen(std::uint64_t born, std::uint64_t died) const {
    const auto after = std::ranges::upper_bound(marks_, born);
    return after != marks_.end() && *after <= died;
  }

  /// Marks the present state, and begins the epoch of the same number.
  std::uint64_t set() {
    marks_.push_back(++now_);
    newest_ = now_;
    return now_;
  }
  /// Takes a mark away.
  void remove(std::uint64_t mark) {
    std::erase(marks_, mark);
    newest_ = marks_.empty() ? 0 : marks_.back();
  }
  void reset() { *this = {}; }

 private:
  std::uint64_t now_ = 1;
  std::uint64_t newest_ = 0;
  std::vector<std::uint64_t> marks_;  // ascending
};

}  // namespace kist::engine
