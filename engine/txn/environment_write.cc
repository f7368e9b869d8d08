// What the writer does to the file besides pages: slots, growth, the head, the latch.

#include <cstring>

#include <fmt/format.h>

#include "engine/base/failpoints.h"
#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"
#include "engine/txn/write_state.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {
namespace {

// Ids that become usable each time the ceiling is raised.
constexpr std::uint64_t kIdStep = 4096;
// Growth up to this size is written with zeros, so that later small commits find blocks that the
// file system has nothing to journal for.
constexpr std::uint64_t kZeroedGrowth = std::uint64_t{1} << 20;

}  // namespace

/// The place after the head's, but never that of the newest durable transaction: should the machine
/// stop now, that is the one to be opened.
Result<std::uint32_t> Environment::next_slot_index() {
  std::uint32_t index = (head.index + 1) % kMetaSlots;
  // Nor that of a prepared transaction. Rare, so its place is looked up each time.
  std::uint32_t prepared = kMetaSlots;
  if (sharing->prepared() != 0) {
    KIST_ASSIGN(const SlotSet set, read_slots(file));
    if (const auto waiting = set.prepared_after(head.id)) prepared = waiting->index;
  }
  if (index == prepared) index = (index + 1) % kMetaSlots;
  const std::uint64_t durable = durable_id(head);
  if (durable == head.id) return index;
  if (durable_slot_id_ != durable) {
    KIST_ASSIGN(const SlotSet set, read_slots(file));
    for (const MetaSlot& slot : set.newest_first()) {
      if (slot.id != durable) continue;
      durable_slot_id_ = durable;
      durable_slot_ = slot.index;
      break;
    }
    if (durable_slot_id_ != durable) {
      return fail(ErrorCode::kDamaged,
                  fmt::format("{}: the slot of durable transaction {} is gone", path, durable));
    }
  }
  while (index == durable_slot_ || index == prepared) index = (index + 1) % kMetaSlots;
  return index;
}

Result<void> Environment::write_slot(MetaSlot& slot) {
  KIST_ASSIGN(slot.index, next_slot_index());
  return store_slot(file, slot);
}

Result<void> Environment::confirm_head() {
  MetaSlot slot = head;
  slot.state = SlotState::kConfirmed;
  slot.confirmed = slot.id;
  KIST_TRY(write_slot(slot));
  KIST_TRY(file.flush());
  head = slot;
  return {};
}

Result<void> Environment::raise_ceiling(std::uint64_t id) {
  if (id < head.id_ceiling) return {};
  MetaSlot slot = head;
  slot.id_ceiling = id + kIdStep;
  Result<void> done = write_slot(slot);
  if (done) done = file.flush();
  if (!done) return std::unexpected(latch(done.error()));
  if (slot.state == SlotState::kRelaxed) slot.state = SlotState::kDurable;
  head = slot;
  publish(head);
  return {};
}

Result<void> Environment::ensure_file_pages(std::uint64_t pages, bool& grew) {
  const std::uint64_t wanted = pages * page_size;
  KIST_ASSIGN(const std::uint64_t size, file.size());
  // A transaction that was given up may have lengthened the file already, but no flush followed.
  if (pages > head.file_pages) grew = true;
  if (size >= wanted) return {};
  grew = true;
  KIST_TRY(file.allocate(size, wanted - size));
  KIST_FAILPOINT("commit.after_allocate");
  if (wanted - size <= kZeroedGrowth) {
    const std::vector<std::uint8_t> zeros(wanted - size);
    KIST_TRY(file.write_at(size, Bytes(zeros)));
  }
  return {};
}

void Environment::publish(const MetaSlot& slot) {
  const MetaSlotBytes bytes = encode_meta_slot(slot);
  std::array<std::uint64_t, kHeadWords> words;
  std::memcpy(words.data(), bytes.data(), bytes.size());
  sharing->publish(words);
}

Error Environment::latch(const Error& cause) {
  sharing->set_latch(1);
  Error error{cause.code, fmt::format("{} (nothing more is committed until every handle is closed "
                                      "and the store is opened again)",
                                      cause.message)};
  log(LogLevel::kError, error.message);
  return error;
}

Result<void> Environment::sync() {
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  if (options.read_only) return {};
  KIST_TRY(sharing->lock_writer(std::nullopt));
  const Result<void> done = [&]() -> Result<void> {
    if (sharing->latch() != 0) return fail(ErrorCode::kLatched, path + ": a write failed before");
    KIST_TRY(take_head());
    return make_head_durable();
  }();
  sharing->unlock_writer();
  return done;
}

Result<void> Environment::make_head_durable() {
  if (head.state != SlotState::kRelaxed) return {};
  MetaSlot slot = head;
  slot.state = SlotState::kDurable;
  if (auto written = write_slot(slot); !written) return std::unexpected(latch(written.error()));
  if (auto flushed = file.flush(); !flushed) return std::unexpected(latch(flushed.error()));
  head = slot;
  publish(head);
  return {};
}

Result<EnvironmentStats> Environment::stats() {
  EnvironmentStats stats;
  stats.page_size = page_size;
  stats.flushes = file.counters().flushes.load();
  stats.bytes_written = file.counters().bytes_written.load();
  stats.pages_verified = pager->pages_verified();
  // The free map belongs to the writer, so become it for a moment, if nobody else is.
  Snapshot snapshot(shared_from_this());
  const Result<void> begun = options.read_only
                                 ? fail(ErrorCode::kBusy, {})
                                 : begin_write(snapshot, std::chrono::milliseconds(0));
  if (!begun) {
    if (begun.error().code != ErrorCode::kBusy) return std::unexpected(begun.error());
    KIST_TRY(begin_read(snapshot));
    stats.file_pages = snapshot.view.limit();
    stats.transaction_id = stats.durable_id = stats.oldest_pinned = snapshot.id;
    stats.tables = snapshot.catalog.root.count;
    return stats;
  }
  snapshot.write = std::make_unique<WriteState>(*this, snapshot);  // gives the lock back
  stats.file_pages = head.file_pages;
  stats.free_pages = space->free_pages();
  stats.pending_pages = space->pending_pages();
  stats.pages_reused = space->pages_reused();
  stats.transaction_id = head.id;
  stats.durable_id = durable_id(head);
  stats.tables = head.catalog.root.count;
  KIST_ASSIGN(const Pins pins, sharing->collect_pins(head.id));
  stats.oldest_pinned = pins.ids.empty() ? head.id : pins.ids.front();
  return stats;
}

}  // namespace kist::engine
