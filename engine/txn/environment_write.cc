// What the writer does besides writing pages: ids, growth, the tip, the latch.

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "engine/base/failpoints.h"
#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"
#include "engine/txn/write_state.h"

namespace kist::engine {
namespace {

// Growth up to this size is written with zeros, so that later small commits find blocks that the
// file system has nothing to journal for.
constexpr std::uint64_t kZeroedGrowth = std::uint64_t{1} << 20;

}  // namespace

Result<void> Environment::raise_ceiling(std::uint64_t id) {
  if (id < known_ceiling_) return {};
  // Somebody else may have raised it.
  KIST_ASSIGN(const MetaSlot durable, durable_slot());
  known_ceiling_ = durable.id_ceiling;
  if (id < known_ceiling_) return {};
  if (!planted(Bug::kCeilingNotRaised)) KIST_TRY(raise_flushed_ceiling(id + kIdStep));
  known_ceiling_ = id + kIdStep;
  return {};
}

Result<void> Environment::ensure_file_pages(std::uint64_t pages) {
  if (pages <= tip.file_pages) return {};  // its writer saw to that
  const std::uint64_t wanted = pages * page_size;
  KIST_ASSIGN(const std::uint64_t size, file.size());
  if (size >= wanted) return {};
  KIST_TRY(file.allocate(size, wanted - size));
  KIST_FAILPOINT("commit.after_allocate");
  if (wanted - size <= kZeroedGrowth) {
    const std::vector<std::uint8_t> zeros(wanted - size);
    KIST_TRY(file.write_at(size, Bytes(zeros)));
  }
  return {};
}

os::SharedMemory* Environment::write_map(std::uint64_t pages) {
  const std::uint64_t bytes = pages * page_size;
  if (write_map_ && bytes <= write_map_->size()) return write_map_.get();
  if (!maps_writes_ || !options.reserve_address_space) return nullptr;
  write_map_.reset();
  const auto keeps = file.keeps_allocated_blocks();
  // Reaching beyond the end of the file costs address space only.
  constexpr std::uint64_t kLeast = std::uint64_t{1} << 30;
  auto map = keeps && *keeps ? os::SharedMemory::map(file, std::max(kLeast, 4 * bytes))
                             : Result<std::unique_ptr<os::SharedMemory>>();
  maps_writes_ = map && *map != nullptr;
  if (maps_writes_) write_map_ = *std::move(map);
  return write_map_.get();
}

/// splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
std::uint64_t Environment::next_nonce() {
  nonces_ += 0x9E3779B97F4A7C15;
  std::uint64_t bits = nonces_;
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
  return bits ^ (bits >> 31);
}

void Environment::store_tip(const MetaSlot& slot) {
  const MetaSlotBytes bytes = encode_meta_slot(slot);
  HeadWords words;
  std::memcpy(words.data(), bytes.data(), bytes.size());
  sharing->store_tip(slot.id, words);
  tip = slot;
  tip_place_ = sharing->tip_place();
}

Error Environment::latch(const Error& cause) {
  sharing->set_latch(1);
  Error error{cause.code, fmt::format("{} (nothing more is committed until every handle is closed "
                                      "and the store is opened again)",
                                      cause.message)};
  log(LogLevel::kError, error.message);
  return error;
}

Result<EnvironmentStats> Environment::stats() {
  EnvironmentStats stats;
  stats.page_size = page_size;
  stats.flushes = file.counters().flushes.load();
  stats.bytes_written = file.counters().bytes_written.load();
  stats.pages_verified = pager->pages_verified();
  stats.operations = operations.sum();
  stats.commits = commits.read();
  if (sharing->uses_slots()) stats.unflushed_bytes = sharing->unflushed_bytes();
  // The free map belongs to the writer, so become it for a moment, if nobody else is.
  Snapshot snapshot(shared_from_this());
  const Result<void> begun = options.read_only
                                 ? fail(ErrorCode::kBusy, {})
                                 : begin_write(snapshot, std::chrono::milliseconds(0));
  if (!begun) {
    const ErrorCode code = begun.error().code;
    if (code != ErrorCode::kBusy && code != ErrorCode::kPrepared) {
      return std::unexpected(begun.error());
    }
    KIST_TRY(begin_read(snapshot));
    stats.file_pages = snapshot.view.limit();
    stats.transaction_id = stats.durable_id = stats.oldest_pinned = snapshot.id;
    if (sharing->uses_slots()) stats.durable_id = sharing->durable().id;
    stats.tables = snapshot.catalog.root.count;
    return stats;
  }
  snapshot.write = std::make_unique<WriteState>(*this, snapshot);  // gives the lock back
  stats.file_pages = tip.file_pages;
  stats.free_pages = space->free_pages();
  stats.pending_pages = space->pending_pages();
  stats.pages_reused = space->pages_reused();
  stats.transaction_id = tip.id;
  stats.durable_id = sharing->durable().id;
  stats.tables = tip.catalog.root.count;
  KIST_ASSIGN(const Pins pins, sharing->collect_pins(tip.id));
  stats.oldest_pinned = pins.ids.empty() ? tip.id : pins.ids.front();
  return stats;
}

}  // namespace kist::engine
