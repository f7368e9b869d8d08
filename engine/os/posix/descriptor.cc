// Streams over descriptors that others opened.

#include <poll.h>
#include <unistd.h>

#include <kist/engine/byte_stream.h>

#include "engine/os/posix/system_error.h"

namespace kist::engine {
namespace {

/// Waits until a non-blocking descriptor can go on. Returns 0 or an errno.
int wait_until_ready(int descriptor, short events) {
  pollfd waited{.fd = descriptor, .events = events, .revents = 0};
  return os::uninterrupted([&] { return ::poll(&waited, 1, -1); }) < 0 ? errno : 0;
}

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

ByteSink descriptor_sink(int descriptor) {
  return [descriptor](Bytes bytes) -> Result<void> {
    while (!bytes.empty()) {
      const ssize_t written =
          os::uninterrupted([&] { return ::write(descriptor, bytes.data(), bytes.size()); });
      if (written >= 0) {
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        continue;
      }
      int error = errno;
      if (would_block(error)) error = wait_until_ready(descriptor, POLLOUT);
      if (error != 0) {
        return os::system_error("write", "descriptor " + std::to_string(descriptor), error);
      }
    }
    return {};
  };
}

ByteSource descriptor_source(int descriptor) {
  return [descriptor](std::span<std::uint8_t> buffer) -> Result<std::size_t> {
    for (;;) {
      const ssize_t got =
          os::uninterrupted([&] { return ::read(descriptor, buffer.data(), buffer.size()); });
      if (got >= 0) return static_cast<std::size_t>(got);
      int error = errno;
      if (would_block(error)) error = wait_until_ready(descriptor, POLLIN);
      if (error != 0) {
        return os::system_error("read", "descriptor " + std::to_string(descriptor), error);
      }
    }
  };
}

}  // namespace kist::engine
