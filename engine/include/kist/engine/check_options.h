#pragma once

#include <cstdint>

#include <kist/engine/progress.h>

namespace kist::engine {

/// How much check() looks at. Each level includes those before it.
enum class CheckLevel : std::uint8_t {
  kSpace,       ///< Meta slots, and the map of free space: reads a few pages.
  kStructure,   ///< Every tree page, and the first page of every large value; every page of the
                ///< file is in use, free, pending or a space record's, and only one of these.
  kEverything,  ///< Large values, too.
};

struct CheckOptions {
  CheckLevel level = CheckLevel::kEverything;
  /// Counts pages in use.
  ProgressCallback progress = {};
};

}  // namespace kist::engine
