#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include <kist/engine/error.h>

#include "kvstore/c_api/object.h"

namespace kist::c_api {

/// Gives objects numbers that may be kept, copied and used after the object is gone.
///
/// A handle is (generation << 32 | kind << 27 | index of a slot). A slot that becomes free raises
/// its generation, so a handle never names a later object of the same slot; a slot whose
/// generations are used up is not used again.
///
/// Each slot has one atomic word: generation, a bit "closed", and the number of calls that are
/// using the object. Closing sets the bit; the object is destroyed by the last call that uses it.
/// Nothing here takes a lock: closing never waits for a call, and a fork at any instruction leaves
/// the table usable in the child.
class HandleTable {
  struct Slot;

 public:
  /// The table of the library. Never destroyed: threads may outlive static objects.
  static HandleTable& instance();

  HandleTable() = default;
  /// Destroys all objects. For tables of tests; no other thread may use the table.
  ~HandleTable();
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  /// Keeps an object from being destroyed while a call uses it.
  class Pin {
   public:
    Pin(Pin&& other) noexcept
        : table_(other.table_), slot_(std::exchange(other.slot_, nullptr)), index_(other.index_) {}
    Pin& operator=(Pin&&) = delete;
    ~Pin() {
      if (slot_ != nullptr) table_->unpin(*slot_, index_);
    }
    const std::shared_ptr<Object>& object() const { return slot_->object; }
    /// Leaves the object pinned for ever.
    void leak() { slot_ = nullptr; }

   private:
    friend class HandleTable;
    Pin(HandleTable* table, Slot* slot, std::uint32_t index)
        : table_(table), slot_(slot), index_(index) {}
    HandleTable* table_;
    Slot* slot_;
    std::uint32_t index_;
  };

  /// Takes in an object and returns its handle, which is never 0. Errors: kOutOfMemory (2^27 slots
  /// are in use). Throws std::bad_alloc.
  Result<std::uint64_t> insert(std::shared_ptr<Object> object);

  /// The object of a handle, for use during a call. Errors: kInvalidArgument (null handle, handle
  /// of another kind, number that was never a handle), kClosed, kForked.
  Result<Pin> pin(std::uint64_t handle, Kind kind);

  /// Closes a handle: calls that begin from now on find it closed. Of several threads that close
  /// one handle, one gets the pin, and the others kClosed. A handle inherited through fork is
  /// closed, but its object is left as it is, and kForked is returned.
  Result<Pin> close(std::uint64_t handle, Kind kind);

 private:
  static constexpr std::uint32_t kIndexBits = 27;
  static constexpr std::uint32_t kFirstChunkBits = 8;
  static constexpr std::uint64_t kClosed = std::uint64_t{1} << 31;
  static constexpr std::uint64_t kGenerationStep = std::uint64_t{1} << 32;

  struct Slot {
    std::atomic<std::uint64_t> state = kGenerationStep | kClosed;
    std::atomic<std::uint32_t> next_free = 0;  // 1 + index, while on the list of free slots
    std::shared_ptr<Object> object;            // written only while the slot is free
  };

  Slot& slot_at(std::uint32_t index) const;
  void make_chunk(std::uint32_t index);
  Result<std::uint32_t> take_free_slot();
  void give_free_slot(std::uint32_t index);
  Result<Pin> find(std::uint64_t handle, Kind kind);
  void unpin(Slot& slot, std::uint32_t index);

  /// Chunk k holds 2^(8+k) slots, and is never moved or freed.
  std::array<std::atomic<Slot*>, kIndexBits - kFirstChunkBits + 1> chunks_{};
  std::atomic<std::uint32_t> slots_made_ = 0;
  /// Head of the list of free slots: a count of changes << 32 | 1 + index. The count keeps a
  /// compare-and-swap from succeeding after the head went away and came back.
  std::atomic<std::uint64_t> free_head_ = 0;
};

}  // namespace kist::c_api
