#pragma once

#include <cstdint>

#include "engine/pager/chunked.h"
#include "engine/pager/kept_slots.h"

namespace kist::engine {

/// The private memory of a write transaction's dirty pages. A page is known by its index; dirty
/// refs carry it. Pages never move while they live, and a page that a marked state has is neither
/// changed nor used again, so that other threads may read that state.
class Arena {
 public:
  Arena(std::uint32_t page_size, const Marks& marks)
      : page_size_(page_size), slots_(marks), pages_(page_size) {}

  /// A page with undefined content. Returns its index.
  std::uint32_t allocate() {
    const std::uint32_t index = slots_.take();
    pages_.cover(index);
    return index;
  }
  /// The newest state gives up a page.
  void release(std::uint64_t index) {
    if (slots_.live(index)) slots_.give_up(static_cast<std::uint32_t>(index));
  }
  /// Whether the page was made since the newest mark, so that it may be changed in place.
  bool changeable(std::uint64_t index) const { return slots_.changeable(index); }

  /// The page of a dirty ref, or null for an index that was never handed out.
  std::uint8_t* page(std::uint64_t index) const { return pages_.at(index); }
  /// Pages of the newest state.
  std::uint64_t live() const { return slots_.live_count(); }
  /// Bytes of all pages, those of marked states included.
  std::uint64_t bytes() const { return (live() + slots_.kept_count()) * page_size_; }
  std::uint32_t page_size() const { return page_size_; }

  /// `mark` was removed: frees what was kept for its sake.
  void forget(std::uint64_t mark) {
    slots_.forget(mark, [](std::uint32_t) {});
  }
  /// Goes back to the state at `mark`.
  void roll_back(std::uint64_t mark) {
    slots_.roll_back(mark, [](std::uint32_t) {});
  }
  /// Forgets all pages; keeps memory for the next transaction up to a bound.
  void reset() {
    slots_.reset();
    pages_.shrink(kKeptPages);
  }

 private:
  static constexpr std::uint64_t kKeptPages = 4096;

  std::uint32_t page_size_;
  KeptSlots slots_;
  ChunkedArray<std::uint8_t> pages_;
};

}  // namespace kist::engine
