#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <kist/engine/database.h>
#include <kist/engine/watch.h>

#include "kvstore/observe/observed.h"

namespace kist::observe {

/// Whether this thread is one that tells observers. It must not wait for the end of itself.
bool on_watching_thread();

/// The observers of one environment, and the thread that tells them. Thread-safe.
///
/// The thread sleeps until some process commits, takes the newest snapshot, compares it with the
/// one that each observer was told of last, lets go of that, and only then calls back, so that a
/// callback holds no snapshot that writers could not take away.
class Watcher : public std::enable_shared_from_this<Watcher> {
 public:
  Watcher();

  /// Adds an observer, which has its base. Errors: kClosed (it was stopped), kForked, kOutOfMemory
  /// (no thread could be started).
  Result<void> add(const engine::Database& database, const std::shared_ptr<Observed>& observed);
  /// See Observer::stop().
  void remove(Observed& observed);
  /// See Observer::active() and seen().
  bool active(const Observed& observed) const;
  engine::SnapshotMark seen(const Observed& observed) const;

  /// Ends the observers of a user with `why`, and returns when they were told; at once on the
  /// thread itself, which tells them later.
  void end_user(const void* user, const Error& why);
  /// Ends all observers with kClosed, and the thread. False when that took longer than the
  /// deadline: then a callback is still running, and is left alone. Does not wait on the thread.
  bool stop(std::optional<std::chrono::steady_clock::time_point> deadline);

 private:
  /// What the thread watches. Both keep the environment open.
  struct Source {
    engine::Database database;
    engine::CommitSignal signal;
  };
  using Observers = std::vector<std::shared_ptr<Observed>>;
  struct Told {
    std::shared_ptr<Observed> observed;
    Delivery delivery;
  };

  bool on_thread() const { return thread_ == std::this_thread::get_id(); }
  void change();
  void run(const Source& source);
  void finish();
  std::vector<Told> find_changes(const engine::Database& database);
  void tell_ends();
  void tell(const Told& told);
  void drop(const Observed& observed);

  const std::uint32_t forks_;
  mutable std::mutex mutex_;
  std::condition_variable work_;     // for the thread while there are no observers
  std::condition_variable changed_;  // for who waits for a callback to return, or for an end

  // Guarded by mutex_.
  Observers observers_;
  const Observed* running_ = nullptr;  // whose callback is running
  std::uint64_t version_ = 0;          // raised when the thread has something to do but comparing
  bool stopping_ = false;
  bool given_up_ = false;                 // a stop() did not wait for its end
  std::shared_ptr<const Source> source_;  // while the thread runs
  std::thread::id thread_;                // likewise
  bool ended_ = true;                     // there is no thread, and nothing holds the environment
};

}  // namespace kist::observe
