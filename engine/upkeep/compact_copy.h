#pragma once

#include <string>

#include <kist/engine/backup.h>
#include <kist/engine/database.h>
#include <kist/engine/error.h>

namespace kist::engine {

/// Makes a new environment at `path`, which does not exist, with everything that the newest
/// snapshot of `database` holds, in key order and without free space, and closes it. Tables are
/// copied whether their comparators are known or not. Leaves no lock file. Errors: those of
/// reading, creating and writing; kStopped.
Result<BackupReport> compact_copy(const Database& database, const std::string& path,
                                  const BackupOptions& options);

}  // namespace kist::engine
