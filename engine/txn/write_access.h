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

/// Whether trees may be written early after a change.
enum class Room : std::uint8_t {
  kMake,   ///< Yes, when they have outgrown the memory: spans and paths into them are dead then.
  kLater,  ///< Not before the next change: the caller is told where something lies.
};

/// Runs `change`, which may leave trees half changed when it fails: then only abort remains, or a
/// savepoint.
template <typename Function>
auto guarded(Snapshot& snapshot, WriteState& state, Function change, Room room = Room::kMake)
    -> decltype(change()) {
  const Change announced(snapshot, state.context);
  state.changed = true;
  auto result = change();
  state.readers.any();  // gives up what was kept for those that are gone
  if (result && room == Room::kMake) {
    if (auto made = state.make_room(); !made) result = std::unexpected(std::move(made).error());
  }
  if (!result) state.broken = result.error();
  return result;
}

}  // namespace kist::engine
