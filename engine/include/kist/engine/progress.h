#pragma once

#include <cstdint>
#include <functional>

namespace kist::engine {

/// How far a long operation has come. Each operation says what it counts.
struct Progress {
  std::uint64_t done = 0;
  std::uint64_t total = 0;  ///< As far as it is known; 0 when it is not.
};

/// Called now and then, on the thread of the operation. Returning false ends it with kStopped. Must
/// not throw.
using ProgressCallback = std::function<bool(const Progress&)>;

}  // namespace kist::engine
