#include "kvstore/store/registry.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include <kist/engine/fork.h>
#include <kist/manager.h>

#include "kvstore/async/commit_queue.h"
#include "kvstore/async/worker_thread.h"
#include "kvstore/observe/watcher.h"

namespace kist {

namespace {

std::unexpected<Error> system_failure(const std::error_code& error, std::string_view what,
                                      const std::filesystem::path& path) {
  ErrorCode code = ErrorCode::kIo;
  if (error == std::errc::no_such_file_or_directory) code = ErrorCode::kNotFound;
  if (error == std::errc::permission_denied || error == std::errc::operation_not_permitted ||
      error == std::errc::read_only_file_system) {
    code = ErrorCode::kPermission;
  }
  if (error == std::errc::no_space_on_device) code = ErrorCode::kNoSpace;
  if (error == std::errc::not_a_directory || error == std::errc::filename_too_long ||
      error == std::errc::too_many_symbolic_link_levels) {
    code = ErrorCode::kInvalidArgument;
  }
  return fail(code, fmt::format("cannot {} {}: {}", what, path.string(), error.message()));
}

/// The canonical path of the profile's directory, made when asked for.
Result<std::filesystem::path> resolve(const std::filesystem::path& directory,
                                      const ProfileOptions& options) {
  std::error_code error;
  if (options.create_directory && !options.read_only) {
    // An existing directory is no error here; anything else by that name is one below.
    std::filesystem::create_directories(directory, error);
    if (error && error != std::errc::not_a_directory && error != std::errc::file_exists) {
      return system_failure(error, "create the directory", directory);
    }
  }
  std::filesystem::path canonical = std::filesystem::canonical(directory, error);
  if (error) return system_failure(error, "open the directory", directory);
  const bool is_directory = std::filesystem::is_directory(canonical, error);
  if (error) return system_failure(error, "open the directory", directory);
  if (!is_directory) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{} is not a directory: a profile is one", canonical.string()));
  }
  return canonical;
}

std::string text_of(Durability durability) {
  return durability == Durability::kDurable ? "durable" : "relaxed";
}
std::string text_of(std::chrono::milliseconds time) {
  return std::to_string(time.count()) + " ms";
}
std::string text_of(bool yes) {
  return yes ? "true" : "false";
}
std::string text_of(std::uint64_t number) {
  return std::to_string(number);
}

Result<void> check_agreement(const SharedProfile& open, const ProfileOptions& asked) {
  Result<void> agreement;
  const auto same = [&](std::string_view option, const auto& have, const auto& want) {
    if (have == want || !agreement) return;
    agreement = fail(ErrorCode::kOptionConflict,
                     fmt::format("{} is open in this process with {} = {}, asked for {}",
                                 open.directory.string(), option, text_of(have), text_of(want)));
  };
  const ProfileOptions& has = open.options;
  same("read_only", has.read_only, asked.read_only);
  same("durability", has.durability, asked.durability);
  same("page_size", std::uint64_t{open.page_size},
       std::uint64_t{asked.page_size.value_or(open.page_size)});
  same("flush_bytes", has.flush_bytes, asked.flush_bytes);
  same("flush_age", has.flush_age, asked.flush_age);
  same("flush_operations", has.flush_operations, asked.flush_operations);
  same("queue_bytes", has.queue_bytes, asked.queue_bytes);
  same("observer_bytes", has.observer_bytes, asked.observer_bytes);
  same("queue_operations", has.queue_operations, asked.queue_operations);
  KIST_TRY(agreement);
  std::error_code error;
  if (!std::filesystem::exists(open.database.path(), error) && !error) {
    return fail(ErrorCode::kMisuse, fmt::format("{} was deleted while it is open in this process; "
                                                "close it everywhere before opening it again",
                                                open.database.path()));
  }
  return {};
}

/// `page_size`: of the file, once it is known.
engine::Options engine_options(const ProfileOptions& options,
                               const std::shared_ptr<std::atomic<std::uint32_t>>& page_size) {
  engine::Options given;
  given.page_size = options.page_size;
  given.create = options.create && !options.read_only;
  given.read_only = options.read_only;
  given.file_mode = options.file_mode;
  given.durability = options.durability;
  given.flush_bytes = options.flush_bytes;
  given.flush_age = options.flush_age;
  given.slow_reader = [most = options.observer_bytes, page_size](const engine::SlowReader& slow) {
    // Observers are the only readers that are parked.
    if (!slow.reader.parked) return engine::SlowReaderAnswer::kGoOn;
    const std::uint64_t held = slow.reader.pages_held.value_or(0) * page_size->load();
    const bool too_much = held > most || slow.shortage != engine::SpaceShortage::kGrowth;
    return too_much ? engine::SlowReaderAnswer::kOust : engine::SlowReaderAnswer::kGoOn;
  };
  return given;
}

std::unexpected<Error> closed_before(const ProfileUse& use) {
  return fail(ErrorCode::kClosed,
              fmt::format("profile {} was closed before", use.shared->directory.string()));
}

Result<void> finish_by(SharedProfile& profile, std::chrono::steady_clock::time_point end) {
  if (profile.queue->finish(end)) return {};
  const std::uint64_t waiting = profile.queue->stats().waiting;
  profile.queue->abandon();
  return fail(ErrorCode::kTimedOut, fmt::format("{} writes of {} were not done in time", waiting,
                                                profile.directory.string()));
}

/// Readers and writers say that they are closed at their next call; then they end.
Result<void> wait_for_transactions(const SharedProfile& profile,
                                   std::chrono::steady_clock::time_point end) {
  while (profile.transactions.load(std::memory_order_acquire) != 0) {
    if (std::chrono::steady_clock::now() >= end) {
      return fail(ErrorCode::kTimedOut,
                  fmt::format("{} transactions of {} have not ended", profile.transactions.load(),
                              profile.directory.string()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return {};
}

}  // namespace

SharedProfile::SharedProfile(ProfileRegistry* of, std::filesystem::path where,
                             const ProfileOptions& how, engine::Database opened,
                             std::optional<engine::Granted> by)
    : registry(of),
      directory(std::move(where)),
      options(how),
      page_size(opened.page_size()),
      database(std::move(opened)),
      granted(std::move(by)),
      queue(std::make_shared<async::CommitQueue>(*this)),
      watcher(std::make_shared<observe::Watcher>()) {}

ProfileUse::~ProfileUse() {
  shared->events.listen(this, nullptr);
  // Its errors can be had by calling close().
  if (!gate.closed()) (void)ProfileRegistry::close(*this);
}

ProfileRegistry& ProfileRegistry::current() {
  static std::atomic<ProfileRegistry*> registry{nullptr};
  const std::uint32_t forks = engine::fork_count();
  ProfileRegistry* present = registry.load(std::memory_order_acquire);
  while (present == nullptr || present->forks_ != forks) {
    auto* fresh = new ProfileRegistry(forks, present);
    if (registry.compare_exchange_strong(present, fresh, std::memory_order_acq_rel)) return *fresh;
    delete fresh;
  }
  return *present;
}

Result<std::shared_ptr<ProfileUse>> ProfileRegistry::open(const std::filesystem::path& directory,
                                                          const ProfileOptions& options) {
  KIST_ASSIGN(const std::filesystem::path own, resolve(directory, options));
  std::filesystem::path canonical = own;
  if (options.environment) {
    KIST_ASSIGN(canonical, resolve(*options.environment, options));
  }
  std::unique_lock lock(mutex_);
  if (shutting_down_) {
    return fail(ErrorCode::kClosed, "all profiles of this process are being closed");
  }
  while (true) {
    const auto found = profiles_.find(canonical);
    if (found == profiles_.end()) break;
    if (!found->second->closing) return use_open(found->second, own, options);
    if (async::on_worker_thread() || observe::on_watching_thread()) {
      return fail(ErrorCode::kBusy, fmt::format("{} is being closed", canonical.string()));
    }
    closed_.wait(lock);
  }
  const auto page_size = std::make_shared<std::atomic<std::uint32_t>>(0);
  KIST_ASSIGN(engine::Database database,
              engine::Database::open((canonical / kDataFileName).string(),
                                     engine_options(options, page_size)));
  page_size->store(database.page_size());
  const auto profile =
      std::make_shared<SharedProfile>(this, canonical, options, std::move(database));
  const auto use = std::make_shared<ProfileUse>(profile, own);
  profile->users.push_back({use.get(), use});
  profiles_.emplace(canonical, profile);
  return use;
}

Result<std::shared_ptr<ProfileUse>> ProfileRegistry::use_granted(engine::Granted granted) {
  ProfileOptions options;
  options.create = false;
  options.read_only = true;
  std::unique_lock lock(mutex_);
  if (shutting_down_) {
    return fail(ErrorCode::kClosed, "all profiles of this process are being closed");
  }
  // Each is an environment of its own; no directory has such a name.
  static std::uint64_t last = 0;
  const std::filesystem::path name = fmt::format("granted {}", ++last);
  engine::Database database = granted.database();
  const auto profile =
      std::make_shared<SharedProfile>(this, name, options, std::move(database), granted);
  const auto use = std::make_shared<ProfileUse>(profile, name);
  profile->users.push_back({use.get(), use});
  profiles_.emplace(name, profile);
  return use;
}

Result<std::shared_ptr<ProfileUse>> ProfileRegistry::use_open(
    const std::shared_ptr<SharedProfile>& profile, const std::filesystem::path& directory,
    const ProfileOptions& options) {
  KIST_TRY(check_agreement(*profile, options));
  auto use = std::make_shared<ProfileUse>(profile, directory);
  profile->users.push_back({use.get(), use});
  return use;
}

/// Takes away a user that was closed, and those whose handles are gone, which close themselves.
/// Returns whether none is left. (No user is held here: letting go of it could close it.)
bool ProfileRegistry::forget_user(SharedProfile& profile, const ProfileUse& gone) {
  std::erase_if(profile.users, [&gone](const SharedProfile::User& user) {
    return user.use == &gone || user.alive.expired();
  });
  return profile.users.empty();
}

/// Closes an environment all of whose users were closed by a shutdown.
Result<void> ProfileRegistry::close_shut(SharedProfile& profile) {
  std::unique_lock lock(mutex_);
  if (profile.closing) return {};
  profile.users.clear();
  return close_last(lock, profile);
}

Result<void> ProfileRegistry::close_last(std::unique_lock<std::mutex>& lock,
                                         SharedProfile& profile) {
  profile.closing = true;
  lock.unlock();
  profile.queue->stop();
  profile.watcher->stop(std::nullopt);
  Result<void> closed = profile.database.close();
  lock.lock();
  // The caller's user holds the profile, which is dropped from the map here.
  profiles_.erase(profile.directory);
  closed_.notify_all();
  return closed;
}

Result<void> ProfileRegistry::close(ProfileUse& use) {
  ProfileRegistry* const registry = use.shared->registry;
  const bool inherited = registry != &current();
  if (!use.gate.close(!inherited)) return closed_before(use);
  if (inherited) return {};
  use.shared->queue->finish(std::nullopt);
  use.shared->watcher->end_user(
      &use,
      {ErrorCode::kClosed, fmt::format("profile {} was closed", use.shared->directory.string())});
  use.shared->events.listen(&use, nullptr);
  std::unique_lock lock(registry->mutex_);
  if (!forget_user(*use.shared, use) || use.shared->closing) return {};
  return registry->close_last(lock, *use.shared);
}

Result<void> ProfileRegistry::close_and_delete(ProfileUse& use) {
  SharedProfile& profile = *use.shared;
  if (use.gate.closed()) return closed_before(use);
  if (profile.registry != &current()) {
    return fail(ErrorCode::kForked,
                fmt::format("profile {} was inherited through fork", profile.directory.string()));
  }
  if (profile.options.read_only) {
    return fail(ErrorCode::kReadOnly, fmt::format("cannot delete {}: it is open for reading only",
                                                  profile.directory.string()));
  }
  std::unique_lock lock(profile.registry->mutex_);
  std::erase_if(profile.users, [](const auto& user) { return user.alive.expired(); });
  if (profile.users.size() > 1) {
    return fail(ErrorCode::kBusy, fmt::format("cannot delete {}: it has {} users in this process",
                                              profile.directory.string(), profile.users.size()));
  }
  if (!use.gate.close(true)) return closed_before(use);
  const std::filesystem::path data = profile.directory / kDataFileName;
  KIST_TRY(profile.registry->close_last(lock, profile));
  for (const std::string& path : {data.string(), data.string() + "-lock"}) {
    std::error_code error;
    std::filesystem::remove(path, error);
    if (error) return system_failure(error, "delete", path);
  }
  return {};
}

Result<void> ProfileRegistry::shutdown(std::chrono::milliseconds deadline) {
  if (async::on_worker_thread()) {
    return fail(ErrorCode::kMisuse, "a thread that completes writes cannot wait for all of them");
  }
  const auto end = std::chrono::steady_clock::now() + deadline;
  std::vector<std::shared_ptr<SharedProfile>> profiles;
  std::vector<std::shared_ptr<ProfileUse>> users;
  {
    const std::lock_guard lock(mutex_);
    if (shutting_down_) return fail(ErrorCode::kBusy, "all profiles are being closed already");
    shutting_down_ = true;
    for (const auto& [path, profile] : profiles_) {
      profiles.push_back(profile);
      for (const auto& user : profile->users) users.push_back(user.alive.lock());
    }
  }
  std::erase(users, nullptr);
  Result<void> outcome;
  const auto note = [&outcome](Result<void> result) {
    if (!result && outcome && result.error().code != ErrorCode::kClosed)
      outcome = std::move(result);
  };
  for (const auto& use : users) (void)use->gate.close(true);
  for (const auto& profile : profiles) {
    profile->interrupted = true;
    note(finish_by(*profile, end));
    if (profile->watcher->stop(end)) continue;
    note(fail(ErrorCode::kTimedOut, fmt::format("an observer of {} has not returned in time",
                                                profile->directory.string())));
  }
  for (const auto& profile : profiles) note(close_shut(*profile));
  for (const auto& profile : profiles) note(wait_for_transactions(*profile, end));
  const std::lock_guard lock(mutex_);
  shutting_down_ = false;
  return outcome;
}

std::size_t ProfileRegistry::size() {
  const std::lock_guard lock(mutex_);
  return profiles_.size();
}

}  // namespace kist
