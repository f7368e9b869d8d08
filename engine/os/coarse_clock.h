#pragma once

#include <cstdint>

namespace kist::engine::os {

/// Milliseconds since some moment in the past; a few of them late, but without a system call and in
/// a few nanoseconds.
std::uint64_t coarse_milliseconds();

}  // namespace kist::engine::os
