#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <kist/engine/fork.h>
#include <kist/engine/write_txn.h>
#include <kist/metrics.h>

namespace kist {

/// Counts what happens to an environment, and tells those who listen. Thread-safe.
class Events {
 public:
  /// Commits `txn`, of `writes` queued writes, and notes how long that took or why it failed.
  Result<std::uint64_t> commit(engine::WriteTxn& txn,
                               std::optional<engine::Durability> durability = std::nullopt,
                               std::uint64_t writes = 1);
  /// Notes an error that a call is about to return.
  void failed(const Error& error);

  /// `owner` listens from now on, in place of what it gave before; an empty one no longer does.
  void listen(const void* owner, Listener listener);

  /// Adds what was counted.
  void add_to(Metrics& metrics) const;

 private:
  struct Of {
    const void* owner;
    Listener listener;
  };
  void tell(const Event& event) const;
  /// In a child made by fork() the mutex may be held by a thread that does not exist there.
  bool inherited() const { return forks_ != engine::fork_count(); }

  const std::uint32_t forks_ = engine::fork_count();
  std::array<std::atomic<std::uint64_t>, 128> errors_{};  // by code
  std::atomic<bool> listened_{false};
  mutable std::mutex mutex_;
  engine::Latency commits_;                            // guarded by mutex_
  std::shared_ptr<const std::vector<Of>> listeners_ =  // likewise; never changed, only replaced
      std::make_shared<const std::vector<Of>>();
};

}  // namespace kist
