#include "engine/os/file.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engine/os/mapping.h"
#include "engine/os/posix/file_state.h"

namespace kist::engine::os {
namespace {

constexpr std::size_t kMaxPieces = 1024;  // IOV_MAX of Linux and macOS
static_assert(kMaxPieces <= IOV_MAX);

/// Moves a descriptor that landed on 0, 1 or 2, because the host closed that one, out of reach of
/// whoever prints there. Returns the new one, or -1 with errno set.
int above_standard_streams(int fd) {
  if (fd > STDERR_FILENO) return fd;
  const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int error = errno;
  ::close(fd);
  errno = error;
  return moved;
}

#ifdef __APPLE__
// fsync there leaves the data in the drive's cache.
int flush_to_device(int fd) {
  return ::fcntl(fd, F_FULLFSYNC);
}
int reserve_blocks(int, off_t, off_t) {
  errno = EOPNOTSUPP;
  return -1;
}
#else
int flush_to_device(int fd) {
  return ::fdatasync(fd);
}
int reserve_blocks(int fd, off_t offset, off_t bytes) {
  return ::fallocate(fd, 0, offset, bytes);
}
#endif

constexpr std::uint64_t kAnyNumber = ~std::uint64_t{0};

/// How many bytes one call may move, as tests want it.
std::uint64_t most_of(CallObserver* observer, const Call& call) {
  return observer != nullptr ? observer->most(call) : kAnyNumber;
}

/// Writes the pieces, at most kMaxPieces, going on after short writes. Returns 0 or an errno.
int write_fully(int fd, std::uint64_t offset, std::span<const Bytes> pieces,
                std::uint64_t most = kAnyNumber) {
  std::array<iovec, kMaxPieces> vectors;
  std::size_t count = 0;
  for (const Bytes piece : pieces) {
    if (piece.empty()) continue;
    // pwritev does not write through iov_base.
    vectors[count++] = {const_cast<std::uint8_t*>(piece.data()), piece.size()};
  }
  iovec* next = vectors.data();
  iovec* const end = next + count;
  while (next != end) {
    const ssize_t written = uninterrupted([&] {
      if (most != kAnyNumber) [[unlikely]] {
        return ::pwrite(fd, next->iov_base, std::min<std::uint64_t>(next->iov_len, most),
                        static_cast<off_t>(offset));
      }
      return ::pwritev(fd, next, static_cast<int>(end - next), static_cast<off_t>(offset));
    });
    if (written < 0) return errno;
    if (written == 0) return EIO;
    offset += static_cast<std::uint64_t>(written);
    for (auto left = static_cast<std::size_t>(written); left != 0;) {
      const std::size_t step = std::min(left, next->iov_len);
      next->iov_base = static_cast<std::uint8_t*>(next->iov_base) + step;
      next->iov_len -= step;
      left -= step;
      if (next->iov_len == 0) ++next;
    }
  }
  return 0;
}

/// A descriptor of an empty file without a name, or -1 with errno set.
int open_in_memory() {
#ifdef __linux__
  return ::memfd_create("kist", MFD_CLOEXEC);
#else
  std::string name = (std::filesystem::temp_directory_path() / "kist-XXXXXX").string();
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd >= 0) ::unlink(name.c_str());
  return fd;
#endif
}

std::vector<int*>& open_descriptors() {
  static auto* descriptors = new std::vector<int*>;  // outlives every static File
  return *descriptors;
}

}  // namespace

void close_inherited_files() {
  for (int* fd : open_descriptors()) {
    ::close(*fd);
    *fd = -1;
  }
  open_descriptors().clear();
}

File::State::~State() {
  const auto no_fork = hold_off_forks();
  if (fd < 0) return;
  std::erase(open_descriptors(), &fd);
  ::close(fd);
}

File::File(std::unique_ptr<State> state) : state_(std::move(state)) {}
File::File(File&&) noexcept = default;
File& File::operator=(File&&) noexcept = default;
File::~File() = default;

Result<File> File::adopt(const std::string& path, int flags, std::uint32_t mode, Access access,
                         CallObserver* observer) {
  const bool creates = (flags & O_CREAT) != 0;
  const char* const name = creates ? "create" : "open";
  if (path.find('\0') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + ": the path holds a NUL");
  }
  const Call call{
      .kind = creates ? Call::Kind::kCreate : Call::Kind::kOpen, .path = path, .data = {}};
  if (const int error = ask(observer, call)) return system_error(name, path, error);
  auto state = std::make_unique<State>(path, access, observer);
  // O_NONBLOCK: a FIFO in the place of the file must not keep us waiting for its other end.
  flags |= O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  KIST_TRY(
      state->take(name, [&] { return ::open(path.c_str(), flags, static_cast<mode_t>(mode)); }));
  tell(observer, call);
  return File(std::move(state));
}

Result<void> File::State::take(const char* name, const std::function<int()>& open) {
  const auto no_fork = hold_off_forks();
  int opened = uninterrupted(open);
  if (opened >= 0) opened = above_standard_streams(opened);
  if (opened < 0) return system_error(name, path, errno);
  open_descriptors().push_back(&fd);
  fd = opened;
  struct stat status{};
  if (::fstat(fd, &status) != 0) return system_error("fstat", path, errno);
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kNotAStore, std::string(name) + " '" + path + "': not a regular file");
  }
  identity = {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino)};
  return {};
}

Result<File> File::open(const std::string& path, Access access, CallObserver* observer) {
  return adopt(path, access == Access::kRead ? O_RDONLY : O_RDWR, 0, access, observer);
}

Result<File> File::create_new(const std::string& path, std::uint32_t mode, CallObserver* observer) {
  return adopt(path, O_RDWR | O_CREAT | O_EXCL, mode, Access::kReadWrite, observer);
}

Result<File> File::create_in_memory(const std::string& name, CallObserver* observer) {
  const Call call{.kind = Call::Kind::kCreate, .path = name, .data = {}};
  if (const int error = ask(observer, call)) return system_error("create in memory", name, error);
  auto state = std::make_unique<State>(name, Access::kReadWrite, observer);
  state->named = false;
  KIST_TRY(state->take("create in memory", [] { return open_in_memory(); }));
  tell(observer, call);
  return File(std::move(state));
}

Result<File> File::take_over(int descriptor, const std::string& name) {
  if (::fcntl(descriptor, F_GETFD) < 0) {
    return fail(ErrorCode::kInvalidArgument,
                name + ": " + std::to_string(descriptor) + " is no descriptor");
  }
  static_cast<void>(::fcntl(descriptor, F_SETFD, FD_CLOEXEC));
  auto state = std::make_unique<State>(name, Access::kRead, nullptr);
  state->named = false;
  KIST_TRY(state->take("take over", [&] { return descriptor; }));
  return File(std::move(state));
}

Result<Descriptor> File::reopen_to_read() const {
  if (state_->fd < 0) return state_->forked("open again");
  // Not dup(): the locks of a description are its holders' in common.
  const std::string self = "/proc/self/fd/" + std::to_string(state_->fd);
  Descriptor again(uninterrupted([&] { return ::open(self.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (again.number() < 0) return system_error("open again", state_->path, errno);
  struct stat status{};
  if (::fstat(again.number(), &status) != 0) return system_error("fstat", state_->path, errno);
  const FileIdentity found{static_cast<std::uint64_t>(status.st_dev),
                           static_cast<std::uint64_t>(status.st_ino)};
  if (found == state_->identity) return again;
  return fail(ErrorCode::kUnsupported,
              "open again '" + state_->path + "': this system has no way to it but the path");
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Result<std::size_t> File::read_at(std::uint64_t offset, std::span<std::uint8_t> buffer) const {
  if (state_->fd < 0) return state_->forked("read");
  const Call call{.kind = Call::Kind::kRead,
                  .path = state_->path,
                  .offset = offset,
                  .length = buffer.size(),
                  .data = {}};
  if (const int error = ask(state_->observer, call)) {
    return system_error("read", state_->path, error, offset);
  }
  const std::uint64_t most = most_of(state_->observer, call);
  std::size_t done = 0;
  while (done != buffer.size()) {
    const auto piece = std::min<std::uint64_t>(buffer.size() - done, most);
    const ssize_t got = uninterrupted([&] {
      return ::pread(state_->fd, buffer.data() + done, piece, static_cast<off_t>(offset + done));
    });
    if (got < 0) return system_error("read", state_->path, errno, offset + done);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  tell(state_->observer, call);
  return done;
}

Result<void> File::write_at(std::uint64_t offset, std::span<const Bytes> pieces) {
  while (!pieces.empty()) {
    const auto batch = pieces.first(std::min(pieces.size(), kMaxPieces));
    std::uint64_t length = 0;
    for (const Bytes piece : batch) length += piece.size();
    const Call call{.kind = Call::Kind::kWrite,
                    .path = state_->path,
                    .offset = offset,
                    .length = length,
                    .data = batch};
    KIST_TRY(state_->observed(
        "write", call,
        [&] {
          const std::uint64_t most = most_of(state_->observer, call);
          const int error = write_fully(state_->fd, offset, batch, most);
          errno = error;
          return error == 0 ? 0 : -1;
        },
        offset));
    state_->counters.write_calls.fetch_add(1, std::memory_order_relaxed);
    state_->counters.bytes_written.fetch_add(length, std::memory_order_relaxed);
    offset += length;
    pieces = pieces.subspan(batch.size());
  }
  return {};
}

Result<void> File::store_at(SharedMemory& map, std::uint64_t offset,
                            std::span<const Bytes> pieces) {
  std::uint64_t length = 0;
  for (const Bytes piece : pieces) length += piece.size();
  const Call call{.kind = Call::Kind::kWrite,
                  .path = state_->path,
                  .offset = offset,
                  .length = length,
                  .data = pieces};
  KIST_TRY(state_->observed(
      "write", call,
      [&] {
        std::uint8_t* at = map.data() + offset;
        for (const Bytes piece : pieces) at = std::copy(piece.begin(), piece.end(), at);
        errno = EIO;
        return map.damaged().load(std::memory_order_acquire) == 0 ? 0 : -1;
      },
      offset));
  state_->counters.bytes_written.fetch_add(length, std::memory_order_relaxed);
  return {};
}

Result<std::uint64_t> File::size() const {
  if (state_->fd < 0) return state_->forked("fstat");
  struct stat status{};
  if (::fstat(state_->fd, &status) != 0) return system_error("fstat", state_->path, errno);
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> File::resize(std::uint64_t bytes) {
  return state_->observed(
      "resize", {.kind = Call::Kind::kResize, .path = state_->path, .length = bytes, .data = {}},
      [&] { return ::ftruncate(state_->fd, static_cast<off_t>(bytes)); }, bytes);
}

Result<void> File::allocate(std::uint64_t offset, std::uint64_t bytes) {
  if (bytes == 0) return {};
  return state_->observed(
      "allocate",
      {.kind = Call::Kind::kAllocate,
       .path = state_->path,
       .offset = offset,
       .length = bytes,
       .data = {}},
      [&] {
        if (reserve_blocks(state_->fd, static_cast<off_t>(offset), static_cast<off_t>(bytes)) ==
            0) {
          return 0;
        }
        if (errno != EOPNOTSUPP && errno != ENOSYS) return -1;
        // The file system cannot reserve: writing zeros beyond the end has the same effect there.
        struct stat status{};
        if (::fstat(state_->fd, &status) != 0) return -1;
        static constexpr std::array<std::uint8_t, 65'536> kZeros{};
        const std::uint64_t end = offset + bytes;
        auto next = std::max(offset, static_cast<std::uint64_t>(status.st_size));
        while (next < end) {
          const Bytes piece(kZeros.data(), static_cast<std::size_t>(
                                               std::min<std::uint64_t>(kZeros.size(), end - next)));
          if (const int error = write_fully(state_->fd, next, {&piece, 1})) {
            errno = error;
            return -1;
          }
          next += piece.size();
        }
        return 0;
      },
      offset);
}

Result<void> File::flush() {
  KIST_TRY(state_->observed("flush", {.kind = Call::Kind::kFlush, .path = state_->path, .data = {}},
                            [&] { return flush_to_device(state_->fd); }));
  state_->counters.flushes.fetch_add(1, std::memory_order_relaxed);
  return {};
}

Result<FileIdentity> File::identity() const {
  if (state_->fd < 0) return state_->forked("fstat");
  return state_->identity;
}

Result<bool> File::has_name() const {
  if (state_->fd < 0) return state_->forked("fstat");
  struct stat status{};
  if (::fstat(state_->fd, &status) != 0) return system_error("fstat", state_->path, errno);
  return status.st_nlink != 0;
}

Result<PathState> File::path_state() const {
  if (state_->fd < 0) return state_->forked("lstat");
  if (!state_->named) return PathState::kHere;
  struct stat status{};
  if (::lstat(state_->path.c_str(), &status) == 0) {
    const FileIdentity found{static_cast<std::uint64_t>(status.st_dev),
                             static_cast<std::uint64_t>(status.st_ino)};
    return found == state_->identity ? PathState::kHere : PathState::kReplaced;
  }
  if (errno != ENOENT && errno != ENOTDIR) return system_error("lstat", state_->path, errno);
  if (::fstat(state_->fd, &status) != 0) return system_error("fstat", state_->path, errno);
  return status.st_nlink == 0 ? PathState::kDeleted : PathState::kMoved;
}

Result<bool> File::matches_path() const {
  KIST_ASSIGN(const PathState state, path_state());
  return state == PathState::kHere;
}

Result<void> File::set_group(std::uint32_t group) {
  if (state_->fd < 0) return state_->forked("chown");
  if (uninterrupted([&] { return ::fchown(state_->fd, static_cast<uid_t>(-1), group); }) == -1) {
    return system_error("chown", state_->path, errno);
  }
  return {};
}

const std::string& File::path() const {
  return state_->path;
}
Access File::access() const {
  return state_->access;
}
bool File::named() const {
  return state_->named;
}
CallObserver* File::observer() const {
  return state_->observer;
}
const FileCounters& File::counters() const {
  return state_->counters;
}
int File::descriptor() const {
  return state_->fd;
}

}  // namespace kist::engine::os
