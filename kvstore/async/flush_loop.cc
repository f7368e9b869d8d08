// The flushing thread of a CommitQueue.

#include <algorithm>
#include <iterator>
#include <utility>

#include <kist/engine/fork.h>

#include "kvstore/async/commit_queue.h"

namespace kist::async {

bool CommitQueue::flush_due(Clock::time_point now) const {
  if (committed_.empty()) return false;
  if (durable_wanted_ > 0 || stopping_) return true;
  for (const FlushWanted& flush : flushes_) {
    if (flush.number <= listed_) return true;
  }
  if (options_.flush_operations != 0 && committed_.size() >= options_.flush_operations) return true;
  return options_.flush_age.count() != 0 && now - committed_.front().at >= options_.flush_age;
}

void CommitQueue::flush_loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (flush_due(Clock::now())) {
      flush_now(lock);
      continue;
    }
    if (complete_flushes(lock, {})) continue;
    // The committing thread ends first.
    if (stopping_ && threads_ == 1) return;
    if (committed_.empty() || options_.flush_age.count() == 0) {
      unflushed_.wait(lock);
    } else {
      unflushed_.wait_until(lock, committed_.front().at + options_.flush_age);
    }
  }
}

void CommitQueue::flush_now(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t transaction = committed_.back().transaction;
  const std::uint64_t number = listed_;
  ++totals_.flushes;
  lock.unlock();
  const Result<void> flushed = database_.wait_durable(transaction);
  std::vector<std::shared_ptr<WriteOperation>> writes;
  lock.lock();
  // A flush that failed has failed for all that is committed: the environment is latched.
  while (!committed_.empty() && committed_.front().transaction <= transaction) {
    WriteOperation& write = *committed_.front().write;
    durable_wanted_ -= write.durability == engine::Durability::kDurable ? 1 : 0;
    writes.push_back(std::move(committed_.front().write));
    committed_.pop_front();
  }
  lock.unlock();
  for (const auto& write : writes) {
    if (flushed) {
      write->durable();
    } else {
      write->fail_with(flushed.error());
    }
  }
  writes.clear();
  lock.lock();
  flushed_ = number;
  complete_flushes(lock, flushed);
}

/// Completes the flushes that have nothing more to wait for. Returns whether there were any; then
/// the lock was given up in between.
bool CommitQueue::complete_flushes(std::unique_lock<std::mutex>& lock, const Result<void>& result) {
  if (committed_.empty()) flushed_ = listed_;
  const auto complete = std::ranges::partition(
      flushes_, [this](const FlushWanted& flush) { return flush.number > flushed_; });
  if (complete.empty()) return false;
  std::vector<FlushWanted> done(std::make_move_iterator(complete.begin()),
                                std::make_move_iterator(complete.end()));
  flushes_.erase(complete.begin(), complete.end());
  lock.unlock();
  for (const FlushWanted& flush : done) flush.promise.complete(result);
  done.clear();
  lock.lock();
  return true;
}

Future<void> CommitQueue::flush() {
  const Promise<void> promise;
  if (forks_ != engine::fork_count()) {
    promise.complete(fail(ErrorCode::kForked, "the profile was opened before fork; open it again"));
    return promise.future();
  }
  const std::lock_guard lock(mutex_);
  if (committed_.empty() && flushed_ == pushed_) {
    promise.complete({});
    return promise.future();
  }
  flushes_.push_back({pushed_, promise});
  unflushed_.notify_one();
  return promise.future();
}

}  // namespace kist::async
