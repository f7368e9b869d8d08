#pragma once

#include <cstdint>
#include <string>

namespace kist::bench {

/// A memory cgroup of its own below this process's, with a limit that counts the page cache, too.
/// Throws Skipped where none may be made. Works with both versions of cgroups.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::uint64_t bytes);
  /// Removes the group; every process in it must have ended.
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

  /// Moves the calling process into it.
  void enter() const;

  /// Removes what a process of this benchmark left that was killed.
  static void remove_left();

 private:
  std::string group_;  // one at a time, whichever process makes it
};

}  // namespace kist::bench
