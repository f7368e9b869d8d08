#include "engine/os/wake.h"

#include <bit>
#include <climits>
#include <ctime>
#include <thread>

#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace kist::engine::os {

#ifdef __linux__
namespace {

/// The half of the word that the kernel looks at.
const std::uint32_t* low_half(const std::atomic<std::uint64_t>& word) {
  const auto* halves = reinterpret_cast<const std::uint32_t*>(&word);
  return std::endian::native == std::endian::little ? halves : halves + 1;
}

}  // namespace

void wait_while(const std::atomic<std::uint64_t>& word, std::uint64_t expected,
                std::chrono::nanoseconds limit) {
  constexpr long kSecond = 1'000'000'000;
  const timespec timeout{static_cast<time_t>(limit.count() / kSecond),
                         static_cast<long>(limit.count() % kSecond)};
  // Whatever it returns (woken, changed before, interrupted, too late), the caller looks again.
  static_cast<void>(::syscall(SYS_futex, low_half(word), FUTEX_WAIT,
                              static_cast<std::uint32_t>(expected), &timeout, nullptr, 0));
}

void wake_all(const std::atomic<std::uint64_t>& word) {
  static_cast<void>(::syscall(SYS_futex, low_half(word), FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0));
}
#else
void wait_while(const std::atomic<std::uint64_t>& word, std::uint64_t expected,
                std::chrono::nanoseconds limit) {
  // Without a way to wait for memory that processes share: look again soon.
  constexpr std::chrono::nanoseconds kPause{200'000};
  const auto end = std::chrono::steady_clock::now() + limit;
  while (static_cast<std::uint32_t>(word.load()) == static_cast<std::uint32_t>(expected) &&
         std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::min(kPause, limit));
  }
}

void wake_all(const std::atomic<std::uint64_t>&) {}
#endif

}  // namespace kist::engine::os
