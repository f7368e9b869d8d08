#include "kvstore/async/commit_queue.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <kist/engine/fork.h>

#include "kvstore/async/run_operation.h"
#include "kvstore/async/worker_thread.h"
#include "kvstore/store/access.h"

namespace kist::async {

namespace {

/// So that what a group holds in memory, and how long its first write waits for the last, have
/// bounds.
constexpr std::size_t kGroupWrites = 4096;
constexpr std::size_t kGroupBytes = std::size_t{16} << 20;
/// How long the committing thread waits for the writer's place before it looks around.
constexpr std::chrono::milliseconds kWaitSlice{100};

}  // namespace

CommitQueue::CommitQueue(const SharedProfile& profile)
    : database_(profile.database), options_(profile.options), forks_(engine::fork_count()) {}

Result<void> CommitQueue::start_threads() {
  if (threads_ == 2) return {};
  const auto start = [this](void (CommitQueue::*loop)()) {
    std::thread([self = shared_from_this(), loop] {
      on_worker_thread() = true;
      (self.get()->*loop)();
      const std::lock_guard lock(self->mutex_);
      --self->threads_;
      self->changed_.notify_all();
      self->unflushed_.notify_all();
    }).detach();
    ++threads_;
  };
  try {
    if (threads_ == 0) start(&CommitQueue::commit_loop);
    start(&CommitQueue::flush_loop);
  } catch (const std::system_error&) {
    return fail(ErrorCode::kOutOfMemory, "no thread for writes could be started");
  }
  return {};
}

bool CommitQueue::full(std::size_t bytes) const {
  // One that is larger than the bound is let in alone.
  return waiting_writes_ > 0 && (waiting_writes_ >= options_.queue_operations ||
                                 waiting_bytes_ + bytes > options_.queue_bytes);
}

Result<void> CommitQueue::wait_for_room(std::size_t bytes, Wait wait) {
  std::unique_lock lock(mutex_);
  if (!full(bytes) || on_worker_thread()) return {};
  const auto there_is = [&] { return stopping_ || !full(bytes); };
  if (!wait) {
    changed_.wait(lock, there_is);
    return {};
  }
  if (changed_.wait_for(lock, *wait, there_is)) return {};
  return fail(wait->count() == 0 ? ErrorCode::kBusy : ErrorCode::kTimedOut,
              fmt::format("the queue of {} is full: {} writes of {} bytes wait", database_.path(),
                          waiting_writes_, waiting_bytes_));
}

Result<std::uint64_t> CommitQueue::push(std::shared_ptr<WriteOperation> operation) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return fail(ErrorCode::kClosed, "the profile was closed");
  KIST_TRY(start_threads());
  ++waiting_writes_;
  waiting_bytes_ += operation->bytes;
  waiting_.push_back({std::move(operation), nullptr});
  if (waiting_.size() == 1) work_.notify_one();
  return ++pushed_;
}

void CommitQueue::read_after(std::uint64_t number, std::shared_ptr<ReadOperation> operation) {
  {
    const std::lock_guard lock(mutex_);
    if (number > done_ && !stopping_) {
      waiting_.push_back({nullptr, std::move(operation)});
      if (waiting_.size() == 1) work_.notify_one();
      return;
    }
  }
  Result<engine::ReadTxn> txn = database_.read();
  if (!txn) return operation->fail_with(txn.error());
  start_read(std::move(operation), *std::move(txn));
}

void CommitQueue::commit_loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) break;
    if (waiting_.front().read) {
      start_reads(lock);
    } else {
      commit_group(lock);
    }
  }
}

void CommitQueue::start_reads(std::unique_lock<std::mutex>& lock) {
  std::vector<std::shared_ptr<ReadOperation>> reads;
  while (!waiting_.empty() && waiting_.front().read) {
    reads.push_back(std::move(waiting_.front().read));
    waiting_.pop_front();
  }
  lock.unlock();
  for (auto& read : reads) {
    Result<engine::ReadTxn> txn = database_.read();
    if (!txn) {
      read->fail_with(txn.error());
    } else {
      start_read(std::move(read), *std::move(txn));
    }
  }
  reads.clear();
  lock.lock();
}

std::vector<std::shared_ptr<WriteOperation>> CommitQueue::take_group() {
  std::vector<std::shared_ptr<WriteOperation>> group;
  std::size_t bytes = 0;
  while (!waiting_.empty() && waiting_.front().write && group.size() < kGroupWrites &&
         bytes < kGroupBytes) {
    bytes += waiting_.front().write->bytes;
    group.push_back(std::move(waiting_.front().write));
    waiting_.pop_front();
  }
  waiting_writes_ -= group.size();
  waiting_bytes_ -= bytes;
  taken_ += group.size();
  changed_.notify_all();
  return group;
}

/// Waits for the writer's place, until the queue is abandoned.
Result<engine::WriteTxn> CommitQueue::begin_write() {
  for (;;) {
    Result<engine::WriteTxn> txn = database_.write(kWaitSlice);
    if (txn || txn.error().code != ErrorCode::kTimedOut) return txn;
    const std::lock_guard lock(mutex_);
    if (abandoned_) return fail(ErrorCode::kClosed, "the profile was closed before the write");
  }
}

void CommitQueue::commit_group(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  // Whoever has the writer's place now makes this group larger.
  Result<engine::WriteTxn> txn = begin_write();
  lock.lock();
  std::vector<std::shared_ptr<WriteOperation>> group = take_group();
  const std::uint64_t last = taken_;
  ++totals_.groups;
  totals_.writes += group.size();
  totals_.largest_group = std::max<std::uint64_t>(totals_.largest_group, group.size());
  lock.unlock();
  std::uint64_t transaction = 0;
  if (txn) {
    transaction = run_group(group, *std::move(txn));
  } else {
    for (const auto& write : group) {
      if (write->begin()) write->fail_with(txn.error());
    }
    group.clear();
  }
  lock.lock();
  done_ = last;
  lock.unlock();
  for (const auto& write : group) write->committed();
  const Clock::time_point now = Clock::now();
  lock.lock();
  listed_ = last;
  for (auto& write : group) {
    durable_wanted_ += write->durability == engine::Durability::kDurable ? 1 : 0;
    committed_.push_back({std::move(write), transaction, now});
  }
  unflushed_.notify_one();
}

/// Runs and commits a group; leaves in it what was committed. Returns the transaction.
std::uint64_t CommitQueue::run_group(std::vector<std::shared_ptr<WriteOperation>>& group,
                                     engine::WriteTxn txn) {
  const auto state = std::make_shared<WriteState>(group.front()->profile, nullptr, std::move(txn));
  state->lent = true;
  std::erase_if(group, [&state](const std::shared_ptr<WriteOperation>& write) {
    if (!write->begin()) return true;
    state->use = write->use.lock();
    const Result<void> done = run_one(*write, state);
    if (done) return false;
    write->fail_with(done.error());
    return true;
  });
  state->use = nullptr;
  state->ended = true;
  const Result<std::uint64_t> committed =
      state->profile->events.commit(state->txn, engine::Durability::kRelaxed, group.size());
  if (committed) return *committed;
  for (const auto& write : group) write->fail_with(committed.error());
  group.clear();
  return 0;
}

bool CommitQueue::finish(std::optional<Clock::time_point> deadline) {
  if (on_worker_thread() || forks_ != engine::fork_count()) return true;
  const Future<void> done = flush();
  if (!deadline) return (void)done.get(), true;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
  return done.wait_for(std::max(left, std::chrono::milliseconds(0)));
}

void CommitQueue::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
}

void CommitQueue::stop() {
  if (forks_ != engine::fork_count()) return;
  std::unique_lock lock(mutex_);
  stopping_ = true;
  work_.notify_all();
  unflushed_.notify_all();
  changed_.notify_all();
  if (on_worker_thread()) return;
  changed_.wait(lock, [this] { return threads_ == 0; });
  // The environment closes with its last handle, which is to be the profile's.
  (void)database_.close();
}

QueueStats CommitQueue::stats() const {
  const std::lock_guard lock(mutex_);
  QueueStats stats = totals_;
  stats.waiting = waiting_writes_;
  stats.waiting_bytes = waiting_bytes_;
  stats.unflushed = committed_.size();
  return stats;
}

}  // namespace kist::async
