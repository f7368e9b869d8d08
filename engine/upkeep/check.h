#pragma once

#include <memory>

#include <kist/engine/error.h>
#include <kist/engine/stats.h>

namespace kist::engine {

class Environment;

/// Walks everything that the newest commit refers to, and the free map, and collects every violated
/// invariant. Becomes the writer for the time it takes, so that the free map stands still; an
/// environment opened for reading only is checked without the free map.
Result<CheckReport> check_environment(const std::shared_ptr<Environment>& environment);

}  // namespace kist::engine
