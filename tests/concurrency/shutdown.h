#pragma once

#include <cstdint>

namespace kist::test {

/// Exit status of what cannot be tried on this machine.
inline constexpr int kSkipped = 77;

/// In each round a process commits to a store on an ext4 file system of its own, in a loop-mounted
/// file, until the kernel is told to shut that file system down (FS_IOC_SHUTDOWN): nothing that was
/// not flushed gets there any more, as in a power cut. Then it is mounted again and the store held
/// against what was acknowledged. Returns the number of failures, having said what they are;
/// kSkipped where mounting is not allowed.
int run_shutdowns(int rounds, std::uint64_t seed);

}  // namespace kist::test
