#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace kist::engine {

/// A thread that flushes in the background, for an environment whose user does not want to poll.
/// Asks again and again whether something is due: when it was told to come again, and when woken.
class FlushThread {
 public:
  using Poll = std::function<std::optional<std::chrono::milliseconds>()>;

  /// `poll` flushes what is due and says when to be called again; nothing: not before wake(). It is
  /// called on the thread only, and no more once the destructor has returned.
  explicit FlushThread(Poll poll);
  /// Waits for a call that is under way. In a forked child, where the thread does not exist, it
  /// only lets go.
  ~FlushThread();
  FlushThread(const FlushThread&) = delete;
  FlushThread& operator=(const FlushThread&) = delete;

  /// Calls `poll` soon. From any thread.
  void wake();
  /// Whether the last call said, or the one under way may yet say, that nothing is due before
  /// wake(): then whoever has just given it something to do must call that.
  bool idle() const;

 private:
  struct State;
  static void run(State& state);
  std::unique_ptr<State> state_;
};

}  // namespace kist::engine
