#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

#include <kist/engine/error.h>
#include <kist/engine/options.h>

#include "engine/os/file.h"

namespace kist::engine {

/// At most one writer among all threads of all processes. Threads of this process are served in the
/// order in which they came; the next one is woken ahead of its turn, because waking up takes
/// longer than a short transaction. Lock and unlock may happen on different threads. The death of a
/// process hands the lock on at once.
class WriterLock {
 public:
  /// Locks on `data`, which is borrowed.
  explicit WriterLock(os::File& data) : data_(data) {}

  /// Waits as long as `wait` says. Errors: kBusy when it may not wait, kTimedOut, kIo; kMisuse when
  /// it may wait for ever and the lock was taken by this very thread, which would hardly give it
  /// back while it waits.
  Result<void> lock(Wait wait);
  /// Gives the lock to the next.
  void unlock();
  /// Whether this very thread took the lock that this process has, or waits to have.
  bool held_by_this_thread();

 private:
  struct Waiter {
    std::uint64_t ticket;
    std::condition_variable* wake;  // on the waiter's stack
    bool called = false;            // it is to come to the door
    bool at_door = false;           // it is awake, and watches served_
  };

  std::unexpected<Error> refusal(Wait wait, const char* whose) const;
  Result<void> enter(Wait wait, std::chrono::steady_clock::time_point deadline);
  void leave();
  Waiter& waiter(std::uint64_t ticket);
  void watch_the_door(std::unique_lock<std::mutex>& lock, std::uint64_t ticket);
  Result<void> lock_byte(Wait wait, std::chrono::steady_clock::time_point deadline);

  os::File& data_;
  std::mutex mutex_;                       // protects what follows
  std::deque<Waiter> queue_;               // the front one's turn has come
  std::atomic<std::uint64_t> served_ = 0;  // ticket of the front one
  std::uint64_t next_ticket_ = 1;
  std::uint64_t holder_ = 0;  // the thread whose turn has come; 0: nobody's
};

}  // namespace kist::engine
