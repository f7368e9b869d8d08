#pragma once

#include <cstdint>

namespace kist::engine {

/// How many fork()s lie between the process that first opened an environment and this one. What
/// remembers the number of its birth knows, by comparing, that it was inherited: its environments
/// are stale (kForked), and a mutex of it may be held by a thread that does not exist here.
/// Thread-safe; no system call.
std::uint32_t fork_count();

}  // namespace kist::engine
