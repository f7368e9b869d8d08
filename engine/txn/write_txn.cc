#include <fmt/format.h>

#include <kist/engine/write_txn.h>

#include "engine/txn/write_access.h"

namespace kist::engine {

WriteTxn& WriteTxn::operator=(WriteTxn&& other) noexcept {
  if (this != &other) {
    abort();
    Txn::operator=(std::move(other));
  }
  return *this;
}

WriteTxn::~WriteTxn() {
  abort();
}

void WriteTxn::abort() {
  if (snapshot_) snapshot_->end();
  snapshot_.reset();
}

Result<void> WriteTxn::create_table(Table table, bool exist_ok) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(TableState * found, snapshot_->table(table));
  const std::string name = snapshot_->environment->table_name(table.index());
  if (found->presence == TableState::Presence::kPresent) {
    if (exist_ok) return {};
    return fail(ErrorCode::kTableExists,
                fmt::format("{}: table '{}' exists", snapshot_->environment->path, name));
  }
  return guarded(*snapshot_, *state, [&]() -> Result<void> {
    found->record = {};
    found->record.created = snapshot_->environment->space->transaction();
    found->presence = TableState::Presence::kPresent;
    found->dirty = true;
    return state->store_in_catalog(name, found->record);
  });
}

Result<void> WriteTxn::drop_table(Table table) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  if (table.index() == 0) {
    return fail(ErrorCode::kInvalidArgument, "the default table cannot be dropped; clear it");
  }
  KIST_ASSIGN(TableState * found, present(*snapshot_, table));
  const std::string name = snapshot_->environment->table_name(table.index());
  return guarded(*snapshot_, *state, [&]() -> Result<void> {
    KIST_TRY(free_tree(state->context, found->record.root));
    *found = {.record = {}, .presence = TableState::Presence::kMissing, .dirty = false};
    return state->erase_from_catalog(name);
  });
}

Result<void> WriteTxn::rename_table(Table from, Table to) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  if (from.index() == 0 || to.index() == 0) {
    return fail(ErrorCode::kInvalidArgument, "the default table has no name to change");
  }
  KIST_TRY(snapshot_->table(to));  // both looked up before pointers into the vector are kept
  KIST_ASSIGN(TableState * source, present(*snapshot_, from));
  KIST_ASSIGN(TableState * target, snapshot_->table(to));
  Environment& environment = *snapshot_->environment;
  if (target->presence == TableState::Presence::kPresent) {
    return fail(ErrorCode::kTableExists, fmt::format("{}: table '{}' exists", environment.path,
                                                     environment.table_name(to.index())));
  }
  return guarded(*snapshot_, *state, [&]() -> Result<void> {
    *target = {.record = source->record, .presence = TableState::Presence::kPresent, .dirty = true};
    *source = {.record = {}, .presence = TableState::Presence::kMissing, .dirty = false};
    KIST_TRY(state->erase_from_catalog(environment.table_name(from.index())));
    return state->store_in_catalog(environment.table_name(to.index()), target->record);
  });
}

Result<std::uint64_t> WriteTxn::clear(Table table) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(TableState * found, present(*snapshot_, table));
  const std::uint64_t records = found->record.root.count;
  if (records == 0) return 0;
  return guarded(*snapshot_, *state, [&]() -> Result<std::uint64_t> {
    KIST_TRY(free_tree(state->context, found->record.root));
    found->record.root = {};
    found->record.keys = 0;
    found->dirty = true;
    return records;
  });
}

Result<std::uint64_t> WriteTxn::commit(std::optional<Durability> durability) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  auto result = state->commit(durability.value_or(snapshot_->environment->options.durability));
  abort();
  return result;
}

}  // namespace kist::engine
