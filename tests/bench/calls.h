#pragma once

#include <cstdint>

namespace kist::bench {

/// What this process has asked of the system since it began, whichever library asked: calls.cc
/// stands in front of the C library's functions.
struct Calls {
  std::uint64_t flushes = 0;  ///< fsync, fdatasync, msync that waits, writes to an O_DSYNC file.
  std::uint64_t bytes_written = 0;  ///< By write, pwrite, writev, pwritev; not through a map.
};

Calls calls_so_far();

}  // namespace kist::bench
