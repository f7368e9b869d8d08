#pragma once

// What the files of engine/os/posix share. Private to them.

#include <cerrno>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include <kist/engine/error.h>

#include "engine/os/call_observer.h"

namespace kist::engine::os {

/// The code that an errno stands for.
ErrorCode error_code_of(int error);

/// An Error that names the call, the path, an offset where there is one (else kNoOffset) and the
/// system's reason.
inline constexpr std::uint64_t kNoOffset = ~std::uint64_t{0};
std::unexpected<Error> system_error(const char* call, std::string_view path, int error,
                                    std::uint64_t offset = kNoOffset);

/// Asks the observer, if there is one, whether the call may happen. Returns 0 or an errno.
inline int ask(CallObserver* observer, const Call& call) {
  return observer != nullptr ? observer->before(call) : 0;
}

/// Tells the observer, if there is one, that the call happened.
inline void tell(CallObserver* observer, const Call& call) {
  if (observer != nullptr) observer->after(call);
}

/// Repeats a call that returns -1 for as long as it is interrupted by signals. Returns what it
/// returned, or -1 with errno set.
template <typename F>
auto uninterrupted(F&& f) {
  for (;;) {
    const auto result = f();
    if (result != -1 || errno != EINTR) return result;
  }
}

/// While held, no fork() happens: taken around opening, closing, mapping and unmapping, so that the
/// child of a fork knows of every descriptor and every map that it inherits.
std::unique_lock<std::mutex> hold_off_forks();

/// In the child of a fork: closes the descriptors of all Files.
void close_inherited_files();
/// In the child of a fork: puts private zeros over all maps of files, since a map, like a
/// descriptor, would keep the parent's locks alive after the parent's death.
void replace_inherited_maps();

}  // namespace kist::engine::os
