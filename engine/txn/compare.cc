#include <kist/engine/txn.h>

#include "engine/tree/search.h"
#include "engine/txn/snapshot.h"

namespace kist::engine {
namespace {

/// The table, to compare by: sound where its comparators are known.
Result<const TableState*> comparable(const std::shared_ptr<Snapshot>& snapshot, Table table) {
  if (!snapshot) return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
  return snapshot->present(table);
}

}  // namespace

Result<int> Txn::compare_keys(Table table, Bytes a, Bytes b) const {
  KIST_ASSIGN(const TableState* state, comparable(snapshot_, table));
  return compare_by(state->shape, a, b);
}

Result<int> Txn::compare_values(Table table, Bytes a, Bytes b) const {
  KIST_ASSIGN(const TableState* state, comparable(snapshot_, table));
  return compare_by(state->shape.multi ? state->values : kPlainShape, a, b);
}

}  // namespace kist::engine
