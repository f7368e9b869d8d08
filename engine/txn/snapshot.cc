#include "engine/txn/snapshot.h"

#include <fmt/format.h>

#include "engine/tree/tree_reader.h"
#include "engine/txn/environment.h"
#include "engine/txn/write_state.h"

namespace kist::engine {

Snapshot::Snapshot(std::shared_ptr<Environment> env) : environment(std::move(env)) {}

Snapshot::~Snapshot() {
  end();
}

void Snapshot::end() {
  if (ended_) return;
  ended_ = true;
  ++write_count_;  // cursors take the way on which they learn why
  id = 0;
  view = {};
  catalog = {};
  tables.clear();  // so does root()
  error = {};
  if (write != nullptr) {
    write.reset();
    environment->end_write();
  }
  environment->end_read(*this);
  environment.reset();  // perhaps the last reference
}

Result<void> Snapshot::usable() const {
  if (ended_) return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
  if (stale()) {
    return fail(ErrorCode::kForked,
                environment->path + ": the transaction was begun before fork()");
  }
  return {};
}

void Snapshot::begin_change() {
  ++write_count_;
}

Error Snapshot::unreadable() const {
  const Result<void> readable = usable();
  return readable ? view.damaged_map() : readable.error();
}

const Ref* Snapshot::root_slow(Table handle) {
  auto found = table(handle);
  if (found && (*found)->presence == TableState::Presence::kPresent) {
    return &(*found)->record.root;
  }
  error = found ? Error{ErrorCode::kTableNotFound,
                        fmt::format("{}: no table '{}' in transaction {}", environment->path,
                                    environment->table_name(handle.index()), id)}
                : std::move(found).error();
  return nullptr;
}

Result<TableState*> Snapshot::table(Table handle) {
  KIST_TRY(usable());
  if (!environment->owns(handle)) {
    return fail(ErrorCode::kMisuse,
                environment->path + ": the table handle was got from another database");
  }
  if (handle.index() >= tables.size()) tables.resize(handle.index() + 1);
  TableState& state = tables[handle.index()];
  state.owner = handle.owner();
  if (state.presence != TableState::Presence::kUnknown) return &state;
  LeafRecord record;
  const std::string name = environment->table_name(handle.index());
  switch (find_record(view, catalog.root, as_bytes(name), record)) {
    case Found::kError:
      return std::unexpected(view.take_error());
    case Found::kNo:
      state.presence = TableState::Presence::kMissing;
      break;
    case Found::kYes: {
      const auto decoded =
          record.indirect ? std::nullopt : decode_table_record(record.value_bytes());
      if (!decoded) {
        return fail(ErrorCode::kDamaged, fmt::format("{}: the record of table '{}' is damaged",
                                                     environment->path, name));
      }
      state.record = *decoded;
      state.presence = TableState::Presence::kPresent;
    }
  }
  return &state;
}

}  // namespace kist::engine
