#include "engine/os/fork.h"

#include <pthread.h>

#include "engine/os/posix/system_error.h"

namespace kist::engine::os {
namespace {

constinit std::mutex fork_mutex;

void before_fork() {
  fork_mutex.lock();
}

void after_fork_in_parent() {
  fork_mutex.unlock();
}

// The child has one thread, a copy of the one that forked and holds fork_mutex. It must not unlock
// any byte: the locks belong to open file descriptions that it shares with its parent.
void after_fork_in_child() {
  fork_internal::count.fetch_add(1, std::memory_order_relaxed);
  close_inherited_files();
  replace_inherited_maps();
  fork_mutex.unlock();
}

}  // namespace

std::unique_lock<std::mutex> hold_off_forks() {
  static std::once_flag once;
  std::call_once(once,
                 [] { pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child); });
  return std::unique_lock(fork_mutex);
}

}  // namespace kist::engine::os
