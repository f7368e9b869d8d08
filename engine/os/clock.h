#pragma once

#include <cstdint>

namespace kist::engine::os {

/// Nanoseconds since some moment in the past, the same for all processes of the machine; never goes
/// back, and never 0. No system call where the platform allows.
std::uint64_t monotonic_nanoseconds();
/// Milliseconds of such a clock that is a few of them late, in a few nanoseconds.
std::uint64_t coarse_milliseconds();

}  // namespace kist::engine::os
