#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <kist/observer.h>

#include "tests/support/must.h"

namespace kist::test {

/// Keeps what an observer is told, and waits for it.
class Deliveries {
 public:
  /// What is given to Store::observe(); refers to this object.
  ObserverCallback callback() {
    return [this](const Delivery& delivery) {
      const std::lock_guard lock(mutex_);
      all_.push_back(delivery);
      came_.notify_all();
    };
  }
  /// All deliveries, when there are `count` of them. Throws when they do not come.
  std::vector<Delivery> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    require(came_.wait_for(lock, std::chrono::seconds(60), [&] { return all_.size() >= count; }),
            "deliveries do not come");
    return all_;
  }
  std::vector<Delivery> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::vector<Delivery> all_;
};

/// A store as far as its observer knows it; throws when a change does not fit to what was told
/// before.
class Mirror {
 public:
  explicit Mirror(std::map<std::string, Value> start = {}) : records_(std::move(start)) {}

  void apply(const Delivery& delivery) {
    require(delivery.kind == Delivery::Kind::kChanges, "not a delivery of changes");
    for (const Change& change : delivery.changes) {
      const auto present = records_.find(change.key);
      const bool known = present != records_.end();
      require(known == change.before.has_value(), "the old value is there or not: " + change.key);
      require(!known || present->second == *change.before, "another old value: " + change.key);
      if (known) records_.erase(present);
      if (change.after) records_.emplace(change.key, *change.after);
    }
  }
  const std::map<std::string, Value>& records() const { return records_; }

 private:
  std::map<std::string, Value> records_;
};

}  // namespace kist::test
