#pragma once

#include <string>

#include <kist/engine/error.h>

#include "engine/os/call_observer.h"

namespace kist::engine::os {

/// Gives the file `from` the name `to` as well. Where the file system has no hard links it is moved
/// instead, so `from` may be gone afterwards. Never replaces. Errors: kBusy when `to` exists.
Result<void> link_file(const std::string& from, const std::string& to,
                       CallObserver* observer = nullptr);

/// Gives the file `from` the name `to` instead of its own; a file that had that name loses it. Who
/// looks finds the one or the other, never none.
Result<void> replace_file(const std::string& from, const std::string& to,
                          CallObserver* observer = nullptr);

/// Removes a name. False when there was none.
Result<bool> unlink_file(const std::string& path, CallObserver* observer = nullptr);

/// Whether something has that name, be it a symbolic link. Errors: kPermission, kIo.
Result<bool> path_exists(const std::string& path);

/// Returns when the names in that directory are on the device.
Result<void> flush_directory(const std::string& directory, CallObserver* observer = nullptr);

/// Absolute path with the symbolic links of the directory resolved; the last component, which need
/// not exist, is kept as it is. Errors: kNotFound when the directory does not exist,
/// kInvalidArgument when `path` names no file or holds a NUL.
Result<std::string> canonical_path(const std::string& path);

}  // namespace kist::engine::os
