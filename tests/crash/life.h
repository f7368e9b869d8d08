#pragma once

#include <cstdint>
#include <string>

#include "tests/crash/planted_bugs.h"
#include "tests/crash/trace.h"

namespace kist::test {

/// How much is made of a trace.
struct LifeLimits {
  std::size_t states;   ///< About so many for each point at which the power may fail.
  std::uint64_t lives;  ///< One in so many states is recovered, written to, and cut again; 0: none.
  std::uint64_t sample = 1;  ///< One in so many states of such a second life is judged.
};

/// What came out of the states of a trace.
struct Outcome {
  std::uint64_t states = 0;  ///< Different ones.
  std::uint64_t commits = 0;
  std::string violation;  ///< Empty: none.
};

/// Records one trace, generates its states and judges them; of some it recovers the store, goes on
/// writing, and judges what a power cut during that may leave. `bug`: planted meanwhile, or null.
Outcome run_trace(const TraceKind& kind, std::uint32_t page_size, std::uint64_t seed,
                  const LifeLimits& limits, const PlantedBug* bug);

}  // namespace kist::test
