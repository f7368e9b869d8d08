#pragma once

#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <kist/engine/error.h>

namespace kist {

template <typename T = void>
class Future;

namespace future_detail {

/// What Future::cancel() asks.
class Cancellable {
 public:
  virtual ~Cancellable() = default;
  /// Completes the operation with kCancelled, when it has not begun. Returns whether.
  virtual bool cancel() = 0;
};

/// Whether this thread completes operations, so that it must not wait for one: see Future::get().
bool completes_operations();
/// The error of get() there.
std::unexpected<Error> would_wait_for_itself();
/// What an exception became that a function of the user threw.
Error error_of(const std::exception_ptr& exception);

template <typename T>
struct State {
  std::mutex mutex;
  std::condition_variable completed;
  std::optional<Result<T>> result;                                       // set once
  std::vector<std::move_only_function<void(const Result<T>&)>> waiting;  // until it is set
  std::weak_ptr<Cancellable> operation;
};

template <typename T>
struct ValueOf;
template <typename T>
struct ValueOf<Result<T>> {
  using Type = T;
};

/// What then() makes of what its function returns: a Result<U>, or nothing.
template <typename R>
struct Answer {
  using Type = typename ValueOf<R>::Type;
};
template <>
struct Answer<void> {
  using Type = void;
};

}  // namespace future_detail

/// The completing end of a Future. Completing twice keeps the first result.
template <typename T = void>
class Promise {
 public:
  Promise() : state_(std::make_shared<future_detail::State<T>>()) {}

  Future<T> future() const;

  /// Gives the result to all who wait; runs what then() was given on this thread. Returns whether
  /// it was the first.
  bool complete(Result<T> result) const {
    std::vector<std::move_only_function<void(const Result<T>&)>> waiting;
    {
      const std::lock_guard lock(state_->mutex);
      if (state_->result) return false;
      state_->result.emplace(std::move(result));
      waiting.swap(state_->waiting);
    }
    state_->completed.notify_all();
    for (auto& call : waiting) call(*state_->result);
    return true;
  }

  /// What cancel() of the future asks. Before the future is given away.
  void cancel_by(std::weak_ptr<future_detail::Cancellable> operation) const {
    state_->operation = std::move(operation);
  }

 private:
  std::shared_ptr<future_detail::State<T>> state_;
};

/// The result of an operation that is under way: a Result<T> that comes later. A handle: cheap to
/// copy, may be used from any thread. Dropping it does not stop the operation.
///
/// Three ways to have the result: get() waits for it; then() names what is done with it; and in a
/// coroutine `Result<T> result = co_await future`. A function may itself be a coroutine that
/// returns a Future<T>: it begins at once, and `co_return` takes a Result<T>.
///
/// What then() is given, and a coroutine that waits, goes on the thread that completes the
/// operation: for reads one of the pool, for writes one of the profile's own (kist/queue.h), or at
/// once on the calling thread when the result is there already. It should be short, and must not
/// wait for another operation; it may start others.
template <typename T>
class Future {
 public:
  using Value = T;
  class promise_type;  // NOLINT(readability-identifier-naming): the language names it

  /// A future of nothing: its result is kClosed.
  Future() : state_(std::make_shared<future_detail::State<T>>()) {
    state_->result.emplace(fail(ErrorCode::kClosed, "this future is of no operation"));
  }
  /// A future with a result.
  static Future of(Result<T> result) {
    const Promise<T> promise;
    promise.complete(std::move(result));
    return promise.future();
  }

  /// Whether the result is there.
  bool ready() const {
    const std::lock_guard lock(state_->mutex);
    return state_->result.has_value();
  }
  /// Waits for the result. kMisuse instead of waiting for ever on a thread that completes writes.
  Result<T> get() const {
    std::unique_lock lock(state_->mutex);
    if (!state_->result && future_detail::completes_operations()) {
      return future_detail::would_wait_for_itself();
    }
    state_->completed.wait(lock, [this] { return state_->result.has_value(); });
    return *state_->result;
  }
  /// Waits for the result at most so long. Returns whether it is there.
  bool wait_for(std::chrono::milliseconds time) const {
    std::unique_lock lock(state_->mutex);
    return state_->completed.wait_for(lock, time, [this] { return state_->result.has_value(); });
  }
  /// Keeps the operation from beginning: it completes with kCancelled. False when it has begun, or
  /// is done, or is nothing that can be cancelled; then it goes its way.
  bool cancel() const {
    const std::shared_ptr<future_detail::Cancellable> operation = state_->operation.lock();
    return operation && operation->cancel();
  }

  /// Calls `next` with the result, once. `next`: (const Result<T>&) -> Result<U> or void. Returns
  /// the future of what it returns; what it throws becomes kInternal.
  template <typename Next>
  auto then(Next next) const {
    using Returned = std::invoke_result_t<Next&, const Result<T>&>;
    using U = typename future_detail::Answer<Returned>::Type;
    const Promise<U> promise;
    when_ready([promise, next = std::move(next)](const Result<T>& result) mutable {
      try {
        if constexpr (std::is_void_v<Returned>) {
          next(result);
          promise.complete({});
        } else {
          promise.complete(next(result));
        }
      } catch (...) {
        promise.complete(std::unexpected(future_detail::error_of(std::current_exception())));
      }
    });
    return promise.future();
  }

  /// For co_await.
  auto operator co_await() const {
    struct Awaiter {
      Future future;
      bool await_ready() const { return future.ready(); }
      void await_suspend(std::coroutine_handle<> waiting) const {
        // A copy: resuming may end the coroutine, and with it this awaiter.
        const Future copy = future;
        copy.when_ready([waiting](const Result<T>& /*result*/) { waiting.resume(); });
      }
      Result<T> await_resume() const { return future.get(); }
    };
    return Awaiter{*this};
  }

 private:
  friend class Promise<T>;
  explicit Future(std::shared_ptr<future_detail::State<T>> state) : state_(std::move(state)) {}

  template <typename Call>
  void when_ready(Call call) const {
    {
      const std::lock_guard lock(state_->mutex);
      if (!state_->result) {
        state_->waiting.emplace_back(std::move(call));
        return;
      }
    }
    call(*state_->result);
  }

  std::shared_ptr<future_detail::State<T>> state_;
};

template <typename T>
Future<T> Promise<T>::future() const {
  return Future<T>(state_);
}

/// What makes a function that returns a Future a coroutine.
template <typename T>
class Future<T>::promise_type {
 public:
  /// Takes the coroutine away, with all that it holds, and then gives its result.
  struct End {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<promise_type> coroutine) const noexcept {
      const Promise<T> promise = coroutine.promise().promise_;
      Result<T> result = std::move(coroutine.promise().result_);
      coroutine.destroy();
      promise.complete(std::move(result));
    }
    void await_resume() const noexcept {}
  };

  Future<T> get_return_object() const { return promise_.future(); }
  std::suspend_never initial_suspend() const noexcept { return {}; }
  End final_suspend() const noexcept { return {}; }
  void return_value(Result<T> result) { result_ = std::move(result); }
  void unhandled_exception() {
    result_ = std::unexpected(future_detail::error_of(std::current_exception()));
  }

 private:
  Promise<T> promise_;
  Result<T> result_ = std::unexpected(Error{});
};

}  // namespace kist
