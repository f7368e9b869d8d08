#include <algorithm>

#include <unistd.h>

#include "engine/os/posix/file_state.h"

namespace kist::engine::os {
namespace {

struct flock lock_description(std::uint64_t offset, std::uint64_t length, short type) {
  struct flock description{};
  description.l_type = type;
  description.l_whence = SEEK_SET;
  description.l_start = static_cast<off_t>(offset);
  description.l_len = static_cast<off_t>(length);
  description.l_pid = 0;  // open file description locks ask for it
  return description;
}

short type_of(LockKind kind) {
  return kind == LockKind::kShared ? F_RDLCK : F_WRLCK;
}

}  // namespace

Result<bool> File::try_lock(std::uint64_t offset, std::uint64_t length, LockKind kind) {
  struct flock description = lock_description(offset, length, type_of(kind));
  bool held = true;
  KIST_TRY(state_->observed(
      "lock",
      {.kind = Call::Kind::kLock,
       .path = state_->path,
       .offset = offset,
       .length = length,
       .data = {}},
      [&] {
        const int result = ::fcntl(state_->fd, F_OFD_SETLK, &description);
        if (result == -1 && (errno == EAGAIN || errno == EACCES)) {
          held = false;
          return 0;
        }
        return result;
      },
      offset));
  return held;
}

Result<void> File::lock(std::uint64_t offset, std::uint64_t length, LockKind kind) {
  struct flock description = lock_description(offset, length, type_of(kind));
  return state_->observed(
      "lock",
      {.kind = Call::Kind::kLock,
       .path = state_->path,
       .offset = offset,
       .length = length,
       .data = {}},
      [&] { return ::fcntl(state_->fd, F_OFD_SETLKW, &description); }, offset);
}

// Not observed: giving up a lock cannot sensibly fail, and nobody could act on it.
Result<void> File::unlock(std::uint64_t offset, std::uint64_t length) {
  if (state_->fd < 0) return state_->forked("unlock");
  struct flock description = lock_description(offset, length, F_UNLCK);
  if (uninterrupted([&] { return ::fcntl(state_->fd, F_OFD_SETLK, &description); }) == -1) {
    return system_error("unlock", state_->path, errno, offset);
  }
  return {};
}

Result<std::optional<LockRange>> File::first_conflict(std::uint64_t offset, std::uint64_t length,
                                                      LockKind kind) const {
  struct flock description = lock_description(offset, length, type_of(kind));
  KIST_TRY(state_->observed(
      "query lock",
      {.kind = Call::Kind::kLock,
       .path = state_->path,
       .offset = offset,
       .length = length,
       .data = {}},
      [&] { return ::fcntl(state_->fd, F_OFD_GETLK, &description); }, offset));
  if (description.l_type == F_UNLCK) return std::nullopt;
  const std::uint64_t end = offset + length;
  const auto start = std::max(offset, static_cast<std::uint64_t>(description.l_start));
  // A length of 0 means up to the greatest possible offset.
  const std::uint64_t stop =
      description.l_len == 0
          ? end
          : std::min(end, static_cast<std::uint64_t>(description.l_start + description.l_len));
  return LockRange{start, stop - start};
}

}  // namespace kist::engine::os
