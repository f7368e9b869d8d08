#include <kist/engine/txn.h>

#include "engine/tree/many.h"
#include "engine/txn/snapshot.h"

namespace kist::engine {

Result<void> Txn::get_many(Table table, std::span<const Bytes> keys,
                           std::span<std::optional<Bytes>> values) const {
  if (!snapshot_) return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
  if (keys.size() != values.size()) {
    return fail(ErrorCode::kInvalidArgument, "as many values as keys are needed");
  }
  KIST_ASSIGN(const TableState* state, snapshot_->present(table));
  if (!state->plain) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      KIST_ASSIGN(values[i], get(table, keys[i]));
    }
    return {};
  }
  KIST_TRY(find_many(snapshot_->view, state->record.root, keys, values));
  if (snapshot_->view.map_damaged()) return std::unexpected(snapshot_->unreadable());
  return {};
}

}  // namespace kist::engine
