#pragma once

#include <optional>

#include <kist/engine/database.h>
#include <kist/engine/error.h>
#include <kist/options.h>

#include "kvstore/store/registry.h"

namespace kist {

/// The kClosed error of a profile.
std::unexpected<Error> closed_profile(const ProfileUse& use);
/// The kClosed error of a handle that was never opened, or was moved from. `what` names its type.
std::unexpected<Error> empty_handle(std::string_view what);

/// The kClosed error of a read that a shutdown interrupted.
std::unexpected<Error> interrupted_read();

/// Whether the snapshot of `txn` was taken away by the process that grants it, so that what was
/// read in it may be anything. To be asked after reading.
inline bool taken_away(const SharedProfile& profile, const engine::Txn& txn) {
  return profile.granted && !profile.granted->holds(txn.id());
}
/// The kSnapshotGone error of that.
std::unexpected<Error> snapshot_gone(SharedProfile& profile);

/// Begins a read transaction, unless the profile is closed.
inline Result<engine::ReadTxn> begin_read(ProfileUse& use) {
  const Gate::Pass pass(use.gate);
  if (!pass) [[unlikely]]
    return closed_profile(use);
  if (use.shared->granted) [[unlikely]]
    KIST_TRY(use.shared->granted->refresh());
  Result<engine::ReadTxn> txn = use.shared->database.read();
  if (!txn) [[unlikely]]
    use.shared->events.failed(txn.error());
  return txn;
}

/// A handle of the environment, for calls that may take long: it outlives a close of the profile.
Result<engine::Database> database_of(ProfileUse& use);

/// Begins the write transaction. A close of the profile does not wait for it.
Result<engine::WriteTxn> begin_write(ProfileUse& use, Wait wait = std::nullopt);

}  // namespace kist
