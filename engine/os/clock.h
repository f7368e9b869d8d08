#pragma once

#include <cstdint>

namespace kist::engine::os {

/// Nanoseconds since some moment in the past, the same for all processes of the machine; never goes
/// back, and never 0. No system call where the platform allows.
std::uint64_t monotonic_nanoseconds();

}  // namespace kist::engine::os
