#include "kvstore/metrics/events.h"

#include <algorithm>
#include <utility>

namespace kist {

Result<std::uint64_t> Events::commit(engine::WriteTxn& txn,
                                     std::optional<engine::Durability> durability,
                                     std::uint64_t writes) {
  const auto start = std::chrono::steady_clock::now();
  Result<std::uint64_t> committed = txn.commit(durability);
  if (!committed) {
    failed(committed.error());
    return committed;
  }
  const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - start;
  const auto nanoseconds = static_cast<std::uint64_t>(took.count());
  {
    const std::lock_guard lock(mutex_);
    ++commits_.count;
    commits_.total += nanoseconds;
    commits_.longest = std::max(commits_.longest, nanoseconds);
    ++commits_.buckets[engine::Latency::bucket_of(nanoseconds)];
  }
  tell({.kind = Event::Kind::kCommit, .took = took, .transaction = *committed, .writes = writes});
  return committed;
}

void Events::failed(const Error& error) {
  const auto code = static_cast<std::size_t>(error.code);
  if (code < errors_.size()) errors_[code].fetch_add(1, std::memory_order_relaxed);
  tell({.kind = Event::Kind::kError, .error = error});
}

void Events::tell(const Event& event) const {
  if (!listened_.load(std::memory_order_acquire) || inherited()) return;
  std::shared_ptr<const std::vector<Of>> listeners;
  {
    const std::lock_guard lock(mutex_);
    listeners = listeners_;
  }
  for (const Of& of : *listeners) of.listener(event);
}

void Events::listen(const void* owner, Listener listener) {
  if (inherited()) return;
  const std::lock_guard lock(mutex_);
  std::vector<Of> listeners = *listeners_;
  std::erase_if(listeners, [owner](const Of& of) { return of.owner == owner; });
  if (listener) listeners.push_back({owner, std::move(listener)});
  listened_.store(!listeners.empty(), std::memory_order_release);
  listeners_ = std::make_shared<const std::vector<Of>>(std::move(listeners));
}

void Events::add_to(Metrics& metrics) const {
  for (std::size_t code = 0; code < errors_.size(); ++code) {
    const std::uint64_t count = errors_[code].load(std::memory_order_relaxed);
    if (count != 0) metrics.errors[static_cast<ErrorCode>(code)] = count;
  }
  const std::lock_guard lock(mutex_);
  metrics.commits = commits_;
}

}  // namespace kist
