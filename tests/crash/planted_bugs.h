#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/failpoints.h"

namespace kist::test {

/// A bug that the harness must catch, and how it is planted.
struct PlantedBug {
  enum class When : std::uint8_t {
    kWriting,     ///< While the trace is recorded.
    kAfterCrash,  ///< While its states are opened, and written to.
  };
  engine::Bug bug;
  const char* name;   ///< For people and for --bug.
  const char* trace;  ///< The kind of trace that is known to show it.
  When when = When::kWriting;
  std::uint32_t page_size = 512;
  bool lives = false;  ///< It takes a second crash.
};

/// All of them.
const std::vector<PlantedBug>& planted_bugs();

}  // namespace kist::test
