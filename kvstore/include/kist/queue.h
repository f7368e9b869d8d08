#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <kist/engine/error.h>
#include <kist/future.h>
#include <kist/options.h>
#include <kist/queue_stats.h>
#include <kist/store.h>
#include <kist/transaction.h>

namespace kist {

struct QueueState;

/// A write that was queued, with both its moments. When it fails, or is cancelled, both futures
/// have the error.
template <typename T = void>
struct Queued {
  Future<T> committed;  ///< Everybody sees it.
  Future<T> durable;    ///< It is on the device; never before `committed`.
};

namespace queue_detail {

/// What a queued write does, and whom it tells.
class WriteWork {
 public:
  virtual ~WriteWork() = default;
  virtual Result<void> run(Writer& writer) = 0;
  virtual void committed() = 0;
  virtual void durable() = 0;
  virtual void fail_with(const Error& error) = 0;
};

/// What a queued read does.
class ReadWork {
 public:
  virtual ~ReadWork() = default;
  virtual void run(Reader& reader) = 0;
  virtual void fail_with(const Error& error) = 0;
};

template <typename T, typename Work>
class WriteWorkOf final : public WriteWork {
 public:
  explicit WriteWorkOf(Work work) : work_(std::move(work)) {}
  Queued<T> futures() const { return {committed_.future(), durable_.future()}; }
  void cancel_by(const std::weak_ptr<future_detail::Cancellable>& operation) const {
    committed_.cancel_by(operation);
    durable_.cancel_by(operation);
  }
  Result<void> run(Writer& writer) override {
    result_ = (*work_)(writer);
    if (!result_) return std::unexpected(result_.error());
    return {};
  }
  // The function goes first, with the handles that it holds: who is told may close the profile.
  void committed() override {
    work_.reset();
    committed_.complete(result_);
  }
  void durable() override { durable_.complete(result_); }
  void fail_with(const Error& error) override {
    work_.reset();
    committed_.complete(std::unexpected(error));
    durable_.complete(std::unexpected(error));
  }

 private:
  std::optional<Work> work_;
  Result<T> result_ = std::unexpected(Error{});
  Promise<T> committed_;
  Promise<T> durable_;
};

template <typename T, typename Work>
class ReadWorkOf final : public ReadWork {
 public:
  explicit ReadWorkOf(Work work) : work_(std::move(work)) {}
  Future<T> future() const { return promise_.future(); }
  void cancel_by(const std::weak_ptr<future_detail::Cancellable>& operation) const {
    promise_.cancel_by(operation);
  }
  void run(Reader& reader) override {
    Result<T> result = std::unexpected(Error{});
    try {
      result = (*work_)(reader);
    } catch (...) {
      result = std::unexpected(future_detail::error_of(std::current_exception()));
    }
    reader.end();
    work_.reset();
    promise_.complete(std::move(result));
  }
  void fail_with(const Error& error) override {
    work_.reset();
    promise_.complete(std::unexpected(error));
  }

 private:
  std::optional<Work> work_;
  Promise<T> promise_;
};

template <typename Work, typename Argument>
using ValueOf = typename future_detail::ValueOf<std::invoke_result_t<Work&, Argument&>>::Type;

}  // namespace queue_detail

/// Reads and writes of a profile that are done later, by others, in order: a read sees all writes
/// that were queued here before it, and none that were queued here after it. Writes of all queues
/// of an environment are done one after the other as they came, and committed in groups, so that
/// many callers share one flush; each still is all or nothing by itself.
///
/// Got from Profile::queue(). A handle: copies are the same queue, cheap, usable from any thread;
/// order is that of the calls. Nothing here waits, but a write when the environment's queue is full
/// (ProfileOptions::queue_bytes, queue_operations): as long as the queue was told to. A call that
/// cannot be queued gives futures that have the error: kClosed, kForked, kBusy, kTimedOut, errors
/// of keys and values.
///
/// Completions of reads run on one of the pool's few threads, those of writes on one of two threads
/// of the environment: they should be short and must not wait for other operations (Future::get()
/// says kMisuse there), but may queue them. Profile::close() waits for the writes of the profile;
/// they and all their completions are done when it returns. What waits in the queue keeps the
/// profile open when its handles go without a close().
class Queue {
 public:
  Queue() = default;

  // Reads.

  /// The value of `key`, as Store::get().
  Future<std::optional<Value>> get(const Store& store, const Key& key) const;
  /// Runs `work`, a callable (Reader&) -> Result<T>, on a thread of the pool. What it returns must
  /// own its bytes.
  template <std::invocable<Reader&> Work>
  Future<queue_detail::ValueOf<Work, Reader>> read(Work work) const {
    using T = queue_detail::ValueOf<Work, Reader>;
    auto owned = std::make_unique<queue_detail::ReadWorkOf<T, Work>>(std::move(work));
    auto& of_type = *owned;
    Future<T> future = of_type.future();
    push_read(std::move(owned),
              [&of_type](const auto& operation) { of_type.cancel_by(operation); });
    return future;
  }

  // Writes. `durability`: durable ones are flushed at once; relaxed ones by count, age or bytes
  // (ProfileOptions), or when somebody asks for it. Nothing takes the profile's.

  Queued<> put(const Store& store, const Key& key, const ValueView& value,
               std::optional<Durability> durability = std::nullopt) const;
  /// The result says whether the key was there.
  Queued<bool> erase(const Store& store, const Key& key,
                     std::optional<Durability> durability = std::nullopt) const;
  /// The new value of a counter, as Store::add().
  Queued<Value> add(const Store& store, const Key& key, std::int64_t amount = 1,
                    std::optional<Durability> durability = std::nullopt) const;
  /// All of the batch, in its order, or on an error nothing of it.
  Queued<> apply(Batch batch, std::optional<Durability> durability = std::nullopt) const;
  /// Runs `work`, a callable (Writer&) -> Result<T>, in the write transaction; all that it did is
  /// undone when it fails or throws. It must not commit, and it holds up all other writers, so it
  /// should not wait for anything.
  template <std::invocable<Writer&> Work>
  Queued<queue_detail::ValueOf<Work, Writer>> write(
      Work work, std::optional<Durability> durability = std::nullopt) const {
    return push_write<queue_detail::ValueOf<Work, Writer>>(std::move(work), durability, true, 256);
  }

  /// Completes when every write queued before, here or elsewhere in this process, is durable.
  Future<> flush() const;
  /// What the environment's queue holds and has done. Zeros for an empty handle.
  QueueStats stats() const;

 private:
  friend struct QueueAccess;
  explicit Queue(std::shared_ptr<QueueState> state) : state_(std::move(state)) {}

  using Cancellable = std::weak_ptr<future_detail::Cancellable>;

  template <typename T, typename Work>
  Queued<T> push_write(Work work, std::optional<Durability> durability, bool undo,
                       std::size_t bytes) const {
    auto owned = std::make_unique<queue_detail::WriteWorkOf<T, Work>>(std::move(work));
    auto& of_type = *owned;
    Queued<T> futures = of_type.futures();
    push(std::move(owned), durability, undo, bytes,
         [&of_type](const Cancellable& operation) { of_type.cancel_by(operation); });
    return futures;
  }
  template <typename T, typename Change>
  Queued<T> with_key(const Store& store, const Key& key, std::optional<Durability> durability,
                     Change change) const;
  void push(std::unique_ptr<queue_detail::WriteWork> work, std::optional<Durability> durability,
            bool undo, std::size_t bytes,
            const std::function<void(const Cancellable&)>& cancel_by) const;
  void push_read(std::unique_ptr<queue_detail::ReadWork> work,
                 const std::function<void(const Cancellable&)>& cancel_by) const;

  std::shared_ptr<QueueState> state_;
};

}  // namespace kist
