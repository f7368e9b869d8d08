#pragma once

#include <cstdint>
#include <vector>

#include <kist/engine/bytes.h>

#include "engine/format/ref.h"

namespace kist::engine {

/// Large values that a write transaction holds in memory until its commit writes them as overflow
/// runs. A dirty ref in a leaf record names one by index.
class PendingValues {
 public:
  /// Copies `value`. Returns the dirty ref to it.
  Ref add(Bytes value) {
    std::uint32_t index = static_cast<std::uint32_t>(values_.size());
    if (!unused_.empty()) {
      index = unused_.back();
      unused_.pop_back();
    } else {
      values_.emplace_back();
    }
    values_[index].bytes.assign(value.begin(), value.end());
    values_[index].live = true;
    ++live_;
    return {.page = index, .count = value.size(), .flags = kRefDirty};
  }
  void release(std::uint64_t index) {
    if (index >= values_.size() || !values_[index].live) return;
    values_[index] = {};
    unused_.push_back(static_cast<std::uint32_t>(index));
    --live_;
  }
  bool holds(std::uint64_t index) const { return index < values_.size() && values_[index].live; }
  Bytes bytes(std::uint64_t index) const { return values_[index].bytes; }
  std::size_t size() const { return values_.size(); }
  std::size_t live() const { return live_; }

 private:
  struct Value {
    std::vector<std::uint8_t> bytes;
    bool live = false;
  };
  std::vector<Value> values_;
  std::vector<std::uint32_t> unused_;
  std::size_t live_ = 0;
};

}  // namespace kist::engine
