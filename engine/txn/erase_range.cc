// Removal of ranges of keys.

#include <kist/engine/write_txn.h>

#include "engine/tree/prefix.h"
#include "engine/tree/range_eraser.h"
#include "engine/txn/write_access.h"

namespace kist::engine {
Result<std::uint64_t> WriteTxn::erase_range(Table table, std::optional<Bytes> from,
                                            std::optional<Bytes> to) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(TableState * found, present(*snapshot_, table));
  const std::uint64_t before = found->record.root.count;
  const bool changed_before = state->changed;
  KIST_TRY(guarded(*snapshot_, *state, [&] {
    RangeEraser eraser(state->context, found->shape, found->values);
    return eraser.erase(found->record.root, from, to);
  }));
  const std::uint64_t erased = before - found->record.root.count;
  if (erased == 0) state->changed = changed_before;
  found->dirty |= erased != 0;
  return erased;
}

Result<std::uint64_t> WriteTxn::erase_prefix(Table table, Bytes prefix) {
  KIST_TRY(writable(snapshot_));
  KIST_ASSIGN(const TableState* found, present(*snapshot_, table));
  if (found->shape.by_comparator) {
    return fail(ErrorCode::kMisuse, snapshot_->environment->path +
                                        ": prefixes mean nothing in a table that is not in "
                                        "byte order");
  }
  const std::optional<std::string> end = end_of_prefix(prefix);
  return erase_range(table, prefix, end ? std::optional(as_bytes(*end)) : std::nullopt);
}

}  // namespace kist::engine
