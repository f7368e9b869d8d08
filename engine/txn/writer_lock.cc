#include "engine/txn/writer_lock.h"

#include <algorithm>
#include <thread>

#include "engine/base/failpoints.h"
#include "engine/base/thread_number.h"
#include "engine/os/wake.h"
#include "engine/txn/lock_bytes.h"

namespace kist::engine {

using std::chrono::steady_clock;

Result<void> WriterLock::lock(Wait wait) {
  const auto deadline = steady_clock::now() + wait.value_or(Wait::value_type{});
  KIST_TRY(enter(wait, deadline));
  Result<void> locked = lock_byte(wait, deadline);
  if (!locked) leave();
  KIST_FAILPOINT("lock.after_byte");
  return locked;
}

void WriterLock::unlock() {
  KIST_FAILPOINT("lock.before_unlock");
  // Fails only where there is no lock left to give up.
  static_cast<void>(data_.unlock(kWriterByte, 1));
  leave();
}

bool WriterLock::held_by_this_thread() {
  const std::lock_guard lock(mutex_);
  return holder_ == this_thread_number();
}

std::unexpected<Error> WriterLock::refusal(Wait wait, const char* whose) const {
  const std::string who =
      "a writer of " + std::string(whose) + " has '" + data_.path() + "' locked";
  const auto limit = wait.value_or(Wait::value_type{});
  if (limit <= Wait::value_type{}) return fail(ErrorCode::kBusy, who);
  return fail(ErrorCode::kTimedOut, who + ", waited " + std::to_string(limit.count()) + " ms");
}

Result<void> WriterLock::enter(Wait wait, steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  if (!wait && holder_ == this_thread_number()) {
    return fail(ErrorCode::kMisuse,
                "this thread began the write transaction of '" + data_.path() +
                    "' that is under way, and would wait for it for ever; end it first, or write "
                    "through it");
  }
  const std::uint64_t ticket = next_ticket_++;
  std::condition_variable wake;  // of its own, so that only the next one is woken
  queue_.push_back({ticket, &wake});
  const auto my_turn = [&] { return queue_.front().ticket == ticket; };
  const auto awaited = [&] { return my_turn() || waiter(ticket).called; };
  // Who comes while another writes is the next one, and awake already.
  if (queue_.size() == 2) queue_.back().called = true;
  while (!my_turn()) {
    if (!wait) {
      wake.wait(lock, awaited);
    } else if (!wake.wait_until(lock, deadline, awaited)) {
      // Not at the front, so nobody's turn has come.
      std::erase_if(queue_, [&](const Waiter& one) { return one.ticket == ticket; });
      return refusal(wait, holder_ == this_thread_number() ? "this thread" : "this process");
    }
    if (!my_turn()) watch_the_door(lock, ticket);
  }
  served_.store(ticket, std::memory_order_relaxed);
  holder_ = this_thread_number();
  if (queue_.size() > 1) {
    queue_[1].called = true;
    queue_[1].wake->notify_one();
  }
  return {};
}

WriterLock::Waiter& WriterLock::waiter(std::uint64_t ticket) {
  return *std::ranges::find(queue_, ticket, &Waiter::ticket);
}

/// Waits without sleeping, but not for long: the writer may take its time.
void WriterLock::watch_the_door(std::unique_lock<std::mutex>& lock, std::uint64_t ticket) {
  constexpr std::chrono::microseconds kLongestWatch{50};
  waiter(ticket).called = false;
  waiter(ticket).at_door = true;
  lock.unlock();
  const auto end = steady_clock::now() + kLongestWatch;
  while (served_.load(std::memory_order_acquire) != ticket && steady_clock::now() < end) {
    os::spin();
  }
  lock.lock();
  waiter(ticket).at_door = false;
}

void WriterLock::leave() {
  const std::lock_guard lock(mutex_);
  queue_.pop_front();
  holder_ = 0;
  if (queue_.empty()) return;
  served_.store(queue_.front().ticket, std::memory_order_release);
  // Under the mutex: the waiter ends as soon as it can have that.
  if (!queue_.front().at_door) queue_.front().wake->notify_one();
}

Result<void> WriterLock::lock_byte(Wait wait, steady_clock::time_point deadline) {
  // A blocking request is granted by the kernel when the holder dies, in the same moment.
  if (!wait) return data_.lock(kWriterByte, 1, os::LockKind::kExclusive);
  // The kernel knows no time limit, so look again and again.
  constexpr std::chrono::microseconds kLongestPause{1000};
  for (std::chrono::microseconds pause{20};; pause = std::min(2 * pause, kLongestPause)) {
    KIST_ASSIGN(const bool held, data_.try_lock(kWriterByte, 1, os::LockKind::kExclusive));
    if (held) return {};
    const auto now = steady_clock::now();
    if (now >= deadline) return refusal(wait, "another process");
    std::this_thread::sleep_for(std::min<steady_clock::duration>(pause, deadline - now));
  }
}

}  // namespace kist::engine
