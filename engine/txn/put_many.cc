// Many records at once.

#include <fmt/format.h>

#include <kist/engine/write_txn.h>

#include "engine/txn/multimap.h"
#include "engine/txn/record_edit.h"
#include "engine/txn/write_access.h"

namespace kist::engine {
namespace {

/// Whether `records` may all be stored, as far as can be told before the first is. Errors: those of
/// check_sizes(); kOutOfOrder.
Result<void> check_all(Snapshot& snapshot, WriteState& state, TableState& table,
                       std::span<const Record> records, PutMode mode) {
  const Environment& environment = *snapshot.environment;
  for (const Record& record : records) {
    KIST_TRY(check_sizes(environment, table, record.key, record.value.size()));
  }
  if (mode != PutMode::kAppend || records.empty()) return {};
  RecordEdit first(snapshot, state, table);
  KIST_TRY(first.seek(records.front().key));
  bool ascending = first.behind_all();
  for (std::size_t i = 1; ascending && i < records.size(); ++i) {
    ascending = compare_by(table.shape, records[i - 1].key, records[i].key) < 0;
  }
  return ascending ? Result<void>() : out_of_order(environment);
}

/// Stores the first of `records`, or some of them, and cuts them off.
Result<void> put_some(Snapshot& snapshot, WriteState& state, TableState& table,
                      std::span<const Record>& records, PutMode mode, std::uint64_t& stored) {
  if (!table.shape.multi) {
    return RecordEdit(snapshot, state, table).store_some(records, mode, stored);
  }
  const Record& pair = records.front();
  KIST_ASSIGN(const bool put, PairEdit(snapshot, state, table).put(pair.key, pair.value, mode));
  stored += put ? 1 : 0;
  records = records.subspan(1);
  return {};
}

}  // namespace

Result<std::uint64_t> WriteTxn::put_many(Table table, std::span<const Record> records,
                                         PutMode mode) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(TableState * found, present(*snapshot_, table));
  if (!found->shape.multi) KIST_TRY(check_all(*snapshot_, *state, *found, records, mode));
  const std::uint64_t writes = snapshot_->write_count();
  std::uint64_t stored = 0;
  while (!records.empty()) {
    auto done = put_some(*snapshot_, *state, *found, records, mode, stored);
    if (done) continue;
    const bool changed = snapshot_->write_count() != writes;
    if (changed && !state->broken) state->broken = done.error();
    return std::unexpected(std::move(done).error());
  }
  return stored;
}

}  // namespace kist::engine
