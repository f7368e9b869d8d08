#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/crash/disk.h"
#include "tests/support/random.h"

namespace kist::test {

/// A state that a power cut might have left, and what may be found in it.
struct CrashState {
  FileSet files;             ///< By name, without the directory.
  std::int64_t oldest = -1;  ///< Oldest content allowed; -1: the store need not exist.
  std::int64_t newest = -1;  ///< Newest content allowed.
  std::string story;         ///< How it came about, for people.
};

/// Gets each state; false stops.
using StateSink = std::function<bool(const CrashState&)>;

/// Walks through the events that a trace recorded on top of `disk` and generates, at each point
/// where a power cut says something new, states that the device may have been left in: any subset
/// of what was not flushed, in sectors of 512 bytes, meta slots torn at 8 bytes, lengths and names
/// lost. At most about `limit` states a point. False when the sink stopped it.
bool generate_states(Disk disk, const std::vector<Event>& events, std::int64_t oldest,
                     std::int64_t newest, std::size_t limit, Random& random, const StateSink& sink);

}  // namespace kist::test
