#include "engine/txn/flush_thread.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>

#include "engine/os/fork.h"

namespace kist::engine {

struct FlushThread::State {
  Poll poll;
  const std::uint32_t birth = os::fork_count();
  std::mutex mutex;  // protects the two below
  std::condition_variable changed;
  bool woken = false;
  bool stopping = false;
  std::atomic<bool> idle{true};
  std::thread thread;
};

FlushThread::FlushThread(Poll poll) : state_(std::make_unique<State>()) {
  state_->poll = std::move(poll);
  state_->thread = std::thread([state = state_.get()] { run(*state); });
}

FlushThread::~FlushThread() {
  if (state_->birth != os::fork_count()) {
    // Neither the thread nor whoever may hold the mutex came along.
    static_cast<void>(state_.release());
    return;
  }
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
}

void FlushThread::wake() {
  if (state_->birth != os::fork_count()) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->woken = true;
  }
  state_->changed.notify_all();
}

bool FlushThread::idle() const {
  return state_->idle.load(std::memory_order_seq_cst);
}

void FlushThread::run(State& state) {
  std::unique_lock lock(state.mutex);
  while (!state.stopping) {
    state.woken = false;
    lock.unlock();
    // Before the look: a commit that it misses finds this set.
    state.idle.store(true, std::memory_order_seq_cst);
    const auto again = state.poll();
    if (again) state.idle.store(false, std::memory_order_seq_cst);
    lock.lock();
    const auto called = [&] { return state.woken || state.stopping; };
    if (again) {
      state.changed.wait_for(lock, *again, called);
    } else {
      state.changed.wait(lock, called);
    }
  }
}

}  // namespace kist::engine
