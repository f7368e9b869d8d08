#include "engine/os/process.h"

#include <time.h>
#include <unistd.h>

namespace kist::engine::os {

std::uint64_t process_number() {
  return static_cast<std::uint64_t>(::getpid());
}

std::uint64_t coarse_milliseconds() {
#ifdef CLOCK_MONOTONIC_COARSE
  constexpr clockid_t kClock = CLOCK_MONOTONIC_COARSE;
#else
  constexpr clockid_t kClock = CLOCK_MONOTONIC;
#endif
  timespec now{};
  if (::clock_gettime(kClock, &now) != 0) return 0;
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

}  // namespace kist::engine::os
