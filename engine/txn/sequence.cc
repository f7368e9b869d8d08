// A number of each table that only ever grows.

#include <limits>

#include <fmt/format.h>

#include <kist/engine/write_txn.h>

#include "engine/txn/write_access.h"

namespace kist::engine {

Result<std::uint64_t> Txn::sequence(Table table) const {
  if (!snapshot_) return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
  KIST_ASSIGN(const TableState* found, snapshot_->existing(table));
  return found->record.sequence;
}

Result<std::uint64_t> WriteTxn::advance_sequence(Table table, std::uint64_t amount) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(TableState * found, snapshot_->existing(table));
  const std::uint64_t first = found->record.sequence;
  if (amount > std::numeric_limits<std::uint64_t>::max() - first) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: a sequence at {} cannot be advanced by {}",
                            snapshot_->environment->path, first, amount));
  }
  if (amount == 0) return first;
  found->record.sequence += amount;
  found->dirty = true;
  state->changed = true;
  return first;
}

}  // namespace kist::engine
