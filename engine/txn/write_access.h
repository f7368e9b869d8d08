#pragma once

#include <cstdint>
#include <memory>

#include <fmt/format.h>

#include <kist/engine/error.h>

#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"
#include "engine/txn/write_state.h"

namespace kist::engine {

/// What every change to a write transaction goes through, wherever its function is defined.

/// The transaction as it is needed for a change: alive and not broken.
inline Result<WriteState*> writable(const std::shared_ptr<Snapshot>& snapshot) {
  if (!snapshot) return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
  KIST_TRY(snapshot->usable());
  WriteState* state = snapshot->write.get();
  if (state->broken) {
    return fail(
        state->broken->code,
        "the transaction can only be aborted or rolled back to a savepoint, because a change "
        "failed: " +
            state->broken->message);
  }
  return state;
}

/// The state of a table that exists and can be searched.
inline Result<TableState*> present(Snapshot& snapshot, Table table) {
  if (snapshot.root(table) != nullptr) [[likely]]
    return &snapshot.tables[table.index()];
  return snapshot.present(table);
}

/// Whether a record of these sizes may be stored in `table`. Errors: kKeyTooLong, kValueTooLong,
/// kInvalidArgument (a key of another size than the table's numbers).
Result<void> check_sizes(const Environment& environment, const TableState& table, Bytes key,
                         std::uint64_t value_size);

/// Why an appended record was refused.
std::unexpected<Error> out_of_order(const Environment& environment);

/// Runs `change`, which may leave trees half changed when it fails: then only abort remains. What
/// the memory holds may be written early before `change` runs, never after it: reserve() has told
/// where a value lies.
template <typename Function>
auto guarded(Snapshot& snapshot, WriteState& state, Function change) -> decltype(change()) {
  const Change announced(snapshot, state.context);
  state.changed = true;
  auto result = change();
  if (!result) state.broken = result.error();
  state.readers.any();  // gives up what was kept for those that are gone
  return result;
}

}  // namespace kist::engine
