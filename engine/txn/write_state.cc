#include "engine/txn/write_state.h"

#include "engine/format/overflow.h"
#include "engine/tree/tree_writer.h"
#include "engine/txn/environment.h"
#include "engine/txn/overflow_writer.h"

namespace kist::engine {

WriteState::WriteState(Environment& environment, Snapshot& snapshot)
    : context(snapshot.view, *environment.memory),
      environment_(environment),
      snapshot_(snapshot),
      id_(environment.space->transaction()) {
  snapshot.view.set_dirty(&context.arena, &context.values);
}

Result<Ref> WriteState::add_large(Bytes value) {
  if (value.size() >= kWriteThrough) return write_through(value);
  return context.values.add(value);
}

/// The run's place is final, so nothing of the value stays in memory. Nobody can refer to it before
/// the commit; an abort leaves garbage in free space.
Result<Ref> WriteState::write_through(Bytes value) {
  KIST_TRY(environment_.raise_ceiling(id_));
  environment_.sharing->burn(id_);
  const std::uint64_t pages = overflow_pages(value.size(), environment_.page_size);
  KIST_ASSIGN(const Run run, environment_.space->take_run(pages));
  KIST_TRY(environment_.ensure_file_pages(environment_.space->file_pages(), grew_));
  const OverflowImage image(value, run.start, id_, environment_.page_size, environment_.seed);
  if (auto written = environment_.file.write_at(run.start * environment_.page_size, image.pieces());
      !written) {
    return std::unexpected(environment_.latch(written.error()));
  }
  // The snapshot's bound does not reach behind the file as it was; this transaction may read there.
  KIST_ASSIGN(const MapGeneration* map,
              environment_.pager->cover(environment_.space->file_pages()));
  snapshot_.view.extend(map, environment_.space->file_pages());
  context.view.extend(map, environment_.space->file_pages());
  return image.ref();
}

Result<void> WriteState::store_in_catalog(std::string_view name, const TableState& table) {
  std::vector<std::uint8_t> bytes(TableRecord::kSize);
  encode_table_record(table.record, bytes.data());
  bytes.insert(bytes.end(), table.names.begin(), table.names.end());
  TreeWriter catalog(context, snapshot_.catalog.root);
  KIST_TRY(catalog.seek(as_bytes(name)));
  KIST_TRY(catalog.store(bytes, false));
  return {};
}

Result<void> WriteState::erase_from_catalog(std::string_view name) {
  TreeWriter catalog(context, snapshot_.catalog.root);
  KIST_ASSIGN(const bool found, catalog.seek(as_bytes(name)));
  if (found) KIST_TRY(catalog.erase());
  return {};
}

}  // namespace kist::engine
