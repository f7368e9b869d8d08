#include "engine/txn/snapshot.h"

#include <utility>

#include <fmt/format.h>

#include "engine/tree/comparators.h"
#include "engine/tree/tree_reader.h"
#include "engine/txn/cursor_state.h"
#include "engine/txn/environment.h"
#include "engine/txn/write_state.h"

namespace kist::engine {

Snapshot::Snapshot(std::shared_ptr<Environment> env) : environment(std::move(env)) {}

Snapshot::~Snapshot() {
  end();
}

void Snapshot::end() {
  // From the innermost nested transaction outwards: each gives back what it took over.
  Snapshot* one = &innermost();
  while (one != this) {
    Snapshot* const around = one->outer_.get();
    one->end_one();
    one = around;
  }
  end_one();
}

void Snapshot::end_one() {
  if (state_ == State::kEnded) return;
  if (outer_ != nullptr) {
    write->levels.roll_back(level_, *this);
    end_keeping_changes();
    return;
  }
  state_ = State::kEnded;
  while (attached != nullptr) attached->detach();
  if (write != nullptr) {
    write.reset();
    environment->end_write();
  }
  uncommitted.reset();
  environment->end_read(*this);
  empty();
  environment.reset();  // perhaps the last reference
}

std::shared_ptr<Environment> Snapshot::retire() {
  state_ = State::kEnded;
  environment->sharing->release_slot(slot);
  pin = Pin::kNone;
  return std::move(environment);
}

/// Forgets what there is to read. Cursors take the way on which they learn why.
void Snapshot::empty() {
  ++write_count_;
  ++epoch_;
  head_place = 0;
  id = 0;
  view = {};
  catalog = {};
  tables.clear();  // so does root()
  kept_tables_.clear();
}

void Snapshot::reset() {
  if (state_ != State::kLive && state_ != State::kParked) return;
  given_up_ = id;
  if (reusable()) [[likely]] {
    environment->sharing->release_slot(slot);
    pin = Pin::kNone;
    ++write_count_;
    ++epoch_;
    id = 0;
    tables.swap(kept_tables_);
  } else {
    set_aside_.reset();
    uncommitted.reset();
    environment->end_read(*this);
    empty();
  }
  state_ = State::kReset;
}

Result<void> Snapshot::park() {
  KIST_TRY(usable());
  if (uncommitted || (shared_pin && shared_pin.use_count() > 1)) {
    return fail(ErrorCode::kMisuse,
                environment->path +
                    ": what is read is not this transaction's alone, so it cannot be "
                    "parked");
  }
  const std::uint64_t pinned = id;
  set_aside_ = std::make_unique<Set>(view, catalog, std::exchange(tables, {}));
  empty();
  id = pinned;
  state_ = State::kParked;
  environment->park_read(*this);
  return {};
}

bool Snapshot::unpark() {
  if (!environment->unpark_read(*this)) {
    reset();
    return false;
  }
  view = set_aside_->view;
  catalog = set_aside_->catalog;
  tables = std::move(set_aside_->tables);
  set_aside_.reset();
  state_ = State::kLive;
  return true;
}

void Snapshot::restart() {
  begin_change();
  ++epoch_;
}

void Snapshot::move_to(Snapshot& other) {
  other.id = id;
  other.view = view;
  other.catalog = catalog;
  other.nonce = nonce;
  other.domain_version = domain_version;
  other.markers = markers;
  other.tables = std::exchange(tables, {});
  other.write = std::move(write);
  other.write->set_snapshot(other);
}

void Snapshot::begin_nested(std::shared_ptr<Snapshot> outer, std::uint64_t level) {
  outer_ = std::move(outer);
  level_ = level;
  outer_->move_to(*this);
  outer_->inner_ = this;
}

Snapshot& Snapshot::innermost() {
  Snapshot* one = this;
  while (one->inner_ != nullptr) one = one->inner_;
  return *one;
}

void Snapshot::end_keeping_changes() {
  write->levels.end(level_);
  write->early.drop_all(this);
  write->readers.end(this);
  move_to(*outer_);
  outer_->inner_ = nullptr;
  const std::shared_ptr<Snapshot> outer = std::exchange(outer_, nullptr);
  end_one();
}

Result<void> Snapshot::usable() const {
  if (state_ == State::kParked) {
    return fail(ErrorCode::kMisuse,
                environment->path + ": the transaction is parked; unpark it first");
  }
  if (state_ != State::kLive) {
    return fail(ErrorCode::kTransactionEnded, state_ == State::kEnded
                                                  ? "the transaction has ended"
                                                  : "the transaction was reset and not renewed");
  }
  if (stale()) {
    return fail(ErrorCode::kForked,
                environment->path + ": the transaction was begun before fork()");
  }
  if (uncommitted && uncommitted->over()) {
    return fail(
        ErrorCode::kTransactionEnded,
        environment->path + ": the write transaction whose uncommitted state is read has ended");
  }
  if (inner_ != nullptr) {
    return fail(ErrorCode::kMisuse,
                environment->path + ": a transaction nested in this one has not ended");
  }
  return {};
}

void Snapshot::begin_change() {
  while (attached != nullptr) attached->hold();
  ++write_count_;
}

Error Snapshot::unreadable() const {
  const Result<void> readable = usable();
  return readable ? view.damaged_map() : readable.error();
}

Result<TableState*> Snapshot::table(Table handle) {
  KIST_TRY(usable());
  if (!environment->owns(handle)) {
    return fail(ErrorCode::kMisuse,
                environment->path + ": the table handle was got from another database");
  }
  if (handle.index() >= tables.size()) tables.resize(handle.index() + 1);
  TableState& state = tables[handle.index()];
  state.owner = uncommitted ? kAskEachTime : handle.owner();
  if (state.presence == TableState::Presence::kUnknown) KIST_TRY(look_up(handle, state));
  return &state;
}

Result<void> Snapshot::look_up(Table handle, TableState& state) {
  LeafRecord found;
  const std::string name = environment->table_name(handle.index());
  switch (find_record(view, catalog.root, as_bytes(name), found)) {
    case Found::kError:
      return std::unexpected(view.take_error());
    case Found::kNo:
      state.presence = TableState::Presence::kMissing;
      return {};
    case Found::kYes:
      break;
  }
  const auto record = found.indirect ? std::nullopt : decode_table_record(found.value_bytes());
  if (!record) {
    return fail(ErrorCode::kDamaged,
                fmt::format("{}: the record of table '{}' is damaged", environment->path, name));
  }
  state.record = *record;
  state.names = to_string(found.value_bytes().subspan(TableRecord::kSize));
  state.presence = TableState::Presence::kPresent;
  set_shapes(state);
  return {};
}

void Snapshot::set_shapes(TableState& state) const {
  const TableShapes shapes =
      table_shapes(state.record, state.names, environment->page_size, &environment->comparators);
  state.shape = shapes.keys;
  state.values = shapes.values;
  state.plain = state.presence == TableState::Presence::kPresent && state.shape.plain();
}

Result<TableState*> Snapshot::existing(Table handle) {
  KIST_ASSIGN(TableState * state, table(handle));
  if (state->presence == TableState::Presence::kPresent) return state;
  return fail(ErrorCode::kTableNotFound,
              fmt::format("{}: no table '{}' in transaction {}", environment->path,
                          environment->table_name(handle.index()), id));
}

Result<TableState*> Snapshot::present(Table handle) {
  KIST_ASSIGN(TableState * state, existing(handle));
  if (state->shape.comparable() && state->values.comparable()) return state;
  set_shapes(*state);  // registered since?
  if (state->shape.comparable() && state->values.comparable()) return state;
  const std::string_view names = state->names;
  const std::size_t cut = state->record.key_comparator_size;
  const bool keys = !state->shape.comparable();
  return fail(
      ErrorCode::kNoComparator,
      fmt::format("{}: table '{}' orders its {} by the comparator '{}', which was not "
                  "registered",
                  environment->path, environment->table_name(handle.index()),
                  keys ? "keys" : "values", keys ? names.substr(0, cut) : names.substr(cut)));
}

}  // namespace kist::engine
