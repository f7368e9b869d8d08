#include "engine/txn/write_state.h"

#include "engine/format/overflow.h"
#include "engine/tree/tree_writer.h"
#include "engine/txn/environment.h"
#include "engine/txn/overflow_writer.h"

namespace kist::engine {

WriteState::WriteState(Environment& environment, Snapshot& snapshot)
    : context(snapshot.view, *environment.memory),
      early(environment),
      readers(environment, environment.memory),
      environment_(environment),
      memory_(environment.memory),
      snapshot_(&snapshot),
      id_(environment.space->transaction()) {
  snapshot.view.set_dirty(&context.arena, &context.values);
}

TreeWriter& WriteState::writer_of(TableState& table) {
  if (writer_root_ != &table.record.root || writer_changes_ != snapshot_->write_count()) {
    writer_.emplace(context, table.record.root, table.shape);
    writer_root_ = &table.record.root;
    writer_changes_ = snapshot_->write_count();
  }
  return *writer_;
}

Result<Ref> WriteState::add_large(Bytes value) {
  if (value.size() >= kWriteThrough) return write_through(value);
  return context.values.add(value);
}

WriteState::~WriteState() {
  environment_.operations.add(context.operations);
  readers.end(nullptr);
  if (readers.any()) {
    // The last of them gives it up.
    environment_.memory = std::make_shared<DirtyMemory>(environment_.page_size);
  } else {
    memory_->reset();
  }
}

bool WriteState::latched() const {
  return environment_.sharing->latch() != 0;
}

Result<Ref> WriteState::write_through(Bytes value) {
  const std::uint64_t pages = overflow_pages(value.size(), environment_.page_size);
  reuse_given_up();
  KIST_ASSIGN(const Run run, early.take_run(pages));
  const OverflowImage image(value, run.start, id_, environment_.page_size, environment_.seed);
  if (auto written = environment_.file.write_at(run.start * environment_.page_size, image.pieces());
      !written) {
    return std::unexpected(environment_.latch(written.error()));
  }
  early.wrote(pages * environment_.page_size);
  KIST_TRY(extend_views());
  return image.ref();
}

Result<void> WriteState::extend_views() {
  KIST_ASSIGN(const MapHold map, environment_.pager->cover(environment_.space->file_pages()));
  // Spans and cursors may still point into the map before.
  if (map != snapshot_->view.map()) outgrown_maps_.push_back(snapshot_->view.map());
  snapshot_->view.extend(map, environment_.space->file_pages());
  context.view.extend(map, environment_.space->file_pages());
  return {};
}

Result<void> WriteState::store_in_catalog(std::string_view name, const TableState& table) {
  std::vector<std::uint8_t> bytes(TableRecord::kSize);
  encode_table_record(table.record, bytes.data());
  bytes.insert(bytes.end(), table.names.begin(), table.names.end());
  TreeWriter catalog(context, snapshot_->catalog.root);
  KIST_TRY(catalog.seek(as_bytes(name)));
  KIST_TRY(catalog.store(bytes, false));
  return {};
}

Result<void> WriteState::erase_from_catalog(std::string_view name) {
  TreeWriter catalog(context, snapshot_->catalog.root);
  KIST_ASSIGN(const bool found, catalog.seek(as_bytes(name)));
  if (found) KIST_TRY(catalog.erase());
  return {};
}

}  // namespace kist::engine
