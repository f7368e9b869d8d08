#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace kist::engine::os {

/// Waits while `word`, which may lie in memory that processes share, holds `expected` in its low 32
/// bits, until wake_all() is called for it in any process, or for as long as `limit`. May return
/// early for no reason.
void wait_while(const std::atomic<std::uint64_t>& word, std::uint64_t expected,
                std::chrono::nanoseconds limit);

/// Wakes everybody who waits for `word`. To be called after it has changed.
void wake_all(const std::atomic<std::uint64_t>& word);

/// Tells the processor that the thread watches a word that another one is about to change.
inline void spin() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  asm volatile("yield");
#endif
}

}  // namespace kist::engine::os
