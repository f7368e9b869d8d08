#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace kist::engine {

/// A growing array whose elements never move, not even the directory that leads to them: the chunks
/// double in size, so that a small fixed number of them does. One thread lets it grow; others may
/// read elements that they were told of meanwhile.
template <typename T>
class ChunkedArray {
 public:
  /// Elements come in groups of `group` Ts.
  explicit ChunkedArray(std::size_t group) : group_(group) {}
  ~ChunkedArray() { shrink(0); }
  ChunkedArray(const ChunkedArray&) = delete;
  ChunkedArray& operator=(const ChunkedArray&) = delete;

  /// The group at `index`, or null where nothing is.
  T* at(std::uint64_t index) const {
    if (index >= kMost) [[unlikely]]
      return nullptr;
    const std::uint64_t block = index / kFirst;
    T* chunk =
        chunks_[static_cast<std::size_t>(std::bit_width(block))].load(std::memory_order_acquire);
    if (chunk == nullptr) [[unlikely]]
      return nullptr;
    return chunk + (index - std::bit_floor(block) * kFirst) * group_;
  }
  /// Makes room up to and including `index`, one more than ever before at most.
  void cover(std::uint32_t index) {
    std::atomic<T*>& chunk = chunks_[static_cast<std::size_t>(std::bit_width(index / kFirst))];
    if (chunk.load(std::memory_order_relaxed) != nullptr) return;
    const std::size_t groups = std::max(std::bit_floor(index / kFirst), 1U) * kFirst;
    chunk.store(new T[groups * group_], std::memory_order_release);
  }
  /// Gives back chunks until room for at most `groups` is left.
  void shrink(std::uint64_t groups) {
    for (std::size_t i = kChunks; i-- > 0;) {
      const std::uint64_t end = std::uint64_t{kFirst} << i;
      if (end <= groups) return;
      delete[] chunks_[i].exchange(nullptr, std::memory_order_relaxed);
    }
  }

 private:
  static constexpr std::uint32_t kFirst = 64;  // groups in the first two chunks
  static constexpr std::size_t kChunks = 27;
  static constexpr std::uint64_t kMost = std::uint64_t{1} << 32;

  std::size_t group_;
  std::array<std::atomic<T*>, kChunks> chunks_{};
};

}  // namespace kist::engine
