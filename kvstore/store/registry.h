#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>

#include <kist/engine/database.h>
#include <kist/engine/error.h>
#include <kist/options.h>

#include "kvstore/store/gate.h"

namespace kist {

class ProfileRegistry;

/// An environment that is open in this process, with what it was opened with. `database` is closed
/// only after the gate of every user is.
struct SharedProfile {
  ProfileRegistry* registry;
  std::filesystem::path directory;  // canonical
  ProfileOptions options;
  std::uint32_t page_size;
  engine::Database database;
  std::size_t users;  // guarded by the registry's mutex
};

/// One user of a SharedProfile: what all copies of a Profile, and the stores opened through it,
/// refer to. Goes when it is closed or with the last of them.
struct ProfileUse {
  explicit ProfileUse(std::shared_ptr<SharedProfile> profile) : shared(std::move(profile)) {}
  ~ProfileUse();
  ProfileUse(const ProfileUse&) = delete;
  ProfileUse& operator=(const ProfileUse&) = delete;

  const std::shared_ptr<SharedProfile> shared;
  Gate gate;
};

/// The environments open in this process, by canonical directory. Thread-safe. Never destroyed, so
/// that handles with static storage may go at any time.
class ProfileRegistry {
 public:
  /// The registry of this process. A child made by fork() gets an empty one: the inherited one may
  /// be locked by a thread that does not exist there, and its environments are stale.
  static ProfileRegistry& current();

  /// See Manager::open().
  Result<std::shared_ptr<ProfileUse>> open(const std::filesystem::path& directory,
                                           const ProfileOptions& options);
  /// Ends a user, and with the last one the environment. Errors: kClosed when it was ended before;
  /// those of Database::close().
  static Result<void> close(ProfileUse& use);
  /// See Profile::close_and_delete().
  static Result<void> close_and_delete(ProfileUse& use);
  /// Number of environments open.
  std::size_t size();

 private:
  explicit ProfileRegistry(std::uint32_t forks, ProfileRegistry* previous)
      : forks_(forks), previous_(previous) {}
  Result<void> release(SharedProfile& profile);

  const std::uint32_t forks_;
  ProfileRegistry* const previous_;  // of the parent process; only kept reachable
  // Held while an environment is opened or closed: who opens a directory that is being closed
  // waits.
  std::mutex mutex_;
  std::map<std::filesystem::path, std::shared_ptr<SharedProfile>> profiles_;
};

}  // namespace kist
