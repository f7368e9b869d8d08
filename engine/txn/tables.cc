// Tables come, go and change their names.

#include <fmt/format.h>

#include <kist/engine/write_txn.h>

#include "engine/txn/table_options.h"
#include "engine/txn/write_access.h"

namespace kist::engine {
namespace {

/// The record and the names of a table in the catalog lie in its leaf.
Result<void> check_room(const Environment& environment, std::string_view name,
                        const TableState& table) {
  const std::size_t size = TableRecord::kSize + table.names.size();
  if (value_fits_inline(environment.page_size, name.size(), size)) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{}: the names of table '{}' and of its comparators take {} bytes; pages "
                          "of {} allow {}",
                          environment.path, name, name.size() + table.names.size(),
                          environment.page_size, max_table_name_size(environment.page_size)));
}

Result<void> refuse_default(Table table, const char* what) {
  if (table.index() != 0) return {};
  return fail(ErrorCode::kInvalidArgument, what);
}

Error exists_error(const Environment& environment, std::string_view name) {
  return {ErrorCode::kTableExists, fmt::format("{}: table '{}' exists", environment.path, name)};
}

}  // namespace

Result<void> WriteTxn::create_table(Table table, bool exist_ok) {
  return create_table(table, TableOptions{}, exist_ok);
}

Result<void> WriteTxn::create_table(Table table, const TableOptions& options, bool exist_ok) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(const TableOptions wanted, completed(options));
  KIST_ASSIGN(TableState * found, snapshot_->table(table));
  Environment& environment = *snapshot_->environment;
  const std::string name = environment.table_name(table.index());
  if (found->presence == TableState::Presence::kPresent) {
    if (!exist_ok) return std::unexpected(exists_error(environment, name));
    const std::string difference = first_difference(options_of(*found), wanted);
    if (difference.empty()) return {};
    return fail(ErrorCode::kOptionConflict,
                fmt::format("{}: table '{}' exists: {}", environment.path, name, difference));
  }
  TableState made = *found;
  made.record = {};
  set_options(made, wanted);
  KIST_TRY(check_room(environment, name, made));
  for (const std::string& comparator : {wanted.key_comparator, wanted.value_comparator}) {
    if (comparator.empty() || environment.comparators.find(comparator) != nullptr) continue;
    return fail(ErrorCode::kNoComparator, fmt::format("{}: the comparator '{}' was not registered",
                                                      environment.path, comparator));
  }
  made.record.created = environment.space->transaction();
  made.presence = TableState::Presence::kPresent;
  made.dirty = true;
  snapshot_->set_shapes(made);
  return guarded(*snapshot_, *state, [&]() -> Result<void> {
    *found = made;
    return state->store_in_catalog(name, made);
  });
}

Result<void> WriteTxn::drop_table(Table table) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_TRY(refuse_default(table, "the default table cannot be dropped; clear it"));
  KIST_ASSIGN(TableState * found, snapshot_->existing(table));
  const std::string name = snapshot_->environment->table_name(table.index());
  return guarded(*snapshot_, *state, [&]() -> Result<void> {
    KIST_TRY(free_tree(state->context, found->record.root, found->shape, found->values));
    *found = {.presence = TableState::Presence::kMissing, .owner = found->owner};
    return state->erase_from_catalog(name);
  });
}

Result<void> WriteTxn::rename_table(Table from, Table to) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_TRY(refuse_default(from, "the default table has no name to change"));
  KIST_TRY(refuse_default(to, "the default table has no name to change"));
  KIST_TRY(snapshot_->table(to));  // both looked up before pointers into the vector are kept
  KIST_ASSIGN(TableState * source, snapshot_->existing(from));
  KIST_ASSIGN(TableState * target, snapshot_->table(to));
  Environment& environment = *snapshot_->environment;
  const std::string name = environment.table_name(to.index());
  if (target->presence == TableState::Presence::kPresent) {
    return std::unexpected(exists_error(environment, name));
  }
  KIST_TRY(check_room(environment, name, *source));
  return guarded(*snapshot_, *state, [&]() -> Result<void> {
    *target = *source;
    target->dirty = true;
    *source = {.presence = TableState::Presence::kMissing, .owner = source->owner};
    KIST_TRY(state->erase_from_catalog(environment.table_name(from.index())));
    return state->store_in_catalog(name, *target);
  });
}

Result<std::uint64_t> WriteTxn::clear(Table table) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(TableState * found, snapshot_->existing(table));
  const std::uint64_t records = found->record.root.count;
  if (records == 0) return 0;
  return guarded(*snapshot_, *state, [&]() -> Result<std::uint64_t> {
    KIST_TRY(free_tree(state->context, found->record.root, found->shape, found->values));
    found->record.root = {};
    found->dirty = true;
    return records;
  });
}

Result<TableOptions> Txn::table_options(Table table) const {
  if (!snapshot_) return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
  KIST_ASSIGN(const TableState* state, snapshot_->existing(table));
  return options_of(*state);
}

}  // namespace kist::engine
