// What a map tells the system about how it is read.

#include <algorithm>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "engine/os/mapping.h"
#include "engine/os/posix/system_error.h"

namespace kist::engine::os {
namespace {

int advice_number(AccessAdvice advice) {
  switch (advice) {
    case AccessAdvice::kNormal:
      return MADV_NORMAL;
    case AccessAdvice::kRandom:
      return MADV_RANDOM;
    case AccessAdvice::kSequential:
      return MADV_SEQUENTIAL;
    case AccessAdvice::kWillNeed:
      return MADV_WILLNEED;
  }
  return MADV_NORMAL;
}

/// Makes the system enter the pages into the map. Returns 0 or an errno.
int enter(std::uint8_t* from, std::size_t bytes) {
#ifdef MADV_POPULATE_READ
  if (uninterrupted([&] { return ::madvise(from, bytes, MADV_POPULATE_READ); }) == 0) return 0;
  if (errno != EINVAL) return errno;
#endif
  // Older systems: touching a byte of each page does the same, one fault after the other. The fault
  // guard covers what the file does not have any more.
  if (::madvise(from, bytes, MADV_WILLNEED) != 0) return errno;
  const auto step = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  for (std::size_t at = 0; at < bytes; at += step) {
    static_cast<void>(*const_cast<const volatile std::uint8_t*>(from + at));
  }
  return 0;
}

}  // namespace

Result<void> Mapping::advise(std::uint64_t bytes, AccessAdvice advice) const {
  const std::uint64_t length = std::min(bytes, size_);
  if (length != 0 && ::madvise(data_, length, advice_number(advice)) != 0) {
    return system_error("madvise", "map", errno);
  }
  return {};
}

Result<void> Mapping::populate(std::uint64_t from, std::uint64_t bytes) const {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t start = std::min(from, size_) / page * page;
  const std::uint64_t end = std::min(size_, from + bytes);
  if (end <= start) return {};
  const int error = enter(data_ + start, end - start);
  // EFAULT: the file was cut short meanwhile; whoever reads there learns it.
  if (error != 0 && error != EFAULT) return system_error("populate", "map", error);
  return {};
}

Result<void> Mapping::lock(std::uint64_t bytes) const {
  if (::mlock(data_, std::min(bytes, size_)) != 0) return system_error("mlock", "map", errno);
  return {};
}

Result<void> Mapping::unlock() const {
  if (::munlock(data_, size_) != 0) return system_error("munlock", "map", errno);
  return {};
}

}  // namespace kist::engine::os
