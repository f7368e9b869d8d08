#pragma once

#include <cstdint>
#include <memory>

#include <kist/engine/database.h>
#include <kist/engine/error.h>

namespace kist::engine {

/// The right to read an environment, for processes that may open nothing themselves: sandboxes.
/// Made by a process that has it open, the broker, which keeps snapshots pinned for them; see
/// engine/docs/sandbox.md. Any number of processes may share one. Move-only; its destruction takes
/// everything away. Thread-safe. A child made by fork() inherits the descriptors, and nothing else.
class Grant {
 public:
  /// Grants the newest snapshot. Errors: kClosed, kForked, kIo, kOutOfMemory; kUnsupported where
  /// the system cannot open a file again but by its path.
  static Result<Grant> make(const Database& database);
  Grant(Grant&&) noexcept;
  Grant& operator=(Grant&&) noexcept;
  ~Grant();

  /// What to pass to the other process, for Granted::open(): the data file and a page of memory
  /// that tells what is granted. Both were opened afresh, for reading only, and carry no locks;
  /// they are the Grant's, and closed with it. Close-on-exec.
  int data() const;
  int control() const;

  /// Grants the newest snapshot, beside those that were granted before. Returns its id. Processes
  /// that have the Grant see it with their next Granted::refresh(). Errors: those of make().
  Result<std::uint64_t> advance();
  /// Takes away all snapshots below `snapshot`, so that writers may reuse their pages: what is read
  /// of them from now on fails. None that nobody reads any more costs anybody anything; when that
  /// is so is for the broker to know, or to decide. The newest stays unless `snapshot` is above it.
  void release_before(std::uint64_t snapshot);
  /// Takes away all of them, and grants no more.
  void revoke();
  /// Id of the newest one.
  std::uint64_t snapshot() const;

 private:
  struct State;
  explicit Grant(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// An environment as a process sees it that was granted it. Reads through a map of the file; needs
/// no path, opens nothing, writes nothing that another process sees, and locks nothing. A handle;
/// copies are the same. Thread-safe.
class Granted {
 public:
  /// Takes over both descriptors, as Grant has them, also when it fails. Errors: kInvalidArgument
  /// (no such descriptors), kNotAStore, kSnapshotGone (everything was taken away), kDamaged (they
  /// do not belong together), kNewerFormat, kOutOfMemory, kIo.
  static Result<Granted> open(int data, int control);

  /// What reads it; read-only. To be closed as any other. Its transactions begin on the snapshot
  /// that was the newest at the last refresh(). They do not ask by themselves whether it was taken
  /// away: see holds().
  Database& database() const;
  /// Lets transactions begin on the newest snapshot that is granted now. Cheap when there is no
  /// newer one: two loads. Errors: kSnapshotGone, kDamaged, kForked.
  Result<void> refresh() const;
  /// Whether a snapshot is still granted. To be asked after reading, before what was read is used:
  /// pages of one that was taken away may have been written over, and what was read is anything
  /// then (but never harmful: bounds hold).
  bool holds(std::uint64_t snapshot) const;

 private:
  struct State;
  explicit Granted(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace kist::engine
