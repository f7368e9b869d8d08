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

Result<ProfileOptions> options_of(const kist_profile_options* given) {
  KIST_ASSIGN(const kist_profile_options read,
              read_options(given, sizeof(kist_profile_options), "options"));
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
