#pragma once

#include <atomic>
#include <cstdint>

#include <kist/engine/stats.h>

namespace kist::engine {

/// Sums up what the write transactions of an environment did, each when it ends. Thread-safe.
class OperationCounters {
 public:
  void add(const PageOperations& done) {
    add(copied_, done.copied);
    add(created_, done.created);
    add(split_, done.split);
    add(merged_, done.merged);
    add(spilled_, done.spilled);
  }
  PageOperations sum() const {
    return {.copied = copied_,
            .created = created_,
            .split = split_,
            .merged = merged_,
            .spilled = spilled_};
  }

 private:
  using Counter = std::atomic<std::uint64_t>;
  static void add(Counter& counter, std::uint64_t done) {
    counter.fetch_add(done, std::memory_order_relaxed);
  }

  Counter copied_ = 0;
  Counter created_ = 0;
  Counter split_ = 0;
  Counter merged_ = 0;
  Counter spilled_ = 0;
};

}  // namespace kist::engine
