#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

namespace kist::async {

/// The few threads of this process on which reads run, whatever profile they are of. They start
/// when they are needed, and stay. Thread-safe.
class ReadPool {
 public:
  using Task = std::move_only_function<void()>;

  /// The pool of this process; a child made by fork() gets another.
  static ReadPool& current();

  /// Runs `task`, which must not throw, on one of the threads, in the order of these calls where
  /// one thread suffices. Throws std::system_error when there is none and none can be started.
  void run(Task task);

 private:
  ReadPool(std::uint32_t forks, ReadPool* previous) : forks_(forks), previous_(previous) {}
  void work();

  static constexpr std::size_t kThreads = 4;

  const std::uint32_t forks_;
  [[maybe_unused]] ReadPool* const previous_;  // of the parent process; only kept reachable
  std::mutex mutex_;
  std::condition_variable wanted_;
  std::deque<Task> tasks_;
  std::size_t threads_ = 0;
  std::size_t idle_ = 0;
};

}  // namespace kist::async
