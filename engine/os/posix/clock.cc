#include "engine/os/clock.h"

#include <ctime>

namespace kist::engine::os {

std::uint64_t monotonic_nanoseconds() {
  timespec now{};
  static_cast<void>(::clock_gettime(CLOCK_MONOTONIC, &now));
  constexpr std::uint64_t kSecond = 1'000'000'000;
  return static_cast<std::uint64_t>(now.tv_sec) * kSecond +
         static_cast<std::uint64_t>(now.tv_nsec) + 1;
}

}  // namespace kist::engine::os
