#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include <kist/kist.h>
#include <kist/queue.h>

#include "kvstore/c_api/object.h"
#include "kvstore/c_api/objects.h"

namespace kist::c_api {

/// The operations of a queue that are not done, by number.
class Tickets : public std::enable_shared_from_this<Tickets> {
 public:
  /// A number for the operation of `future`, until that is done.
  template <typename T>
  std::uint64_t add(const Future<T>& future) {
    std::uint64_t ticket = 0;
    {
      const std::lock_guard lock(mutex_);
      ticket = ++last_;
      operations_.emplace(ticket, [future] { return future.cancel(); });
    }
    future.then([self = weak_from_this(), ticket](const Result<T>& /*result*/) {
      if (const auto tickets = self.lock()) tickets->forget(ticket);
    });
    return ticket;
  }

  /// Cancels the operation of that number. Returns whether.
  bool cancel(std::uint64_t ticket) {
    std::function<bool()> operation;
    {
      const std::lock_guard lock(mutex_);
      const auto found = operations_.find(ticket);
      if (found == operations_.end()) return false;
      operation = found->second;
    }
    return operation();
  }

 private:
  void forget(std::uint64_t ticket) {
    // What it holds may be the last of something; let go of it without the lock.
    std::map<std::uint64_t, std::function<bool()>>::node_type gone;
    const std::lock_guard lock(mutex_);
    gone = operations_.extract(ticket);
  }

  std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::function<bool()>> operations_;
};

/// Reads and writes to be done later.
struct QueueObject : Object {
  static constexpr Kind kKind = Kind::kQueue;
  using Handle = kist_queue;
  QueueObject(std::shared_ptr<Object> owner, Queue made)
      : Object(kKind, std::move(owner)), queue(std::move(made)) {}
  const Queue queue;
  const std::shared_ptr<Tickets> tickets = std::make_shared<Tickets>();
};

}  // namespace kist::c_api
