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
  std::uint64_t burned = 0;  ///< No transaction may get this id, or a smaller one, any more.
};

/// Gets each state; false stops.
using StateSink = std::function<bool(const CrashState&)>;

/// Gets the disk as it is at a moment, and that moment's state without its files; false stops.
using DeathSink = std::function<bool(const Disk&, const CrashState&)>;

/// Walks through the events that a trace recorded on top of `disk` and generates, at each point
/// where a power cut says something new, states that the device may have been left in: any subset
/// of what was not flushed, in sectors of 512 bytes, meta slots torn at 8 bytes, lengths and names
/// lost. At most about `limit` states a point. `start`: what may be found before the first event;
/// its files do not count. `deaths` gets some points at which all processes die and the machine
/// lives on. False when a sink stopped it.
bool generate_states(Disk disk, const std::vector<Event>& events, const CrashState& start,
                     std::size_t limit, Random& random, const StateSink& sink,
                     const DeathSink& deaths = {});

}  // namespace kist::test
