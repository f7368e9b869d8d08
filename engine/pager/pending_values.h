#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include <kist/engine/bytes.h>

#include "engine/format/ref.h"
#include "engine/pager/chunked.h"
#include "engine/pager/kept_slots.h"

namespace kist::engine {

/// Large values that a write transaction holds in memory until its commit writes them as overflow
/// runs. A dirty ref in a leaf record names one by index. As with pages, what a marked state has
/// stays, for other threads too.
class PendingValues {
 public:
  explicit PendingValues(const Marks& marks) : slots_(marks), values_(1) {}

  /// Copies `value`. Returns the dirty ref to it.
  Ref add(Bytes value) {
    auto bytes = std::make_unique_for_overwrite<std::uint8_t[]>(value.size());
    std::ranges::copy(value, bytes.get());
    return add(std::move(bytes), value.size());
  }
  /// Adds a value of `size` zeros.
  Ref add_zeros(std::size_t size) { return add(std::make_unique<std::uint8_t[]>(size), size); }
  /// A value that was added since the newest mark, to be changed in place.
  std::span<std::uint8_t> writable(std::uint64_t index) {
    Value& value = *values_.at(index);
    return {value.bytes.get(), value.size};
  }
  /// The newest state gives up a value.
  void release(std::uint64_t index) {
    if (!slots_.live(index)) return;
    if (slots_.give_up(static_cast<std::uint32_t>(index))) clear(index);
  }
  /// Whether the newest state has a value of that index.
  bool live(std::uint64_t index) const { return slots_.live(index); }
  /// Whether some state has a value of that index.
  bool holds(std::uint64_t index) const {
    const Value* value = values_.at(index);
    return value != nullptr && value->bytes != nullptr;
  }
  /// A value that some state has.
  Bytes bytes(std::uint64_t index) const {
    const Value& value = *values_.at(index);
    return {value.bytes.get(), value.size};
  }
  /// All indexes are below.
  std::size_t size() const { return slots_.size(); }
  /// Bytes of all values, those of marked states included.
  std::uint64_t bytes() const { return bytes_; }

  /// `mark` was removed: frees what was kept for its sake.
  void forget(std::uint64_t mark) {
    slots_.forget(mark, [this](std::uint32_t index) { clear(index); });
  }
  /// Goes back to the state at `mark`.
  void roll_back(std::uint64_t mark) {
    slots_.roll_back(mark, [this](std::uint32_t index) { clear(index); });
  }
  /// Forgets all values.
  void reset() {
    slots_.reset();
    values_.shrink(0);
    bytes_ = 0;
  }

 private:
  struct Value {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::size_t size = 0;
  };

  Ref add(std::unique_ptr<std::uint8_t[]> bytes, std::size_t size) {
    const std::uint32_t index = slots_.take();
    values_.cover(index);
    Value& place = *values_.at(index);
    place.bytes = std::move(bytes);
    place.size = size;
    bytes_ += size;
    return {.page = index, .count = size, .flags = kRefDirty};
  }
  void clear(std::uint64_t index) {
    Value& value = *values_.at(index);
    bytes_ -= value.size;
    value = {};
  }

  KeptSlots slots_;
  ChunkedArray<Value> values_;
  std::uint64_t bytes_ = 0;
};

}  // namespace kist::engine
