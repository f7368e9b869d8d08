#include <algorithm>

#include <fmt/format.h>

#include <kist/engine/cursor.h>
#include <kist/engine/write_txn.h>

#include "engine/tree/search.h"
#include "engine/tree/tree_path.h"
#include "engine/txn/cursor_state.h"
#include "engine/txn/environment.h"
#include "engine/txn/multimap.h"
#include "engine/txn/snapshot.h"
#include "engine/txn/write_state.h"
#include "engine/upkeep/table_shape.h"

namespace kist::engine {
namespace {

std::unexpected<Error> ended() {
  return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
}

/// The value of a key of a table that was not looked up before, or that is of another shape.
Result<std::optional<Bytes>> get_slow(Snapshot& snapshot, Table table, Bytes key) {
  KIST_ASSIGN(const TableState* state, snapshot.present(table));
  if (state->shape.multi) return multi_get(snapshot, *state, key);
  LeafRecord record;
  const Found found = find_record(snapshot.view, state->record.root, state->shape, key, record);
  if (found == Found::kError) return std::unexpected(snapshot.view.take_error());
  std::optional<Bytes> value;
  if (found == Found::kYes) {
    KIST_ASSIGN(value, value_of(snapshot.view, record));
  }
  if (snapshot.view.map_damaged()) return std::unexpected(snapshot.view.damaged_map());
  return value;
}

}  // namespace

std::uint64_t Txn::id() const {
  return snapshot_ ? snapshot_->id : 0;
}

Result<std::optional<Bytes>> Txn::get(Table table, Bytes key) const {
  Snapshot* snapshot = snapshot_.get();
  const Ref* root = snapshot != nullptr ? snapshot->root(table) : nullptr;
  if (root == nullptr) [[unlikely]] {
    if (snapshot == nullptr) return ended();
    return get_slow(*snapshot, table, key);
  }
  LeafRecord record;
  const Found found = find_record(snapshot->view, *root, key, record);
  // Made in its place: a copy would wait for the stores of what it copies.
  Result<std::optional<Bytes>> value;
  if (found == Found::kYes) [[likely]] {
    if (record.indirect) [[unlikely]] {
      value = snapshot->view.large_value(record.value());
    } else {
      value->emplace(record.value(), record.value_size);
    }
  } else if (found == Found::kError) {
    value = std::unexpected(snapshot->view.take_error());
  }
  if (value && snapshot->view.map_damaged()) [[unlikely]]
    value = std::unexpected(snapshot->unreadable());
  return value;
}

Result<bool> Txn::contains(Table table, Bytes key) const {
  KIST_ASSIGN(const std::optional<Bytes> value, get(table, key));
  return value.has_value();
}

Result<bool> Txn::contains_pair(Table table, Bytes key, Bytes value) const {
  if (!snapshot_) return ended();
  KIST_ASSIGN(const TableState* state, snapshot_->present(table));
  if (state->shape.multi) return multi_contains_pair(*snapshot_, *state, key, value);
  KIST_ASSIGN(const std::optional<Bytes> present, get(table, key));
  return present && std::ranges::equal(*present, value);
}

Result<std::uint64_t> Txn::count_values(Table table, Bytes key) const {
  if (!snapshot_) return ended();
  KIST_ASSIGN(const TableState* state, snapshot_->present(table));
  if (state->shape.multi) return multi_count_values(*snapshot_, *state, key);
  KIST_ASSIGN(const bool there, contains(table, key));
  return there ? 1 : 0;
}

Result<std::uint64_t> Txn::count(Table table, CountOf what) const {
  if (!snapshot_) return ended();
  KIST_ASSIGN(const TableState* state, snapshot_->existing(table));
  return what == CountOf::kKeys ? state->record.root.keys : state->record.root.count;
}

Result<bool> Txn::exists(Table table) const {
  if (!snapshot_) return ended();
  KIST_ASSIGN(const TableState* state, snapshot_->table(table));
  return state->presence == TableState::Presence::kPresent;
}

Result<std::vector<std::string>> Txn::table_names() const {
  if (!snapshot_) return ended();
  KIST_TRY(snapshot_->usable());
  std::vector<std::string> names;
  TreePath catalog;
  catalog.reset(snapshot_->view, kPlainShape, snapshot_->catalog.root);
  KIST_ASSIGN(bool more, catalog.first());
  while (more) {
    const LeafRecord record = catalog.record();
    if (record.key == nullptr) return std::unexpected(catalog.damaged("contradicts itself"));
    names.push_back(to_string(record.key_bytes()));
    KIST_ASSIGN(more, catalog.forward());
  }
  if (snapshot_->view.map_damaged()) return std::unexpected(snapshot_->unreadable());
  return names;
}

Result<Cursor> Txn::cursor(Table table) const {
  if (!snapshot_) return ended();
  KIST_TRY(snapshot_->present(table));
  return Cursor(new CursorState(snapshot_, table));
}

Result<TableStats> Txn::table_stats(Table table) const {
  if (!snapshot_) return ended();
  KIST_ASSIGN(const TableState* state, snapshot_->existing(table));
  return table_shape(snapshot_->view, state->record.root, state->shape, state->values);
}

ReadTxn& ReadTxn::operator=(ReadTxn&& other) noexcept {
  if (this != &other) {
    end();
    Txn::operator=(std::move(other));
  }
  return *this;
}

void ReadTxn::give_up() {
  Environment::end_read(std::move(snapshot_));
}

}  // namespace kist::engine
