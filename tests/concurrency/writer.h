#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kist::test {

/// How a writer is to die.
struct Death {
  enum class Kind : std::uint8_t {
    kFromOutside,  ///< Its parent kills it.
    kAtFailpoint,  ///< When it passes the failpoint `name` for the `count`-th time.
    kAroundCall,   ///< Before (even `count`) or after the `count / 2`-th change of a file.
  };
  Kind kind = Kind::kFromOutside;
  std::string name;
  std::uint64_t count = 0;
};

/// Whether a step is committed durably; else the next one that is takes it along.
inline bool durable_step(std::uint64_t step) {
  return step % 5 != 0;
}

/// What a writer says through its pipe: that it begins a step, or that its commit was acknowledged.
struct Word {
  std::uint64_t step = 0;
  std::uint64_t acknowledged = 0;  ///< 0 or 1
};

/// Runs in a process of its own: commits step after step, says so through the pipe, and dies as
/// told or after many steps (SIGKILL). Throws on any error.
[[noreturn]] int write_until_death(const std::string& path, std::uint64_t seed, const Death& death,
                                   int pipe);

/// The names of all failpoints that `steps` steps pass. Runs in the calling process.
std::vector<std::string> failpoints_passed(const std::string& path, std::uint64_t seed,
                                           std::uint64_t steps);

}  // namespace kist::test
