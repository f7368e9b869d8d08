// Transactions within a write transaction, and points in it to go back to.

#include <kist/engine/write_txn.h>

#include "engine/txn/levels.h"
#include "engine/txn/write_access.h"

namespace kist::engine {
namespace {

/// The transaction when `name` is a savepoint of it. It may be broken.
Result<WriteState*> with_savepoint(const std::shared_ptr<Snapshot>& snapshot, std::uint64_t name) {
  if (!snapshot) return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
  KIST_TRY(snapshot->usable());
  WriteState* state = snapshot->write.get();
  if (state->levels.is_savepoint(name)) return state;
  return fail(ErrorCode::kMisuse,
              snapshot->environment->path +
                  ": the savepoint was released, rolled back beyond, or is not one of this "
                  "transaction");
}

}  // namespace

Result<WriteTxn> WriteTxn::nested() {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_TRY(state->make_room_for_level());
  const Change announced(*snapshot_, state->context);
  WriteTxn inner;
  inner.snapshot_ = std::make_shared<Snapshot>(snapshot_->environment);
  inner.snapshot_->begin_nested(snapshot_, state->levels.begin(*snapshot_, Levels::Kind::kNested));
  return inner;
}

Result<Savepoint> WriteTxn::savepoint() {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_TRY(state->make_room_for_level());
  Savepoint savepoint;
  savepoint.level_ = state->levels.begin(*snapshot_, Levels::Kind::kSavepoint);
  return savepoint;
}

Result<void> WriteTxn::rollback_to(const Savepoint& savepoint) {
  KIST_ASSIGN(WriteState * state, with_savepoint(snapshot_, savepoint.level_));
  const Change announced(*snapshot_, state->context);
  state->levels.roll_back(savepoint.level_, *snapshot_);
  return {};
}

std::uint64_t WriteTxn::memory_used() const {
  if (!snapshot_ || !snapshot_->innermost().write) return 0;
  return snapshot_->innermost().write->memory().bytes();
}

std::uint64_t WriteTxn::dirty_pages() const {
  if (!snapshot_ || !snapshot_->innermost().write) return 0;
  return snapshot_->innermost().write->context.arena.live();
}

PageOperations WriteTxn::page_operations() const {
  if (!snapshot_ || !snapshot_->innermost().write) return {};
  return snapshot_->innermost().write->context.operations;
}

Result<ReadTxn> WriteTxn::read_uncommitted() {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  ReadTxn reader;
  reader.snapshot_ = std::make_shared<Snapshot>(snapshot_->environment);
  KIST_TRY(state->readers.begin(*snapshot_, *reader.snapshot_));
  state->forget_writer();
  return reader;
}

Result<void> WriteTxn::release(const Savepoint& savepoint) {
  KIST_ASSIGN(WriteState * state, with_savepoint(snapshot_, savepoint.level_));
  state->levels.end(savepoint.level_);
  return {};
}

}  // namespace kist::engine
