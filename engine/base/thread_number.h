#pragma once

#include <atomic>
#include <cstdint>

namespace kist::engine {

/// A number of the calling thread that no other thread of this process has or had; never 0. (The
/// numbers that the system gives are used again once a thread has ended.)
inline std::uint64_t this_thread_number() {
  static constinit std::atomic<std::uint64_t> last{0};
  static constinit thread_local std::uint64_t mine = 0;
  if (mine == 0) mine = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return mine;
}

}  // namespace kist::engine
