#include "kvstore/async/read_pool.h"

#include <atomic>
#include <system_error>
#include <thread>
#include <utility>

#include <kist/engine/fork.h>

namespace kist::async {

ReadPool& ReadPool::current() {
  static std::atomic<ReadPool*> pool{nullptr};
  const std::uint32_t forks = engine::fork_count();
  ReadPool* present = pool.load(std::memory_order_acquire);
  while (present == nullptr || present->forks_ != forks) {
    auto* fresh = new ReadPool(forks, present);
    if (pool.compare_exchange_strong(present, fresh, std::memory_order_acq_rel)) return *fresh;
    delete fresh;
  }
  return *present;
}

void ReadPool::run(Task task) {
  const std::lock_guard lock(mutex_);
  if (idle_ <= tasks_.size() && threads_ < kThreads) {
    try {
      std::thread([this] { work(); }).detach();
      ++threads_;
    } catch (const std::system_error&) {
      if (threads_ == 0) throw;
    }
  }
  tasks_.push_back(std::move(task));
  wanted_.notify_one();
}

void ReadPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    wanted_.wait(lock, [this] { return !tasks_.empty(); });
    --idle_;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

}  // namespace kist::async
