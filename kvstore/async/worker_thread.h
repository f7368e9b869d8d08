#pragma once

namespace kist::async {

/// Whether this thread is one of a commit queue's, on which completions of writes run. It must not
/// wait for what only it can bring about.
inline bool& on_worker_thread() {
  thread_local bool mine = false;
  return mine;
}

}  // namespace kist::async
