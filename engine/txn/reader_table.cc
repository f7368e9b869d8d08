#include "engine/txn/reader_table.h"

#include <algorithm>
#include <string>

#include "engine/base/failpoints.h"
#include "engine/os/process.h"
#include "engine/txn/lock_bytes.h"

namespace kist::engine {
namespace {

constexpr std::size_t kMostSlotsAtOnce = 256;

std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;  // never 0, which unset hints hold
}

/// The value of `owner` for a process, and back; kMaxProcesses for values that no process has.
std::uint64_t owner_of(std::uint32_t process) {
  return std::uint64_t{process} + 1;
}
std::uint32_t process_of(std::uint64_t owner) {
  return owner == 0 || owner > kMaxProcesses ? kMaxProcesses
                                             : static_cast<std::uint32_t>(owner - 1);
}

}  // namespace

ReaderTable::ReaderTable(os::File& data, LockFile& lock_file, std::uint32_t process)
    : data_(data),
      lock_file_(lock_file),
      slots_(lock_file.layout().slots),
      process_(process),
      serial_(next_serial()) {}

Result<std::uint32_t> ReaderTable::claim_slowly() {
  const std::lock_guard lock(mutex_);
  for (;;) {
    for (std::size_t tries = 0; tries < owned_.size(); ++tries) {
      const std::uint32_t slot = owned_[next_];
      next_ = (next_ + 1) % owned_.size();
      if (!take(slot)) continue;
      KIST_FAILPOINT("claim.after_pin");
      hints_[serial_ % hints_.size()] = {serial_, slot};
      return slot;
    }
    // Doubling keeps the search above short on average, however many readers there are.
    const auto wanted = std::clamp<std::size_t>(owned_.size(), 1, kMostSlotsAtOnce);
    KIST_TRY(refresh_capacity());
    if (adopt_free_slots(wanted)) continue;
    KIST_TRY(clear_dead_owners());
    if (adopt_free_slots(wanted)) continue;
    KIST_TRY(grow());
  }
}

bool ReaderTable::adopt_free_slots(std::size_t wanted) {
  const std::uint32_t capacity = capacity_.load(std::memory_order_relaxed);
  SharedWord& limit = lock_file_.layout().slot_limit;
  bool found = false;
  for (std::uint32_t i = 0; i < capacity && wanted != 0; ++i) {
    std::uint64_t nobody = 0;
    // Acquire: the one before has stored the pin for the last time. What follows needs no release:
    // the owner is read after the pin, and the pin is stored sequentially consistently.
    if (!slots_[i].owner.compare_exchange_strong(nobody, owner_of(process_),
                                                 std::memory_order_seq_cst)) {
      continue;
    }
    KIST_FAILPOINT("claim.after_owner");
    slots_[i].pin.store(kNoPin, std::memory_order_seq_cst);
    slots_[i].process.store(os::process_number(), std::memory_order_relaxed);
    // Before the first pin, so that a scan that misses the slot happened before the reader looked
    // at the head; see collect().
    std::uint64_t seen = limit.load(std::memory_order_seq_cst);
    while (seen < i + 1 && !limit.compare_exchange_weak(seen, i + 1, std::memory_order_seq_cst)) {
    }
    KIST_FAILPOINT("claim.after_limit");
    owned_.push_back(i);
    --wanted;
    found = true;
  }
  return found;
}

// Why no reader is missed. A reader (R1) raises slot_limit, once for each slot, (R2) stores
// kPinsEverything, or the id of the head that it expects, into its slot, (R3) loads the head, and
// gives up what it expected in vain. A writer (W1) loads what is being flushed and
// the head, see Sharing::protected_ids(), (W2) loads slot_limit, (W3) loads the pin. All of them,
// and all changes of the head, are sequentially consistent, so there is one order of them all that
// agrees with each thread's own. When W2 or W3 misses the reader, it stands before R1 or R2, so W1
// stands before R3, and the reader gets a head of W1 or a later one: the writer protects what was
// the head or being flushed at W1, and whatever else becomes a head while it writes is the tip that
// it builds on. Otherwise W3 gives kPinsEverything or the id that was read.
Result<void> ReaderTable::collect(std::uint64_t tip, Pins& pins) {
  const std::lock_guard lock(probe_mutex_);
  KIST_ASSIGN(const std::uint32_t limit, slot_limit());
  enum class Life : std::uint8_t { kUnknown, kLives, kDead };
  std::array<Life, kMaxProcesses> lives{};
  lives[process_] = Life::kLives;  // asking about one's own byte would give it up
  for (std::uint32_t i = 0; i < limit; ++i) {
    const std::uint64_t word = slots_[i].pin.load(std::memory_order_seq_cst);
    const std::uint64_t pin = word & ~kParkedFlag;  // parked or not, it is pinned
    if (pin == kNoPin || pin >= tip) continue;      // so is what was ousted
    // Read after the pin. An owner is stored before its first pin and removed after its last, so a
    // pin without an owner is one that was given up since, or was never a reader's.
    const std::uint32_t process = process_of(slots_[i].owner.load(std::memory_order_seq_cst));
    if (process == kMaxProcesses) continue;
    if (lives[process] == Life::kUnknown) {
      KIST_ASSIGN(const bool dead, clear_if_dead(process, limit));
      lives[process] = dead ? Life::kDead : Life::kLives;
    }
    if (lives[process] == Life::kDead) continue;
    if (pin == kPinsEverything) {
      pins.everything = true;
    } else {
      pins.ids.push_back(pin);
    }
  }
  // A page that was cut off reads as free slots, so only now is it known that there was none.
  return lock_file_.damaged() ? refresh_capacity() : Result<void>();
}

Result<std::uint64_t> ReaderTable::oust(std::uint64_t snapshot) {
  KIST_ASSIGN(const std::uint32_t limit, slot_limit());
  std::uint64_t ousted = 0;
  for (std::uint32_t i = 0; i < limit; ++i) {
    std::uint64_t parked = snapshot | kParkedFlag;
    // Acquire: what its reader read before it parked was read before anything is written there.
    if (slots_[i].pin.compare_exchange_strong(parked, snapshot | kOustedFlag,
                                              std::memory_order_seq_cst)) {
      ++ousted;
    }
  }
  return ousted;
}

Result<void> ReaderTable::list(std::vector<PinnedSlot>& pinned) {
  KIST_ASSIGN(const std::uint32_t limit, slot_limit());
  for (std::uint32_t i = 0; i < limit; ++i) {
    const std::uint64_t word = slots_[i].pin.load(std::memory_order_seq_cst);
    const std::uint64_t id = word & ~kParkedFlag;
    if (id == kNoPin || id >= kIdLimit) continue;
    if (slots_[i].owner.load(std::memory_order_seq_cst) == 0) continue;
    pinned.push_back({.snapshot = id == kPinsEverything ? 0 : id,
                      .process = slots_[i].process.load(std::memory_order_relaxed),
                      .since = slots_[i].since.load(std::memory_order_relaxed),
                      .parked = word != id});
  }
  return {};
}

void ReaderTable::leave() {
  const std::lock_guard lock(mutex_);
  for (const std::uint32_t slot : owned_) {
    slots_[slot].pin.store(kNoPin, std::memory_order_seq_cst);
    slots_[slot].owner.store(0, std::memory_order_seq_cst);
  }
  owned_.clear();
}

Result<void> ReaderTable::clear_leftovers() {
  KIST_ASSIGN(const std::uint32_t limit, slot_limit());
  clear_process(process_, limit);
  return {};
}

void ReaderTable::clear_process(std::uint32_t process, std::uint32_t limit) {
  for (std::uint32_t i = 0; i < limit; ++i) {
    if (slots_[i].owner.load(std::memory_order_seq_cst) != owner_of(process)) continue;
    slots_[i].pin.store(kNoPin, std::memory_order_seq_cst);
    slots_[i].owner.store(0, std::memory_order_seq_cst);
  }
}

Result<bool> ReaderTable::clear_if_dead(std::uint32_t process, std::uint32_t limit) {
  const std::uint64_t byte = kLiveBytes + process;
  KIST_ASSIGN(const bool dead, data_.try_lock(byte, 1, os::LockKind::kExclusive));
  if (!dead) return false;
  // While the byte is held, no new process can take over the number.
  clear_process(process, limit);
  KIST_TRY(data_.unlock(byte, 1));
  return true;
}

Result<void> ReaderTable::clear_dead_owners() {
  const std::lock_guard lock(probe_mutex_);
  KIST_ASSIGN(const std::uint32_t limit, slot_limit());
  std::array<bool, kMaxProcesses> asked{};
  asked[process_] = true;
  for (std::uint32_t i = 0; i < limit; ++i) {
    const std::uint32_t process = process_of(slots_[i].owner.load(std::memory_order_seq_cst));
    if (process == kMaxProcesses || asked[process]) continue;
    asked[process] = true;
    KIST_TRY(clear_if_dead(process, limit));
  }
  return {};
}

Result<std::uint32_t> ReaderTable::slot_limit() {
  const std::uint64_t limit = lock_file_.layout().slot_limit.load(std::memory_order_seq_cst);
  if (limit > capacity_.load(std::memory_order_relaxed)) KIST_TRY(refresh_capacity());
  const std::uint32_t capacity = capacity_.load(std::memory_order_relaxed);
  if (limit > capacity) {
    return fail(ErrorCode::kDamaged, "lock file '" + lock_file_.file().path() + "' speaks of " +
                                         std::to_string(limit) + " reader slots and has room for " +
                                         std::to_string(capacity));
  }
  return static_cast<std::uint32_t>(limit);
}

Result<void> ReaderTable::refresh_capacity() {
  KIST_ASSIGN(const std::uint64_t size, lock_file_.file().size());
  if (size < kInitialLockFileBytes || lock_file_.damaged()) {
    return fail(ErrorCode::kDamaged,
                "lock file '" + lock_file_.file().path() + "' was cut short while it was in use");
  }
  const std::uint64_t slots = (size - kSlotsOffset) / sizeof(ReaderSlot);
  capacity_.store(static_cast<std::uint32_t>(std::min<std::uint64_t>(slots, kMaxReaderSlots)),
                  std::memory_order_relaxed);
  return {};
}

Result<void> ReaderTable::grow() {
  const std::uint32_t before = capacity_.load(std::memory_order_relaxed);
  if (before == kMaxReaderSlots) {
    return fail(ErrorCode::kBusy, "all " + std::to_string(kMaxReaderSlots) +
                                      " reader slots of lock file '" + lock_file_.file().path() +
                                      "' are taken");
  }
  // Two processes must not write zeros over the same new slots, one of them after they were
  // claimed.
  KIST_TRY(data_.lock(kGrowthByte, 1, os::LockKind::kExclusive));
  const Result<void> grown = append_slots(before);
  KIST_TRY(data_.unlock(kGrowthByte, 1));
  return grown;
}

Result<void> ReaderTable::append_slots(std::uint32_t before) {
  KIST_TRY(refresh_capacity());
  if (capacity_.load(std::memory_order_relaxed) > before) return {};  // another process was faster
  KIST_ASSIGN(const std::uint64_t size, lock_file_.file().size());
  const std::uint64_t slots = std::min<std::uint64_t>(2 * std::uint64_t{before}, kMaxReaderSlots);
  const std::vector<std::uint8_t> zeros(
      static_cast<std::size_t>(kSlotsOffset + slots * sizeof(ReaderSlot) - size));
  KIST_TRY(lock_file_.file().write_at(size, Bytes(zeros)));
  return refresh_capacity();
}

}  // namespace kist::engine
