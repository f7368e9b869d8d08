#pragma once

#include <string>

#include <kist/engine/error.h>

namespace kist::engine {

/// Removes the files of the environment at `path`: the data file and its lock file. False when
/// there is none. Refused with kBusy while any process, this one included, has it open; nobody can
/// begin to open it meanwhile. One who only reads and may not write to the lock file is noticed
/// while it is in a transaction; otherwise it keeps the removed file until it closes. Errors:
/// kNotAStore for a file that is something else, kPermission, kIo.
Result<bool> delete_environment(const std::string& path);

}  // namespace kist::engine
