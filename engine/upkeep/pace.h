#pragma once

#include <chrono>
#include <cstdint>

#include <kist/engine/error.h>
#include <kist/engine/progress.h>

namespace kist::engine {

/// Tells how far an operation has come, and holds it back to a rate.
class Pace {
 public:
  /// `callback` may be empty. `bytes_per_second`: 0 is as fast as possible.
  Pace(ProgressCallback callback, std::uint64_t bytes_per_second)
      : callback_(std::move(callback)), bytes_per_second_(bytes_per_second) {}

  /// What report() counts towards.
  void expect(std::uint64_t total) { progress_.total = total; }
  /// `done` more units were done, and `bytes` moved. Sleeps when that was too fast. Errors:
  /// kStopped.
  Result<void> report(std::uint64_t done, std::uint64_t bytes);
  /// Units done so far.
  std::uint64_t done() const { return progress_.done; }

 private:
  ProgressCallback callback_;
  const std::uint64_t bytes_per_second_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::uint64_t bytes_ = 0;
  Progress progress_;
};

}  // namespace kist::engine
