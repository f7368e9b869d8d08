#pragma once

#include <string>

#include <kist/engine/error.h>
#include <kist/engine/options.h>

#include "engine/os/file.h"

namespace kist::engine {

/// Puts an empty store at `path` (canonical): built aside, flushed, and given its name in one step,
/// so that nobody ever sees half of it. When another process is first, its file stays and this
/// succeeds just the same. Errors: kNotFound (no such directory), kPermission, kNoSpace, kIo.
Result<void> create_file(const std::string& path, const Options& options);

/// An empty store in memory. `name` is what its messages call it.
Result<os::File> create_in_memory(const std::string& name, const Options& options);

}  // namespace kist::engine
