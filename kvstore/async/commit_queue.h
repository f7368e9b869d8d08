#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <kist/engine/database.h>
#include <kist/options.h>
#include <kist/queue_stats.h>

#include "kvstore/async/operation.h"

namespace kist {
struct SharedProfile;
}

namespace kist::async {

/// The writes of one environment that are to be done later, in the order in which they came.
///
/// Two threads, started with the first write. The committing one takes the writer's place, then
/// everything that waits (so that a group is as large as the time it waited), runs it in one
/// transaction, and commits that relaxed: its changes are visible. The flushing one makes commits
/// durable: at once when somebody wants it, one flush for all that are waiting; else when there are
/// enough of them, or the oldest is old enough. So groups are committed while others are flushed.
///
/// A read that must see what its queue wrote before waits here until that is committed; the group
/// before it is cut there, because what comes after it must not be seen.
class CommitQueue : public std::enable_shared_from_this<CommitQueue> {
 public:
  /// `profile` outlives the queue's use of it: every operation keeps it.
  explicit CommitQueue(const SharedProfile& profile);

  /// Waits until a write of so many bytes has room, as long as `wait` says; never on a thread of
  /// the queue. Errors: kBusy, kTimedOut.
  Result<void> wait_for_room(std::size_t bytes, Wait wait);
  /// Adds a write and returns its number. Errors: kClosed (the queue was stopped), kOutOfMemory (no
  /// thread could be started).
  Result<std::uint64_t> push(std::shared_ptr<WriteOperation> operation);
  /// Begins a read that sees everything up to the write with that number.
  void read_after(std::uint64_t number, std::shared_ptr<ReadOperation> operation);

  /// Completes when all writes that were pushed before are durable.
  Future<void> flush();
  /// Waits until nothing is under way: all pushed writes are durable, and all completions have run.
  /// False when that was not so before the deadline. Returns at once on a thread of the queue.
  bool finish(std::optional<std::chrono::steady_clock::time_point> deadline);
  /// Lets the writes that have not begun fail with kClosed.
  void abandon();
  /// Ends the threads, after they have done what is there. On a thread of the queue: asks them to.
  void stop();

  QueueStats stats() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {  // one of both
    std::shared_ptr<WriteOperation> write;
    std::shared_ptr<ReadOperation> read;
  };
  struct Committed {
    std::shared_ptr<WriteOperation> write;
    std::uint64_t transaction = 0;
    Clock::time_point at;
  };
  struct FlushWanted {
    std::uint64_t number = 0;
    Promise<void> promise;
  };

  Result<void> start_threads();
  bool full(std::size_t bytes) const;

  void commit_loop();
  void start_reads(std::unique_lock<std::mutex>& lock);
  void commit_group(std::unique_lock<std::mutex>& lock);
  std::vector<std::shared_ptr<WriteOperation>> take_group();
  Result<engine::WriteTxn> begin_write();
  static std::uint64_t run_group(std::vector<std::shared_ptr<WriteOperation>>& group,
                                 engine::WriteTxn txn);

  void flush_loop();
  bool flush_due(Clock::time_point now) const;
  void flush_now(std::unique_lock<std::mutex>& lock);
  bool complete_flushes(std::unique_lock<std::mutex>& lock, const Result<void>& result);

  engine::Database database_;
  const ProfileOptions options_;
  const std::uint32_t forks_;

  mutable std::mutex mutex_;
  std::condition_variable work_;       // for the committing thread
  std::condition_variable unflushed_;  // for the flushing one
  std::condition_variable changed_;    // for who waits for room, or for the end

  // Guarded by mutex_.
  std::deque<Waiting> waiting_;
  std::size_t waiting_writes_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::deque<Committed> committed_;  // and not durable yet
  std::size_t durable_wanted_ = 0;   // of those
  std::vector<FlushWanted> flushes_;
  std::uint64_t pushed_ = 0;   // numbers of writes: the last one pushed,
  std::uint64_t taken_ = 0;    // taken into a group,
  std::uint64_t done_ = 0;     // committed,
  std::uint64_t listed_ = 0;   // whose completion of that has run,
  std::uint64_t flushed_ = 0;  // and durable
  bool stopping_ = false;
  bool abandoned_ = false;
  int threads_ = 0;
  QueueStats totals_;
};

}  // namespace kist::async
