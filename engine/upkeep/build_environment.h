#pragma once

#include <functional>
#include <string>

#include <kist/engine/database.h>
#include <kist/engine/error.h>

#include "engine/format/meta_slot.h"

namespace kist::engine {

/// Creates an environment at `path`, which does not exist, lets `fill` write to it, and closes it.
/// Leaves no lock file, and the file also after an error.
Result<void> build_environment(const std::string& path, const Options& options,
                               const std::function<Result<void>(const Database&)>& fill);

/// Stores in `to`, which fills a new environment, what the slot of another says of the user's:
/// domain version, markers, metadata.
Result<void> carry_over(const MetaSlot& slot, WriteTxn& to);

}  // namespace kist::engine
