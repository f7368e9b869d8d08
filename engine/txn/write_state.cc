#include "engine/txn/write_state.h"

#include "engine/format/overflow.h"
#include "engine/tree/tree_reader.h"
#include "engine/tree/tree_writer.h"
#include "engine/txn/environment.h"
#include "engine/txn/overflow_writer.h"

namespace kist::engine {

WriteState::WriteState(Environment& environment, Snapshot& snapshot)
    : context(snapshot.view, *environment.arena),
      environment_(environment),
      snapshot_(snapshot),
      id_(environment.space->transaction()) {
  snapshot.view.set_dirty(environment.arena.get(), &context.values);
}

Result<void> WriteState::store(TableState& table, Bytes key, Bytes value) {
  TreeWriter tree(context, table.record.root);
  KIST_TRY(tree.seek(key));
  std::array<std::uint8_t, ref_layout::kSize> reference;
  const bool large = !value_fits_inline(environment_.page_size, key.size(), value.size());
  if (large) {
    KIST_ASSIGN(const Ref ref, add_large(value));
    store_ref(reference.data(), ref);
  }
  KIST_TRY(tree.store(large ? Bytes(reference) : value, large));
  table.record.keys = table.record.root.count;
  table.dirty = true;
  return {};
}

Result<bool> WriteState::erase(TableState& table, Bytes key, std::string* old_value) {
  TreeWriter tree(context, table.record.root);
  KIST_ASSIGN(const bool found, tree.seek(key));
  if (!found) return false;
  if (old_value != nullptr) {
    KIST_ASSIGN(const Bytes value, value_of(context.view, tree.record()));
    *old_value = to_string(value);
  }
  const Change announced(snapshot_, context);
  changed = true;
  KIST_TRY(tree.erase());
  table.record.keys = table.record.root.count;
  table.dirty = true;
  return true;
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
  return image.ref();
}

Result<void> WriteState::store_in_catalog(std::string_view name, const TableRecord& record) {
  std::array<std::uint8_t, TableRecord::kSize> bytes;
  encode_table_record(record, bytes.data());
  TreeWriter catalog(context, snapshot_.catalog.root);
  KIST_TRY(catalog.seek(as_bytes(name)));
  KIST_TRY(catalog.store(bytes, false));
  snapshot_.catalog.keys = snapshot_.catalog.root.count;
  return {};
}

Result<void> WriteState::erase_from_catalog(std::string_view name) {
  TreeWriter catalog(context, snapshot_.catalog.root);
  KIST_ASSIGN(const bool found, catalog.seek(as_bytes(name)));
  if (found) KIST_TRY(catalog.erase());
  snapshot_.catalog.keys = snapshot_.catalog.root.count;
  return {};
}

}  // namespace kist::engine
