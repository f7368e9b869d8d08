#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <kist/engine/database.h>
#include <kist/engine/error.h>
#include <kist/engine/grant.h>
#include <kist/options.h>

#include "kvstore/metrics/events.h"
#include "kvstore/store/gate.h"

namespace kist {

class ProfileRegistry;
struct ProfileUse;

namespace async {
class CommitQueue;
}
namespace observe {
class Watcher;
}

/// An environment that is open in this process, with what it was opened with. `database` is closed
/// only after the gate of every user is.
struct SharedProfile {
  SharedProfile(ProfileRegistry* of, std::filesystem::path where, const ProfileOptions& how,
                engine::Database opened, std::optional<engine::Granted> by = {});

  ProfileRegistry* const registry;
  const std::filesystem::path directory;  // canonical
  const ProfileOptions options;
  const std::uint32_t page_size;
  engine::Database database;
  const std::optional<engine::Granted> granted;  // where another process lets this one read it
  const std::shared_ptr<async::CommitQueue> queue;
  const std::shared_ptr<observe::Watcher> watcher;

  Events events;
  std::atomic<std::uint64_t> transactions{0};  // Readers and Writers that are live
  std::atomic<bool> interrupted{false};        // their next call fails

  // Guarded by the registry's mutex.
  struct User {
    const ProfileUse* use;  // only compared
    std::weak_ptr<ProfileUse> alive;
  };
  std::vector<User> users;
  bool closing = false;  // by its last user, without the mutex
};

/// One user of a SharedProfile: what all copies of a Profile, and the stores opened through it,
/// refer to. Goes when it is closed or with the last of them.
struct ProfileUse {
  ProfileUse(std::shared_ptr<SharedProfile> profile, std::filesystem::path of)
      : shared(std::move(profile)), directory(std::move(of)) {}
  ~ProfileUse();
  ProfileUse(const ProfileUse&) = delete;
  ProfileUse& operator=(const ProfileUse&) = delete;

  const std::shared_ptr<SharedProfile> shared;
  const std::filesystem::path directory;  // canonical; the profile's own
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
  /// See open_granted() in kist/sandbox.h.
  Result<std::shared_ptr<ProfileUse>> use_granted(engine::Granted granted);
  /// Ends a user, and with the last one the environment. Errors: kClosed when it was ended before;
  /// those of Database::close().
  static Result<void> close(ProfileUse& use);
  /// See Profile::close_and_delete().
  static Result<void> close_and_delete(ProfileUse& use);
  /// See Manager::shutdown().
  Result<void> shutdown(std::chrono::milliseconds deadline);
  /// Number of environments open.
  std::size_t size();

 private:
  explicit ProfileRegistry(std::uint32_t forks, ProfileRegistry* previous)
      : forks_(forks), previous_(previous) {}
  Result<std::shared_ptr<ProfileUse>> use_open(const std::shared_ptr<SharedProfile>& profile,
                                               const std::filesystem::path& directory,
                                               const ProfileOptions& options);
  static bool forget_user(SharedProfile& profile, const ProfileUse& gone);
  Result<void> close_shut(SharedProfile& profile);
  Result<void> close_last(std::unique_lock<std::mutex>& lock, SharedProfile& profile);

  const std::uint32_t forks_;
  ProfileRegistry* const previous_;  // of the parent process; only kept reachable
  // Held while an environment is opened. Not while it is closed, because that waits for threads
  // which may want it; who opens a directory that is being closed waits for that.
  std::mutex mutex_;
  std::condition_variable closed_;
  bool shutting_down_ = false;
  std::map<std::filesystem::path, std::shared_ptr<SharedProfile>> profiles_;
};

}  // namespace kist
