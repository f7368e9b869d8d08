#include "engine/upkeep/table_copy.h"

#include <kist/engine/copy_table.h>

#include "engine/txn/database_access.h"
#include "engine/txn/table_options.h"

namespace kist::engine {

Result<bool> TableRead::next() {
  auto on = begun_ ? path_.forward() : path_.first();
  begun_ = true;
  if (view_.map_damaged()) return std::unexpected(view_.damaged_map());
  return on;
}

Result<Record> TableRead::record() const {
  const LeafRecord main = path_.record();
  const StoredValue value = path_.value();
  if (main.key == nullptr || value.bytes.data() == nullptr) {
    return std::unexpected(path_.main().damaged("a record lies outside the page"));
  }
  Record record{.key = main.key_bytes(), .value = value.bytes};
  if (value.indirect) {
    KIST_ASSIGN(record.value, view_.large_value(value.bytes.data()));
  }
  if (view_.map_damaged()) return std::unexpected(view_.damaged_map());
  return record;
}

Result<void> TableAppend::add(const Record& record) {
  batch_.push_back(record);
  bytes_ += record.key.size() + record.value.size();
  return batch_.size() == kMostRecords || bytes_ >= kMostBytes ? flush() : Result<void>();
}

Result<void> TableAppend::flush() {
  if (told_) {
    for (const Record& record : batch_) {
      told_(record);
      KIST_TRY(txn_.put(table_, record.key, record.value, PutMode::kAppend));
    }
  } else {
    KIST_TRY(txn_.put_many(table_, batch_, PutMode::kAppend));
  }
  batch_.clear();
  bytes_ = 0;
  return {};
}

Result<bool> LikelyAppend::ascending(WriteTxn& txn, Table table, std::span<const Record> records) {
  Record before{as_bytes(last_key_), as_bytes(last_value_)};
  bool any = begun_;
  for (const Record& record : records) {
    if (any) {
      KIST_ASSIGN(int order, txn.compare_keys(table, before.key, record.key));
      if (order == 0) {
        KIST_ASSIGN(order, txn.compare_values(table, before.value, record.value));
      }
      if (order >= 0) return false;
    }
    before = record;
    any = true;
  }
  if (!records.empty()) {
    last_key_ = to_string(records.back().key);
    last_value_ = to_string(records.back().value);
    begun_ = true;
  }
  return true;
}

Result<void> LikelyAppend::store(WriteTxn& txn, Table table, bool multi,
                                 std::span<const Record> records) {
  if (multi && in_order_) {
    KIST_ASSIGN(in_order_, ascending(txn, table, records));
  }
  auto stored = txn.put_many(table, records, in_order_ ? PutMode::kAppend : PutMode::kUpsert);
  if (!multi && !stored && stored.error().code == ErrorCode::kOutOfOrder) {
    in_order_ = false;  // nothing was stored
    stored = txn.put_many(table, records);
  }
  KIST_TRY(stored);
  return {};
}

Result<std::uint64_t> copy_records(TableRead& from, TableAppend& to, Pace& pace) {
  constexpr std::uint64_t kBetweenReports = 256;
  std::uint64_t copied = 0;
  std::uint64_t bytes = 0;
  for (;;) {
    KIST_ASSIGN(const bool more, from.next());
    if (!more) break;
    KIST_ASSIGN(const Record record, from.record());
    KIST_TRY(to.add(record));
    bytes += record.key.size() + record.value.size();
    if (++copied % kBetweenReports != 0) continue;
    KIST_TRY(pace.report(kBetweenReports, bytes));
    bytes = 0;
  }
  KIST_TRY(to.flush());
  KIST_TRY(pace.report(copied % kBetweenReports, bytes));
  return copied;
}

Result<std::uint64_t> copy_table(const Txn& from, Table source, WriteTxn& to, Table target,
                                 const ProgressCallback& progress) {
  KIST_ASSIGN(Snapshot * snapshot, TxnAccess::snapshot(from));
  KIST_ASSIGN(const Snapshot* target_snapshot, TxnAccess::snapshot(to));
  if (snapshot == target_snapshot) {
    return fail(ErrorCode::kMisuse, "a table cannot be copied within one transaction");
  }
  KIST_ASSIGN(const TableState* state, snapshot->existing(source));
  const TableOptions options = options_of(*state);
  if (target.index() == 0) {
    KIST_ASSIGN(const std::uint64_t there, to.count(target));
    if (there != 0) return fail(ErrorCode::kTableExists, "the default table is not empty");
    if (options != TableOptions()) {
      return fail(ErrorCode::kOptionConflict,
                  "the default table has one value a key, in byte order");
    }
  } else {
    KIST_TRY(to.create_table(target, options));
  }
  if (state->record.sequence != 0) {
    KIST_ASSIGN(const std::uint64_t begun, to.sequence(target));
    if (begun < state->record.sequence) {
      KIST_TRY(to.advance_sequence(target, state->record.sequence - begun));
    }
  }
  TableRead read(snapshot->view, state->record.root, {state->shape, state->values});
  TableAppend append(to, target, {});
  Pace pace(progress, 0);
  pace.expect(state->record.root.count);
  return copy_records(read, append, pace);
}

}  // namespace kist::engine
