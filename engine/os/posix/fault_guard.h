#pragma once

#include <atomic>
#include <cstdint>

namespace kist::engine::os {

/// Puts [begin, begin + size), page aligned and mapped, under the fault guard; installs the handler
/// if it is not. `damaged` is set when a fault is caught and must live until unguard_range(). False
/// when the table of ranges is full. The caller holds off forks.
bool guard_range(std::uint8_t* begin, std::uint64_t size, bool writable,
                 std::atomic<std::uint32_t>* damaged);

/// Ends that. The caller holds off forks and unmaps afterwards.
void unguard_range(const std::uint8_t* begin);

}  // namespace kist::engine::os
