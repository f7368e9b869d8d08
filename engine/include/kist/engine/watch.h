#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include <kist/engine/database.h>
#include <kist/engine/error.h>

namespace kist::engine {

/// What a snapshot can be recognised by later, also by another process: nothing else of it is kept.
struct SnapshotMark {
  std::uint64_t id = 0;     ///< Transaction that committed it; 0: none.
  std::uint64_t nonce = 0;  ///< Random number of that commit, which a restored copy does not have.
  friend bool operator==(const SnapshotMark&, const SnapshotMark&) = default;
};

/// The mark of the snapshot that a transaction reads, or started from. Errors: those of Txn.
Result<SnapshotMark> mark_of(const Txn& txn);

/// Lets a thread sleep until any process commits. Costs a commit one load when nobody sleeps.
///
///     const std::uint64_t seen = signal.count();
///     ... look at the newest snapshot ...
///     signal.wait(seen, limit);  // returns at once when there was a commit since count()
///
/// Thread-safe; a handle, which keeps the environment open.
class CommitSignal {
 public:
  /// Errors: kClosed, kForked.
  static Result<CommitSignal> of(const Database& database);

  /// A number that is another one after each commit, before anybody is woken for it, and after
  /// wake(). Not related to transaction ids.
  std::uint64_t count() const;
  /// Waits while count() is `seen`, at most for `limit`. May return early. Where the lock file
  /// cannot be written, nobody can be woken: it returns after 20 ms, for the caller to look.
  void wait(std::uint64_t seen, std::chrono::nanoseconds limit) const;
  /// Lets every wait() return, in this process and, for nothing, in others.
  void wake() const;

 private:
  explicit CommitSignal(std::shared_ptr<Environment> environment);
  std::shared_ptr<Environment> environment_;
};

}  // namespace kist::engine
