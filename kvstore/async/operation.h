#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <kist/engine/error.h>
#include <kist/engine/options.h>
#include <kist/future.h>
#include <kist/transaction.h>

namespace kist {

struct ProfileUse;
struct SharedProfile;

namespace async {

/// Something to be done later, that can be cancelled until it begins.
class Operation : public future_detail::Cancellable {
 public:
  /// Begins it, unless it was cancelled.
  bool begin() { return leave_queue(Stage::kBegun); }
  bool cancel() final {
    if (!leave_queue(Stage::kCancelled)) return false;
    fail_with({ErrorCode::kCancelled, "the operation was cancelled before it began"});
    return true;
  }
  /// Completes what is still to be completed with an error.
  virtual void fail_with(const Error& error) = 0;

 private:
  enum class Stage : std::uint8_t { kQueued, kBegun, kCancelled };
  bool leave_queue(Stage to) {
    Stage expected = Stage::kQueued;
    return stage_.compare_exchange_strong(expected, to, std::memory_order_acq_rel);
  }
  std::atomic<Stage> stage_{Stage::kQueued};
};

/// A write. Runs in a transaction that it may share with others.
class WriteOperation : public Operation {
 public:
  /// Makes its changes. After an error, whatever it changed is undone when `undo` says that it may
  /// have changed something.
  virtual Result<void> run(Writer& writer) = 0;
  /// Its changes are visible to everybody.
  virtual void committed() = 0;
  /// And they are on the device.
  virtual void durable() = 0;

  std::shared_ptr<SharedProfile> profile;
  std::weak_ptr<ProfileUse> use;  // whose it is; its end waits for the write
  bool undo = false;              // a failed run() may leave changes behind
  std::size_t bytes = 0;          // of memory, about
  engine::Durability durability = engine::Durability::kDurable;
};

/// A read. Runs on the pool.
class ReadOperation : public Operation {
 public:
  virtual void run(Reader reader) = 0;
  std::shared_ptr<SharedProfile> profile;
};

}  // namespace async

}  // namespace kist
