#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <kist/engine/stats.h>

#include "engine/os/clock.h"

namespace kist::engine {

/// Collects durations from any threads. Two of its numbers may be of different moments.
class LatencyRecorder {
 public:
  void add(std::uint64_t nanoseconds) {
    count_.fetch_add(1, std::memory_order_relaxed);
    total_.fetch_add(nanoseconds, std::memory_order_relaxed);
    std::uint64_t longest = longest_.load(std::memory_order_relaxed);
    while (longest < nanoseconds &&
           !longest_.compare_exchange_weak(longest, nanoseconds, std::memory_order_relaxed)) {
    }
    buckets_[Latency::bucket_of(nanoseconds)].fetch_add(1, std::memory_order_relaxed);
  }
  Latency read() const {
    Latency latency;
    latency.count = count_.load(std::memory_order_relaxed);
    latency.total = total_.load(std::memory_order_relaxed);
    latency.longest = longest_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < latency.buckets.size(); ++i) {
      latency.buckets[i] = buckets_[i].load(std::memory_order_relaxed);
    }
    return latency;
  }

 private:
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> total_{0};
  std::atomic<std::uint64_t> longest_{0};
  std::atomic<std::uint64_t> buckets_[Latency::kBuckets]{};
};

/// The steps of a commit, one recorder each; see CommitProfile.
struct CommitRecorders {
  LatencyRecorder lock, tree, hash, write, flush;

  CommitProfile read() const {
    return {lock.read(), tree.read(), hash.read(), write.read(), flush.read()};
  }
};

/// Measures one step after the other.
class Stopwatch {
 public:
  /// Nanoseconds since the last call, or since the beginning.
  std::uint64_t lap() {
    const std::uint64_t now = os::monotonic_nanoseconds();
    return now - std::exchange(last_, now);
  }

 private:
  std::uint64_t last_ = os::monotonic_nanoseconds();
};

}  // namespace kist::engine
