#include <algorithm>
#include <thread>

#include <kist/engine/watch.h>

#include "engine/txn/database_access.h"

namespace kist::engine {
namespace {

// How often who cannot be woken looks.
constexpr std::chrono::milliseconds kPause{20};

}  // namespace

Result<SnapshotMark> mark_of(const Txn& txn) {
  KIST_ASSIGN(const Snapshot* snapshot, TxnAccess::snapshot(txn));
  return SnapshotMark{snapshot->id, snapshot->nonce};
}

CommitSignal::CommitSignal(std::shared_ptr<Environment> environment)
    : environment_(std::move(environment)) {}

Result<CommitSignal> CommitSignal::of(const Database& database) {
  KIST_ASSIGN(auto environment, DatabaseAccess::environment(database));
  return CommitSignal(std::move(environment));
}

std::uint64_t CommitSignal::count() const {
  const Sharing& sharing = *environment_->sharing;
  return sharing.uses_slots() ? sharing.wakes() : 0;
}

void CommitSignal::wait(std::uint64_t seen, std::chrono::nanoseconds limit) const {
  Sharing& sharing = *environment_->sharing;
  if (environment_->stale()) return;
  if (!sharing.uses_slots()) {
    return std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(limit, kPause));
  }
  sharing.wait_for_wake(seen, limit);
}

void CommitSignal::wake() const {
  Sharing& sharing = *environment_->sharing;
  if (!environment_->stale() && sharing.uses_slots()) sharing.wake_watchers();
}

}  // namespace kist::engine
