#include "engine/upkeep/pace.h"

#include <thread>

namespace kist::engine {

Result<void> Pace::report(std::uint64_t done, std::uint64_t bytes) {
  progress_.done += done;
  bytes_ += bytes;
  if (callback_ && !callback_(progress_)) {
    return fail(ErrorCode::kStopped, "stopped by the progress callback");
  }
  if (bytes_per_second_ != 0) {
    const double due = static_cast<double>(bytes_) / static_cast<double>(bytes_per_second_);
    std::this_thread::sleep_until(start_ +
                                  std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                      std::chrono::duration<double>(due)));
  }
  return {};
}

}  // namespace kist::engine
