// Counts flushes and bytes written of every engine alike, by functions of the C library's names
// that the linker prefers to the C library's. (What the kernel says of a process's writes counts a
// whole folio of up to 2 MiB for each page that is changed in it.)

#include "tests/bench/calls.h"

#include <array>
#include <atomic>
#include <cstdarg>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace kist::bench {
namespace {

std::atomic<std::uint64_t> flushes;
std::atomic<std::uint64_t> bytes_written;
/// Whether a file was opened so that each write to it is also a flush.
std::array<std::atomic<bool>, 4096> flushes_itself;

void count_flush() {
  flushes.fetch_add(1, std::memory_order_relaxed);
}

ssize_t count_write(int fd, long written) {
  if (written > 0) {
    bytes_written.fetch_add(static_cast<std::uint64_t>(written), std::memory_order_relaxed);
    if (static_cast<std::size_t>(fd) < flushes_itself.size() &&
        flushes_itself[static_cast<std::size_t>(fd)].load(std::memory_order_relaxed)) {
      count_flush();
    }
  }
  return written;
}

int opened(int flags, long fd) {
  if (fd >= 0 && static_cast<std::size_t>(fd) < flushes_itself.size()) {
    flushes_itself[static_cast<std::size_t>(fd)] = (flags & O_DSYNC) != 0;
  }
  return static_cast<int>(fd);
}

ssize_t write_at(int fd, const void* data, size_t size, off_t offset) {
  return count_write(fd, ::syscall(SYS_pwrite64, fd, data, size, offset));
}

// The kernel takes the offset in two halves, of which 64-bit machines use the first.
ssize_t write_parts_at(int fd, const iovec* parts, int count, off_t offset) {
  return count_write(fd, ::syscall(SYS_pwritev, fd, parts, count, offset, 0L));
}

int open_in(int folder, const char* path, int flags, va_list arguments) {
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  return opened(flags, ::syscall(SYS_openat, folder, path, flags, mode));
}

}  // namespace

Calls calls_so_far() {
  return {flushes.load(), bytes_written.load()};
}

}  // namespace kist::bench

using namespace kist::bench;

// Seen by the engines' libraries, too.
#pragma GCC visibility push(default)
extern "C" {

int fsync(int fd) {
  count_flush();
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

int fdatasync(int fd) {
  count_flush();
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

int msync(void* address, size_t size, int flags) {
  if ((flags & MS_SYNC) != 0) count_flush();
  return static_cast<int>(::syscall(SYS_msync, address, size, flags));
}

ssize_t write(int fd, const void* data, size_t size) {
  return count_write(fd, ::syscall(SYS_write, fd, data, size));
}

ssize_t writev(int fd, const iovec* parts, int count) {
  return count_write(fd, ::syscall(SYS_writev, fd, parts, count));
}

// These have two names each in the C library, of which programs use the one or the other; and what
// <unistd.h> calls pwrite is one or the other. So the names are given here to the linker alone.

ssize_t pwrite_32(int fd, const void* data, size_t size, off_t offset) __asm__("pwrite");
ssize_t pwrite_32(int fd, const void* data, size_t size, off_t offset) {
  return write_at(fd, data, size, offset);
}

ssize_t pwrite_64(int fd, const void* data, size_t size, off_t offset) __asm__("pwrite64");
ssize_t pwrite_64(int fd, const void* data, size_t size, off_t offset) {
  return write_at(fd, data, size, offset);
}

ssize_t pwritev_32(int fd, const iovec* parts, int count, off_t offset) __asm__("pwritev");
ssize_t pwritev_32(int fd, const iovec* parts, int count, off_t offset) {
  return write_parts_at(fd, parts, count, offset);
}

ssize_t pwritev_64(int fd, const iovec* parts, int count, off_t offset) __asm__("pwritev64");
ssize_t pwritev_64(int fd, const iovec* parts, int count, off_t offset) {
  return write_parts_at(fd, parts, count, offset);
}

int open_32(const char* path, int flags, ...) __asm__("open");
int open_32(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const int fd = open_in(AT_FDCWD, path, flags, arguments);
  va_end(arguments);
  return fd;
}

int open_64(const char* path, int flags, ...) __asm__("open64");
int open_64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const int fd = open_in(AT_FDCWD, path, flags, arguments);
  va_end(arguments);
  return fd;
}

int openat_32(int folder, const char* path, int flags, ...) __asm__("openat");
int openat_32(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const int fd = open_in(folder, path, flags, arguments);
  va_end(arguments);
  return fd;
}

int openat_64(int folder, const char* path, int flags, ...) __asm__("openat64");
int openat_64(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const int fd = open_in(folder, path, flags, arguments);
  va_end(arguments);
  return fd;
}
}
#pragma GCC visibility pop
