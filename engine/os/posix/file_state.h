#pragma once

#include <functional>
#include <string>

#include <fcntl.h>

#include "engine/os/file.h"
#include "engine/os/posix/system_error.h"

#ifndef F_OFD_SETLK
// macOS has open file description locks under these numbers but hides them from its public headers.
#define F_OFD_SETLK 90
#define F_OFD_SETLKW 91
#define F_OFD_GETLK 92
#endif

namespace kist::engine::os {

/// An open descriptor, at an address that does not change, so that a forked child can find it.
struct File::State {
  State(std::string file_path, Access file_access, CallObserver* file_observer)
      : path(std::move(file_path)), access(file_access), observer(file_observer) {}
  /// Unregisters and closes.
  ~State();
  /// Calls `open` for the descriptor. Errors: kNotAStore when it is no regular file.
  Result<void> take(const char* name, const std::function<int()>& open);

  int fd = -1;
  const std::string path;
  const Access access;
  CallObserver* const observer;
  FileIdentity identity;  // never changes while it is open
  bool named = true;      // false: it lives in memory
  FileCounters counters;

  /// Passes one call with a result of -1 and errno by the observer; the result is what it returned.
  template <typename F>
  Result<void> observed(const char* name, const Call& call, F&& f,
                        std::uint64_t offset = kNoOffset) {
    if (fd < 0) return forked(name);
    if (const int error = ask(observer, call)) return system_error(name, path, error, offset);
    if (uninterrupted(f) == -1) return system_error(name, path, errno, offset);
    tell(observer, call);
    return {};
  }

  /// The Error of a File that came through a fork().
  std::unexpected<Error> forked(const char* name) const {
    return fail(ErrorCode::kForked, std::string(name) + " '" + path +
                                        "': inherited through fork, open it again in this process");
  }
};

}  // namespace kist::engine::os
