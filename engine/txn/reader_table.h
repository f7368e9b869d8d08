#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include <kist/engine/error.h>

#include "engine/os/clock.h"
#include "engine/os/file.h"
#include "engine/space/pins.h"
#include "engine/txn/lock_file.h"

namespace kist::engine {

/// What a reader slot says, or a lock that stands for one.
struct PinnedSlot {
  std::uint64_t snapshot = 0;  // 0: about to be chosen
  std::uint64_t process = 0;   // as told; 0: unknown
  std::uint64_t since = 0;     // os::coarse_milliseconds(); 0: unknown
  bool parked = false;
};

/// The reader slots of the lock file, as one process uses them. Thread-safe.
class ReaderTable {
 public:
  /// `data` holds the live bytes, `lock_file` the slots; both are borrowed. `process`: index of the
  /// live byte that this process holds.
  ReaderTable(os::File& data, LockFile& lock_file, std::uint32_t process);

  /// Takes a slot that pins everything. No system call while this thread's last slot is free.
  Result<std::uint32_t> claim() {
    const Hint& hint = hints_[serial_ % hints_.size()];
    if (hint.serial == serial_ && take(hint.slot)) [[likely]]
      return hint.slot;
    return claim_slowly();
  }

  /// Takes `slot`, one that this process has had before, and pins snapshot `id` in it at once.
  /// False when it is in use. What is pinned came in time if `id` is the head of a later moment.
  bool claim_again(std::uint32_t slot, std::uint64_t id, std::uint64_t now) {
    std::uint64_t free = kNoPin;
    // Sequentially consistent, as in take().
    if (!slots_[slot].pin.compare_exchange_strong(free, id, std::memory_order_seq_cst,
                                                  std::memory_order_relaxed)) {
      return false;
    }
    slots_[slot].since.store(now, std::memory_order_relaxed);
    return true;
  }

  /// Lowers the pin to one snapshot, read from the head after claim().
  void pin(std::uint32_t slot, std::uint64_t id) {
    // Release costs nothing here and lets whoever sees the id also see that the head was read.
    slots_[slot].pin.store(id, std::memory_order_release);
    slots_[slot].since.store(os::coarse_milliseconds(), std::memory_order_relaxed);
  }

  /// Lets oust() take the pin of snapshot `id`, which the slot has.
  void park(std::uint32_t slot, std::uint64_t id) {
    // Release, as in release(): from here on a writer may count on nothing being read.
    slots_[slot].pin.store(id | kParkedFlag, std::memory_order_release);
  }
  /// Takes that back. False when the pin is gone; the slot is still this reader's.
  bool unpark(std::uint32_t slot, std::uint64_t id) {
    std::uint64_t parked = id | kParkedFlag;
    return slots_[slot].pin.compare_exchange_strong(parked, id, std::memory_order_seq_cst,
                                                    std::memory_order_relaxed);
  }

  /// Gives the slot back; it stays with this process.
  void release(std::uint32_t slot) {
    // Release: all reads of the snapshot come before a writer can see that the pin is gone.
    slots_[slot].pin.store(kNoPin, std::memory_order_release);
  }

  /// What the slots of all processes pin below `tip`. Clears the slots of processes that
  /// died. Errors: kDamaged when the lock file contradicts itself.
  Result<void> collect(std::uint64_t tip, Pins& pins);
  /// Ends all parked pins of a snapshot. Writer only. Returns how many there were.
  Result<std::uint64_t> oust(std::uint64_t snapshot);
  /// Adds what all slots pin at the moment, those of dead processes perhaps included.
  Result<void> list(std::vector<PinnedSlot>& pinned);

  /// Clears what an earlier process of the same number left behind. Before the first claim().
  Result<void> clear_leftovers();
  /// Gives up all slots of this process; no reader may be left.
  void leave();

 private:
  struct Hint {
    std::uint64_t serial;
    std::uint32_t slot;
  };
  /// The slot that this thread used last, for a few environments. Never dereferenced unless the
  /// serial, which no two tables of a process share, is this table's.
  static inline constinit thread_local std::array<Hint, 4> hints_{};

  bool take(std::uint32_t slot) {
    std::uint64_t free = kNoPin;
    // Sequentially consistent: pairs with the writer's scan, see collect().
    return slots_[slot].pin.compare_exchange_strong(
        free, kPinsEverything, std::memory_order_seq_cst, std::memory_order_relaxed);
  }
  Result<std::uint32_t> claim_slowly();
  bool adopt_free_slots(std::size_t wanted);
  void clear_process(std::uint32_t process, std::uint32_t limit);
  Result<bool> clear_if_dead(std::uint32_t process, std::uint32_t limit);
  Result<void> clear_dead_owners();
  Result<std::uint32_t> slot_limit();
  Result<void> refresh_capacity();
  Result<void> grow();
  Result<void> append_slots(std::uint32_t before);

  os::File& data_;
  LockFile& lock_file_;
  ReaderSlot* slots_;
  const std::uint32_t process_;
  const std::uint64_t serial_;
  std::atomic<std::uint32_t> capacity_{0};  // slots that the file has room for, when last looked at

  std::mutex mutex_;                  // protects the two below
  std::vector<std::uint32_t> owned_;  // slots of this process
  std::size_t next_ = 0;              // where in owned_ to look first

  std::mutex probe_mutex_;  // live bytes of others are probed by one thread at a time
};

}  // namespace kist::engine
