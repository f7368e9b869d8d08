#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/format/page.h"
#include "engine/format/ref.h"

namespace kist::engine {

/// The private memory of a write transaction's dirty pages. A page is known by its index; dirty
/// refs carry it. Pages never move while they live.
class Arena {
 public:
  explicit Arena(std::uint32_t page_size) : page_size_(page_size) {}

  /// A page with undefined content. Returns its index.
  std::uint32_t allocate() {
    ++live_;
    if (!unused_.empty()) {
      const std::uint32_t index = unused_.back();
      unused_.pop_back();
      return index;
    }
    if (next_ % kChunkPages == 0 && next_ / kChunkPages == chunks_.size()) {
      chunks_.push_back(
          std::make_unique_for_overwrite<std::uint8_t[]>(std::size_t{kChunkPages} * page_size_));
    }
    return next_++;
  }
  void release(std::uint32_t index) {
    --live_;
    unused_.push_back(index);
  }

  /// The page of a dirty ref, or null for an index that was never handed out.
  std::uint8_t* page(std::uint64_t index) const {
    if (index >= next_) [[unlikely]]
      return nullptr;
    return chunks_[index / kChunkPages].get() + (index % kChunkPages) * page_size_;
  }
  /// Pages allocated and not released.
  std::uint64_t live() const { return live_; }
  std::uint32_t page_size() const { return page_size_; }

  /// Forgets all pages; keeps memory for the next transaction up to a bound.
  void reset() {
    unused_.clear();
    next_ = 0;
    live_ = 0;
    if (chunks_.size() > kKeptChunks) chunks_.resize(kKeptChunks);
  }

 private:
  static constexpr std::uint32_t kChunkPages = 64;
  static constexpr std::size_t kKeptChunks = 64;

  std::uint32_t page_size_;
  std::uint32_t next_ = 0;
  std::uint64_t live_ = 0;
  std::vector<std::uint32_t> unused_;
  std::vector<std::unique_ptr<std::uint8_t[]>> chunks_;
};

}  // namespace kist::engine
