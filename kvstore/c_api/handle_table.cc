#include "kvstore/c_api/handle_table.h"

#include <bit>
#include <string>

#include <kist/engine/fork.h>

namespace kist::c_api {
namespace {

constexpr std::uint32_t index_of(std::uint64_t handle) {
  return static_cast<std::uint32_t>(handle) & 0x07FFFFFF;
}

constexpr std::uint32_t kind_of(std::uint64_t handle) {
  return static_cast<std::uint32_t>(handle) >> 27;
}

constexpr std::uint32_t generation_of(std::uint64_t handle_or_state) {
  return static_cast<std::uint32_t>(handle_or_state >> 32);
}

std::string name_of(Kind kind) {
  switch (kind) {
    case Kind::kProfile:
      return "profile";
    case Kind::kStore:
      return "store";
    case Kind::kReader:
      return "reader";
    case Kind::kWriter:
      return "writer";
    case Kind::kIterator:
      return "iterator";
    case Kind::kDatabase:
      return "database";
    case Kind::kTransaction:
      return "transaction";
    case Kind::kCursor:
      return "cursor";
    case Kind::kValueReader:
      return "value reader";
    case Kind::kValueWriter:
      return "value writer";
    case Kind::kDifference:
      return "difference";
    case Kind::kBatch:
      return "batch";
    case Kind::kQueue:
      return "queue";
    case Kind::kWorkingCopy:
      return "working copy";
    case Kind::kGrant:
      return "grant";
    case Kind::kObserver:
      return "observer";
  }
  return "object";
}

std::unexpected<Error> no_handle(std::uint64_t handle, Kind kind) {
  return fail(ErrorCode::kInvalidArgument,
              std::to_string(handle) + " is no handle of a " + name_of(kind));
}

std::unexpected<Error> closed(Kind kind) {
  return fail(ErrorCode::kClosed, "the " + name_of(kind) + " was closed");
}

std::unexpected<Error> forked(Kind kind) {
  return fail(ErrorCode::kForked,
              "the " + name_of(kind) + " was opened before fork; open it again in this process");
}

}  // namespace

HandleTable& HandleTable::instance() {
  static HandleTable* const table = new HandleTable;
  return *table;
}

HandleTable::~HandleTable() {
  for (auto& chunk : chunks_) delete[] chunk.load();
}

HandleTable::Slot& HandleTable::slot_at(std::uint32_t index) const {
  // Chunk k begins at index 2^(8+k) - 2^8.
  const std::uint32_t shifted = index + (1U << kFirstChunkBits);
  const auto top = static_cast<std::uint32_t>(std::bit_width(shifted)) - 1;
  // NOLINTNEXTLINE(clang-analyzer-core.BitwiseShift): shifted is never 0
  return chunks_[top - kFirstChunkBits].load(std::memory_order_acquire)[shifted - (1U << top)];
}

void HandleTable::make_chunk(std::uint32_t index) {
  const std::uint32_t shifted = index + (1U << kFirstChunkBits);
  const auto top = static_cast<std::uint32_t>(std::bit_width(shifted)) - 1;
  std::atomic<Slot*>& chunk = chunks_[top - kFirstChunkBits];
  if (chunk.load(std::memory_order_acquire) != nullptr) return;
  auto fresh = std::make_unique<Slot[]>(std::size_t{1} << top);
  Slot* expected = nullptr;
  if (chunk.compare_exchange_strong(expected, fresh.get(), std::memory_order_acq_rel)) {
    static_cast<void>(fresh.release());
  }
}

Result<std::uint32_t> HandleTable::take_free_slot() {
  std::uint64_t head = free_head_.load(std::memory_order_acquire);
  while (static_cast<std::uint32_t>(head) != 0) {
    const std::uint32_t index = static_cast<std::uint32_t>(head) - 1;
    // May be stale when another thread takes the slot now; then the exchange fails.
    const std::uint32_t next = slot_at(index).next_free.load(std::memory_order_relaxed);
    const std::uint64_t wanted = ((head >> 32) + 1) << 32 | next;
    if (free_head_.compare_exchange_weak(head, wanted, std::memory_order_acq_rel)) return index;
  }
  std::uint32_t index = slots_made_.load(std::memory_order_acquire);
  do {
    if (index >= (1U << kIndexBits) - (1U << kFirstChunkBits)) {
      return fail(ErrorCode::kOutOfMemory, "too many open handles");
    }
    make_chunk(index);
  } while (!slots_made_.compare_exchange_weak(index, index + 1, std::memory_order_acq_rel));
  return index;
}

void HandleTable::give_free_slot(std::uint32_t index) {
  std::uint64_t head = free_head_.load(std::memory_order_relaxed);
  std::uint64_t wanted = 0;
  do {
    slot_at(index).next_free.store(static_cast<std::uint32_t>(head), std::memory_order_relaxed);
    wanted = ((head >> 32) + 1) << 32 | (index + 1);
  } while (!free_head_.compare_exchange_weak(head, wanted, std::memory_order_acq_rel));
}

Result<std::uint64_t> HandleTable::insert(std::shared_ptr<Object> object) {
  KIST_ASSIGN(const std::uint32_t index, take_free_slot());
  Slot& slot = slot_at(index);
  const auto kind = static_cast<std::uint64_t>(object->kind());
  slot.object = std::move(object);
  const std::uint64_t generation = slot.state.load(std::memory_order_relaxed) >> 32 << 32;
  // From here on a pin may be taken; it must see the object.
  slot.state.store(generation, std::memory_order_release);
  return generation | kind << kIndexBits | index;
}

Result<HandleTable::Pin> HandleTable::find(std::uint64_t handle, Kind kind) {
  const std::uint32_t index = index_of(handle);
  if (handle == 0 || kind_of(handle) != static_cast<std::uint32_t>(kind) ||
      index >= slots_made_.load(std::memory_order_acquire)) {
    return no_handle(handle, kind);
  }
  Slot& slot = slot_at(index);
  std::uint64_t state = slot.state.load(std::memory_order_relaxed);
  do {
    if (generation_of(state) != generation_of(handle) || (state & kClosed) != 0) {
      return closed(kind);
    }
  } while (!slot.state.compare_exchange_weak(state, state + 1, std::memory_order_acquire));
  Pin pin(this, &slot, index);
  // A number made up by the caller may have the wrong kind in its bits.
  if (pin.object()->kind() != kind) return no_handle(handle, kind);
  return pin;
}

Result<HandleTable::Pin> HandleTable::pin(std::uint64_t handle, Kind kind) {
  Result<Pin> pin = find(handle, kind);
  if (pin && pin->object()->forks() != engine::fork_count()) return forked(kind);
  return pin;
}

Result<HandleTable::Pin> HandleTable::close(std::uint64_t handle, Kind kind) {
  Result<Pin> pin = find(handle, kind);
  if (!pin) return pin;
  const std::uint64_t before = pin->slot_->state.fetch_or(kClosed, std::memory_order_acq_rel);
  if ((before & kClosed) != 0) return closed(kind);
  if (pin->object()->forks() != engine::fork_count()) {
    // Destroying the object would touch locks whose owners may not exist in this process.
    pin->leak();
    return forked(kind);
  }
  return pin;
}

void HandleTable::unpin(Slot& slot, std::uint32_t index) {
  const std::uint64_t before = slot.state.fetch_sub(1, std::memory_order_acq_rel);
  const std::uint64_t pins = before & (kClosed - 1);
  if (pins != 1 || (before & kClosed) == 0) return;
  // Closed, and nobody uses it: no pin can be taken any more, so the slot is ours.
  const std::shared_ptr<Object> object = std::move(slot.object);
  slot.object = nullptr;
  const std::uint32_t generation = generation_of(before);
  if (generation == UINT32_MAX) return;
  slot.state.store(std::uint64_t{generation + 1} << 32 | kClosed, std::memory_order_relaxed);
  give_free_slot(index);
}

}  // namespace kist::c_api
