#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include <kist/engine/error.h>

#include "engine/os/file.h"
#include "engine/txn/lock_file.h"

namespace kist::engine {

/// At most one flusher among all threads of all processes: the only one who may flush the data file
/// or write one of its meta slots. Two flushes at the same time must not be, because the system
/// reports a failed one to only one of those who share a descriptor.
///
/// Nobody queues: whoever finds the lock taken waits for the end of the round and then looks first
/// whether what it wants flushed has been. So a flush that serves many wakes them all at once. Who
/// holds the flush lock never waits for the writer lock.
class FlushLock {
 public:
  /// Locks on `data`, which is borrowed.
  explicit FlushLock(os::File& data) : data_(data) {}
  /// Where the rounds of all processes are counted. Borrowed; before anything else.
  void count_rounds_in(SharedWord* rounds) { rounds_ = rounds; }

  /// Takes the lock; false when somebody else has it. Errors: kIo.
  Result<bool> try_lock();
  /// Gives it back, on the thread that took it, and wakes everybody who waits.
  void unlock();

  /// Number of the round under way. To be read before try_lock() and given to wait().
  std::uint64_t round() const { return rounds_->load(std::memory_order_seq_cst); }
  /// Waits until that round has ended, or for a while: its end may have died with its process. At
  /// most `limit`.
  void wait(std::uint64_t round, std::chrono::nanoseconds limit);

 private:
  os::File& data_;
  SharedWord* rounds_ = nullptr;
  std::mutex mutex_;  // among the threads of this process, which share its byte locks
};

}  // namespace kist::engine
