// From one transaction to the next without a moment in which somebody else could write.

#include <fmt/format.h>

#include <kist/engine/database.h>
#include <kist/engine/write_txn.h>

#include "engine/txn/write_access.h"

namespace kist::engine {
namespace {

/// The outermost transaction, ready to be committed.
Result<WriteState*> committable(const std::shared_ptr<Snapshot>& snapshot) {
  KIST_ASSIGN(WriteState * state, writable(snapshot));
  if (!snapshot->nested()) return state;
  return fail(ErrorCode::kMisuse,
              snapshot->environment->path +
                  ": a nested transaction hands its changes to the one around it, which is the one "
                  "that can go on after a commit");
}

}  // namespace

Result<WriteTxn> Database::upgrade(ReadTxn& txn, Wait wait) const {
  if (!txn.snapshot_) return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
  KIST_TRY(txn.snapshot_->usable());
  if (txn.snapshot_->environment != environment_) {
    return fail(ErrorCode::kMisuse,
                txn.snapshot_->environment->path + ": the transaction is one of another database");
  }
  if (txn.snapshot_->uncommitted) {
    return fail(ErrorCode::kMisuse, environment_->path +
                                        ": what a transaction has not committed is for that one to "
                                        "change");
  }
  const auto conflict = [&](std::uint64_t newest) {
    return fail(ErrorCode::kConflict,
                fmt::format("{}: transaction {} was committed since snapshot {} was read",
                            environment_->path, newest, txn.id()));
  };
  // Not worth waiting for the writer's place.
  KIST_ASSIGN(const std::uint64_t newest, environment_->newest_id());
  if (newest != txn.id()) return conflict(newest);
  KIST_ASSIGN(WriteTxn writer, write(wait));
  if (writer.id() != txn.id()) return conflict(writer.id());
  txn.end();
  return writer;
}

Result<std::uint64_t> WriteTxn::commit_and_continue(std::optional<Durability> durability) {
  KIST_ASSIGN(WriteState * state, committable(snapshot_));
  Environment& environment = *snapshot_->environment;
  const Durability how = durability.value_or(environment.options.durability);
  auto committed = state->commit(how);
  if (committed) {
    // Still as the writer, who goes on with what was just committed.
    if (auto done = environment.finish_commit(*committed, how); !done) {
      committed = std::unexpected(std::move(done).error());
    }
  }
  if (!committed) {
    abort();
    return committed;
  }
  snapshot_->restart();
  snapshot_->write.reset();
  if (environment.continue_write(*snapshot_)) {
    snapshot_->write = std::make_unique<WriteState>(environment, *snapshot_);
  } else {
    environment.end_write();
    abort();
  }
  return committed;
}

Result<ReadTxn> WriteTxn::commit_and_read(std::optional<Durability> durability) {
  KIST_TRY(committable(snapshot_));
  const std::shared_ptr<Environment> environment = snapshot_->environment;
  ReadTxn reader;
  reader.snapshot_ = std::make_shared<Snapshot>(environment);
  // What can fail comes first, while nothing has happened yet.
  Result<void> done = environment->announce_read(*reader.snapshot_);
  const Durability how = durability.value_or(environment->options.durability);
  std::uint64_t id = 0;
  if (done) {
    const auto committed = snapshot_->write->commit(how);
    if (committed) {
      id = *committed;
    } else {
      done = std::unexpected(committed.error());
    }
  }
  if (done) done = environment->pin_tip(*reader.snapshot_);
  abort();
  if (done) done = environment->finish_commit(id, how);
  KIST_TRY(done);
  return reader;
}

}  // namespace kist::engine
