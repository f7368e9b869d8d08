#include "engine/upkeep/aside_file.h"

#include <utility>

#include <fmt/format.h>

#include "engine/base/failpoints.h"
#include "engine/os/directory.h"
#include "engine/os/random.h"

namespace kist::engine {
namespace {

std::unexpected<Error> exists_already(const std::string& path) {
  return fail(ErrorCode::kAlreadyExists, path + ": exists already, and is not replaced");
}

}  // namespace

Result<AsideFile> AsideFile::reserve(const std::string& path, os::CallObserver* observer) {
  KIST_ASSIGN(std::string canonical, os::canonical_path(path));
  // Told now rather than after hours of copying; what counts is the same question in finish().
  KIST_ASSIGN(const bool exists, os::path_exists(canonical));
  if (exists) return exists_already(canonical);
  KIST_ASSIGN(const std::uint64_t random, os::random_u64());
  std::string aside = fmt::format("{}-new-{:016x}", canonical, random);
  return AsideFile(std::move(canonical), std::move(aside), observer);
}

Result<AsideFile> AsideFile::create(const std::string& path, std::uint32_t mode,
                                    os::CallObserver* observer) {
  KIST_ASSIGN(AsideFile made, reserve(path, observer));
  auto file = os::File::create_new(made.aside_, mode, observer);
  if (!file) {
    made.aside_.clear();
    return std::unexpected(std::move(file).error());
  }
  made.file_ = *std::move(file);
  return made;
}

AsideFile::AsideFile(AsideFile&& other) noexcept
    : path_(std::move(other.path_)),
      aside_(std::exchange(other.aside_, {})),
      observer_(other.observer_),
      file_(std::move(other.file_)) {}

AsideFile::~AsideFile() {
  if (!aside_.empty()) (void)os::unlink_file(aside_, observer_);
}

Result<void> AsideFile::finish() {
  if (file_ && !planted(Bug::kLinkBeforeFlush)) KIST_TRY(file_->flush());
  if (auto linked = os::link_file(aside_, path_, observer_); !linked) {
    if (linked.error().code == ErrorCode::kBusy) return exists_already(path_);
    return linked;
  }
  KIST_TRY(os::unlink_file(std::exchange(aside_, {}), observer_));
  return os::flush_directory(path_.substr(0, path_.find_last_of('/') + 1), observer_);
}

}  // namespace kist::engine
