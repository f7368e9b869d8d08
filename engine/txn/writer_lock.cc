#include "engine/txn/writer_lock.h"

#include <algorithm>
#include <thread>

#include "engine/base/thread_number.h"
#include "engine/txn/lock_bytes.h"

namespace kist::engine {

using std::chrono::steady_clock;

Result<void> WriterLock::lock(Wait wait) {
  const auto deadline = steady_clock::now() + wait.value_or(Wait::value_type{});
  KIST_TRY(enter(wait, deadline));
  Result<void> locked = lock_byte(wait, deadline);
  if (!locked) leave();
  return locked;
}

void WriterLock::unlock() {
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
  queue_.push_back(ticket);
  const auto my_turn = [&] { return queue_.front() == ticket; };
  if (!wait) {
    changed_.wait(lock, my_turn);
  } else if (!changed_.wait_until(lock, deadline, my_turn)) {
    // Not at the front, so nobody's turn has come.
    std::erase(queue_, ticket);
    return refusal(wait, holder_ == this_thread_number() ? "this thread" : "this process");
  }
  holder_ = this_thread_number();
  return {};
}

void WriterLock::leave() {
  {
    const std::lock_guard lock(mutex_);
    queue_.pop_front();
    holder_ = 0;
  }
  changed_.notify_all();
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
