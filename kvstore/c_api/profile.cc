#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <kist/kist.h>
#include <kist/manager.h>

#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/structs.h"
#include "kvstore/c_api/values.h"

namespace kist::c_api {
namespace {

Result<std::filesystem::path> path_of(const char* path, std::size_t size);

/// What C writes as 0 for the default, and as KIST_NEVER, is the other way round here.
Result<std::uint64_t> setting(std::int64_t given, const char* name, std::uint64_t otherwise) {
  if (given < KIST_NEVER) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + " is negative");
  }
  if (given == 0) return otherwise;
  return given == KIST_NEVER ? 0 : static_cast<std::uint64_t>(given);
}

Result<ProfileOptions> options_of(const kist_profile_options* given) {
  KIST_ASSIGN(const kist_profile_options read,
              read_options(given, offsetof(kist_profile_options, environment), "options"));
  if (read.create && read.read_only) {
    return fail(ErrorCode::kInvalidArgument,
                "options.create and options.read_only exclude each other");
  }
  if (read.durability > KIST_DURABILITY_RELAXED) {
    return fail(ErrorCode::kInvalidArgument,
                "options.durability is " + std::to_string(read.durability) + ", which is none");
  }
  ProfileOptions options;
  options.create = read.create;
  options.create_directory = read.create;
  options.read_only = read.read_only;
  if (read.page_size != 0) options.page_size = read.page_size;
  if (read.file_mode != 0) options.file_mode = read.file_mode;
  if (read.durability == KIST_DURABILITY_RELAXED) options.durability = Durability::kRelaxed;
  if (read.environment.size != 0) {
    const auto* path = reinterpret_cast<const char*>(read.environment.data);
    KIST_ASSIGN(options.environment, path_of(path, read.environment.size));
  }
  constexpr std::uint64_t kLongestAge = std::uint64_t{1000} * 60 * 60 * 24 * 365;
  KIST_ASSIGN(options.flush_bytes,
              setting(read.flush_bytes, "options.flush_bytes", options.flush_bytes));
  KIST_ASSIGN(options.flush_operations,
              setting(read.flush_operations, "options.flush_operations", options.flush_operations));
  KIST_ASSIGN(const std::uint64_t age,
              setting(read.flush_age_ms, "options.flush_age_ms",
                      static_cast<std::uint64_t>(options.flush_age.count())));
  options.flush_age = std::chrono::milliseconds(std::min(age, kLongestAge));
  if (read.queue_bytes != 0) options.queue_bytes = read.queue_bytes;
  if (read.queue_operations != 0) options.queue_operations = read.queue_operations;
  if (read.observer_bytes != 0) options.observer_bytes = read.observer_bytes;
  return options;
}

Result<std::filesystem::path> path_of(const char* path, std::size_t size) {
  KIST_ASSIGN(const std::string_view text, view_of(path, size, "path"));
  if (text.empty()) return fail(ErrorCode::kInvalidArgument, "path is empty");
  if (text.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::kInvalidArgument, "path has a NUL inside");
  }
  return std::filesystem::path(text);
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_profile_open(const char* path, size_t path_size, const kist_profile_options* options,
                            kist_profile* profile, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(profile, "profile"));
    KIST_ASSIGN(const std::filesystem::path directory, path_of(path, path_size));
    KIST_ASSIGN(const ProfileOptions checked, options_of(options));
    KIST_ASSIGN(Profile opened, Manager::instance().open(directory, checked));
    return publish(std::make_shared<ProfileObject>(std::move(opened)), nullptr, profile);
  });
}

kist_code kist_profile_close(kist_profile profile, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    const auto last_use = close<ProfileObject>(profile);
    if (last_use) return (*last_use)->profile.close();
    if (last_use.error().code == ErrorCode::kForked) return {};
    return std::unexpected(last_use.error());
  });
}

kist_code kist_profile_delete(kist_profile profile, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<ProfileObject>(profile));
    const Result<void> deleted = object->profile.close_and_delete();
    if (!object->profile.is_open()) static_cast<void>(close_simply<ProfileObject>(profile));
    return deleted;
  });
}

kist_code kist_profile_sync(kist_profile profile, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<ProfileObject>(profile));
    return object->profile.sync();
  });
}

kist_code kist_profile_drop_store(kist_profile profile, const void* name, size_t name_size,
                                  bool* existed, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (existed != nullptr) *existed = false;
    KIST_ASSIGN(const auto object, use<ProfileObject>(profile));
    KIST_ASSIGN(const std::string_view text, view_of(name, name_size, "name"));
    KIST_ASSIGN(const bool dropped, object->profile.drop_store(text));
    if (existed != nullptr) *existed = dropped;
    return {};
  });
}
