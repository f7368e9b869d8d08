#pragma once

#include <cstdint>
#include <vector>

namespace kist::engine {

/// The snapshots that must stay readable.
struct Pins {
  std::vector<std::uint64_t> ids;  ///< Transaction ids, ascending; repetitions allowed.
  bool everything = false;  ///< A reader is about to choose its snapshot: nothing is released.
};

}  // namespace kist::engine
