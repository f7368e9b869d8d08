#include "engine/txn/flush_lock.h"

#include <algorithm>

#include "engine/os/wake.h"
#include "engine/txn/lock_bytes.h"

namespace kist::engine {
namespace {

// The kernel gives up the lock of a process that dies, but wakes nobody.
constexpr std::chrono::milliseconds kLongestWait{10};

}  // namespace

Result<bool> FlushLock::try_lock() {
  if (!mutex_.try_lock()) return false;
  auto locked = data_.try_lock(kFlushByte, 1, os::LockKind::kExclusive);
  if (!locked || !*locked) mutex_.unlock();
  return locked;
}

void FlushLock::unlock() {
  // Fails only where there is no lock left to give up.
  static_cast<void>(data_.unlock(kFlushByte, 1));
  mutex_.unlock();
  // After both: whoever sees the old round, and so goes to sleep, is woken; whoever sees the new
  // one finds the lock free.
  rounds_->fetch_add(1, std::memory_order_seq_cst);
  os::wake_all(*rounds_);
}

void FlushLock::wait(std::uint64_t round, std::chrono::nanoseconds limit) {
  os::wait_while(*rounds_, round, std::min<std::chrono::nanoseconds>(limit, kLongestWait));
}

}  // namespace kist::engine
