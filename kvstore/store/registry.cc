#include "kvstore/store/registry.h"

#include <atomic>
#include <system_error>

#include <fmt/format.h>

#include <kist/engine/fork.h>
#include <kist/manager.h>

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

std::string_view name_of(Durability durability) {
  return durability == Durability::kDurable ? "durable" : "relaxed";
}

Result<void> check_agreement(const SharedProfile& open, const ProfileOptions& asked) {
  const auto conflict = [&open](std::string_view option, const auto& have, const auto& want) {
    return fail(ErrorCode::kOptionConflict,
                fmt::format("{} is open in this process with {} = {}, asked for {}",
                            open.directory.string(), option, have, want));
  };
  if (open.options.read_only != asked.read_only) {
    return conflict("read_only", open.options.read_only, asked.read_only);
  }
  if (open.options.durability != asked.durability) {
    return conflict("durability", name_of(open.options.durability), name_of(asked.durability));
  }
  if (asked.page_size && *asked.page_size != open.page_size) {
    return conflict("page_size", open.page_size, *asked.page_size);
  }
  std::error_code error;
  if (!std::filesystem::exists(open.database.path(), error) && !error) {
    return fail(ErrorCode::kMisuse, fmt::format("{} was deleted while it is open in this process; "
                                                "close it everywhere before opening it again",
                                                open.database.path()));
  }
  return {};
}

std::unexpected<Error> closed_before(const ProfileUse& use) {
  return fail(ErrorCode::kClosed,
              fmt::format("profile {} was closed before", use.shared->directory.string()));
}

}  // namespace

ProfileUse::~ProfileUse() {
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
  KIST_ASSIGN(const std::filesystem::path canonical, resolve(directory, options));
  const std::lock_guard lock(mutex_);
  if (const auto found = profiles_.find(canonical); found != profiles_.end()) {
    KIST_TRY(check_agreement(*found->second, options));
    auto use = std::make_shared<ProfileUse>(found->second);
    ++found->second->users;
    return use;
  }
  engine::Options engine_options;
  engine_options.page_size = options.page_size;
  engine_options.create = options.create && !options.read_only;
  engine_options.read_only = options.read_only;
  engine_options.file_mode = options.file_mode;
  engine_options.durability = options.durability;
  KIST_ASSIGN(engine::Database database,
              engine::Database::open((canonical / kDataFileName).string(), engine_options));
  const std::uint32_t page_size = database.page_size();
  auto profile = std::make_shared<SharedProfile>(
      SharedProfile{this, canonical, options, page_size, std::move(database), 1});
  profiles_.emplace(canonical, profile);
  return std::make_shared<ProfileUse>(std::move(profile));
}

Result<void> ProfileRegistry::release(SharedProfile& profile) {
  if (--profile.users > 0) return {};
  // The caller's user holds the profile, which is dropped from the map here.
  profiles_.erase(profile.directory);
  return profile.database.close();
}

Result<void> ProfileRegistry::close(ProfileUse& use) {
  ProfileRegistry* const registry = use.shared->registry;
  const bool inherited = registry != &current();
  if (!use.gate.close(!inherited)) return closed_before(use);
  if (inherited) return {};
  const std::lock_guard lock(registry->mutex_);
  return registry->release(*use.shared);
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
  const std::lock_guard lock(profile.registry->mutex_);
  if (profile.users != 1) {
    return fail(ErrorCode::kBusy, fmt::format("cannot delete {}: it has {} users in this process",
                                              profile.directory.string(), profile.users));
  }
  if (!use.gate.close(true)) return closed_before(use);
  const std::filesystem::path data = profile.directory / kDataFileName;
  KIST_TRY(profile.registry->release(profile));
  for (const std::string& path : {data.string(), data.string() + "-lock"}) {
    std::error_code error;
    std::filesystem::remove(path, error);
    if (error) return system_failure(error, "delete", path);
  }
  return {};
}

std::size_t ProfileRegistry::size() {
  const std::lock_guard lock(mutex_);
  return profiles_.size();
}

}  // namespace kist
