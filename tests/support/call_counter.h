#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <string>

#include "engine/os/call_observer.h"

namespace kist::test {

using engine::os::Call;

/// Counts calls of each kind and, when asked to, fails one of them. Thread-safe.
class CallCounter : public engine::os::CallObserver {
 public:
  int before(const Call& call) override {
    total_.fetch_add(1);
    counts_[static_cast<std::size_t>(call.kind)].fetch_add(1);
    if (failing_.load() && call.kind == fail_kind_ && !call.path.ends_with("-lock") &&
        fail_skip_.fetch_sub(1) <= 0) {
      return fail_errno_;
    }
    return 0;
  }

  /// Calls of that kind since reset().
  int count(Call::Kind kind) const { return counts_[static_cast<std::size_t>(kind)].load(); }
  /// All calls since reset().
  int total() const { return total_.load(); }
  void reset() {
    total_ = 0;
    for (std::atomic<int>& count : counts_) count = 0;
  }

  /// From now on, after `skip` successful ones, calls of that kind on any file but the lock file
  /// fail.
  void fail(Call::Kind kind, int error, int skip = 0) {
    fail_kind_ = kind;
    fail_errno_ = error;
    fail_skip_ = skip;
    failing_ = true;
  }
  void stop_failing() { failing_ = false; }

 private:
  static constexpr std::size_t kKinds = static_cast<std::size_t>(Call::Kind::kLock) + 1;
  std::array<std::atomic<int>, kKinds> counts_{};
  std::atomic<int> total_{0};
  std::atomic<bool> failing_{false};
  Call::Kind fail_kind_ = Call::Kind::kOpen;
  int fail_errno_ = 0;
  std::atomic<int> fail_skip_{0};
};

}  // namespace kist::test
