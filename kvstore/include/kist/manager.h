#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>

#include <kist/engine/error.h>
#include <kist/options.h>
#include <kist/store.h>

namespace kist {

/// Name of the data file within a profile's directory. Its lock file is `data.kist-lock`.
inline constexpr const char* kDataFileName = "data.kist";

/// Hands out profiles: one open environment for each canonical directory in this process, counted.
/// Opening a directory again, by whatever path, gives another user of the same environment; it is
/// closed with its last user. Thread-safe. A child made by fork() starts with an empty manager:
/// inherited handles report kForked, and opening again works.
class Manager {
 public:
  /// The manager of this process.
  static Manager& instance();

  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  /// Opens the profile in `directory` (any bytes that the system takes for a path).
  /// Errors: kNotFound (no directory or no data file, and not asked to create it), kOptionConflict
  /// (naming the option, what is open and what was asked for), kInvalidArgument (not a directory;
  /// the page size), kPermission, kNotAStore, kNewerFormat, kDamaged, kIo.
  Result<Profile> open(const std::filesystem::path& directory, const ProfileOptions& options = {});

  /// Closes all profiles of this process in order: every handle is closed, queued writes are made
  /// durable, reads that are under way end with kClosed at their next call, and all transactions
  /// are waited for until `deadline` has passed. Meanwhile open() returns kClosed; afterwards it
  /// works again. What a completion or another thread still holds is left to it. Errors: kTimedOut,
  /// naming the profiles that were not done, kMisuse on a thread that completes writes; what
  /// closing reports.
  Result<void> shutdown(std::chrono::milliseconds deadline);

  /// Number of environments that are open in this process.
  std::size_t open_profiles() const;

 private:
  Manager() = default;
};

}  // namespace kist
