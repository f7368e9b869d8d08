#include "kvstore/store/begin.h"

#include <fmt/format.h>

namespace kist {

std::unexpected<Error> closed_profile(const ProfileUse& use) {
  Error error{ErrorCode::kClosed,
              fmt::format("profile {} was closed", use.shared->directory.string())};
  use.shared->events.failed(error);
  return std::unexpected(std::move(error));
}

std::unexpected<Error> empty_handle(std::string_view what) {
  return fail(ErrorCode::kClosed, fmt::format("this {} handle was never opened", what));
}

std::unexpected<Error> interrupted_read() {
  return fail(ErrorCode::kClosed, "the read was interrupted by the shutdown of all profiles");
}

std::unexpected<Error> snapshot_gone(SharedProfile& profile) {
  Error error{ErrorCode::kSnapshotGone,
              fmt::format("{}: the snapshot was taken away by the process that granted it",
                          profile.directory.string())};
  profile.events.failed(error);
  return std::unexpected(std::move(error));
}

Result<engine::Database> database_of(ProfileUse& use) {
  const Gate::Pass pass(use.gate);
  if (!pass) return closed_profile(use);
  return use.shared->database;
}

Result<engine::WriteTxn> begin_write(ProfileUse& use, Wait wait) {
  KIST_ASSIGN(const engine::Database database, database_of(use));
  Result<engine::WriteTxn> txn = database.write(wait);
  if (!txn) use.shared->events.failed(txn.error());
  return txn;
}

}  // namespace kist
