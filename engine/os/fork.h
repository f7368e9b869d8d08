#pragma once

#include <atomic>
#include <cstdint>

namespace kist::engine::os {

namespace fork_internal {
inline std::atomic<std::uint32_t> count{0};
}

/// How many fork()s lie between the process that first opened a file and this one. An object that
/// remembers the number of its birth knows, by comparing, that it was inherited: its Files are
/// closed and its maps are replaced by private zeros before fork() returns in the child.
inline std::uint32_t fork_count() {
  // Relaxed: changed only while the child has a single thread.
  return fork_internal::count.load(std::memory_order_relaxed);
}

}  // namespace kist::engine::os
