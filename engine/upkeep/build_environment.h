#pragma once

#include <functional>
#include <string>

#include <kist/engine/database.h>
#include <kist/engine/error.h>

namespace kist::engine {

/// Creates an environment at `path`, which does not exist, lets `fill` write to it, and closes it.
/// Leaves no lock file, and the file also after an error.
Result<void> build_environment(const std::string& path, const Options& options,
                               const std::function<Result<void>(const Database&)>& fill);

}  // namespace kist::engine
