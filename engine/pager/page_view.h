#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

#include "engine/format/overflow.h"
#include "engine/pager/arena.h"
#include "engine/pager/pager.h"

namespace kist::engine {

/// Bytes of a large value that a write transaction holds back until its commit.
class PendingValues;

/// How one transaction sees pages: those of its snapshot through the map, those that it changed in
/// its arena. Belongs to one transaction and, like it, to one thread at a time.
///
/// Functions that fetch return null on failure and keep the error, because a pointer is what fits
/// in a register on the way of every read.
class PageView {
 public:
  PageView() = default;
  PageView(const Pager* pager, MapHold map, std::uint64_t file_pages)
      : base_(map->mapping->data()),
        verified_(reinterpret_cast<std::uint64_t*>(map->verified.data())),
        limit_(file_pages < map->pages ? file_pages : map->pages),
        shift_(static_cast<std::uint32_t>(std::countr_zero(pager->page_size()))),
        damaged_(&map->mapping->damaged()),
        pager_(pager),
        map_(std::move(map)) {}

  /// Lets dirty refs resolve. Both must outlive the view.
  void set_dirty(const Arena* arena, const PendingValues* values) {
    arena_ = arena;
    values_ = values;
  }

  /// Lets the view reach to `file_pages` through `map`. Spans got before stay good as long as the
  /// map before is held.
  void extend(MapHold map, std::uint64_t file_pages) {
    base_ = map->mapping->data();
    verified_ = reinterpret_cast<std::uint64_t*>(map->verified.data());
    limit_ = file_pages < map->pages ? file_pages : map->pages;
    damaged_ = &map->mapping->damaged();
    map_ = std::move(map);
  }
  /// The map that it reads through.
  const MapHold& map() const { return map_; }

  /// Reads through another map of the same file, which reaches at least as far, and in which
  /// another error may be noted than in the usual one.
  void read_through(const os::Mapping& mapping) {
    base_ = mapping.data();
    damaged_ = &mapping.damaged();
  }

  /// The tree page that `ref` refers to, verified at its first touch in this process; null on
  /// damage. Its type and level are as asked for even when the bytes changed since.
  const std::uint8_t* fetch(const Ref& ref, std::uint8_t level) const {
    return fetch_kind(ref, tree_page_kind(level));
  }
  /// The same of a tree of any shape; `kind`: TreeShape::kind() of the level.
  const std::uint8_t* fetch_kind(const Ref& ref, std::uint32_t kind) const {
    if (ref.page < limit_ && (ref.flags & kRefDirty) == 0) [[likely]] {
      const std::uint8_t* page = base_ + (ref.page << shift_);
      const std::uint64_t seen =
          std::atomic_ref(verified_[ref.page]).load(std::memory_order_relaxed);
      if (seen == ref.birth && load32(page + page_layout::kType) == kind) [[likely]] {
        return page;
      }
    }
    return fetch_slow(ref, kind);
  }

  /// fetch_kind() of the page that the ref stored at `stored` refers to, of which it reads no more
  /// than it needs.
  const std::uint8_t* fetch_child(const std::uint8_t* stored, std::uint32_t kind) const {
    const std::uint64_t number = load48_of_more(stored + ref_layout::kPage);
    if (number < limit_ && !stored_ref_dirty(stored)) [[likely]] {
      const std::uint8_t* page = base_ + (number << shift_);
      prefetch_lines(page);
      const std::uint64_t seen = std::atomic_ref(verified_[number]).load(std::memory_order_relaxed);
      if (seen == load48_of_more(stored + ref_layout::kBirth) &&
          load32(page + page_layout::kType) == kind) [[likely]] {
        return page;
      }
    }
    return fetch_stored(stored, kind);
  }

  /// Asks for the start of the page that the ref stored at `stored` refers to, which fetch_child()
  /// and a search in it will read, without waiting.
  void prefetch_child(const std::uint8_t* stored) const {
    const std::uint64_t number = load48_of_more(stored + ref_layout::kPage);
    if (number >= limit_ || stored_ref_dirty(stored)) return;
    prefetch_lines(base_ + (number << shift_));
    __builtin_prefetch(&verified_[number]);
  }
  /// The same of the end of a page that was fetched, for who reads its records backward.
  void prefetch_end(const std::uint8_t* page) const {
    prefetch_lines(page + page_size() - kLinesAhead * kCacheLine);
  }

  /// The value that the 24 bytes at `stored_ref` refer to. Errors: kDamaged.
  Result<Bytes> large_value(const std::uint8_t* stored_ref) const;
  /// The same, without looking whether it is damaged.
  Result<Bytes> unverified_value(const std::uint8_t* stored_ref) const;
  /// Whether what lies where the 24 bytes at `stored_ref` say is the run that they mean, so that
  /// its pages may be given up. Looks at its header, not at the value. Errors: kDamaged.
  Result<void> check_run(const std::uint8_t* stored_ref) const;

  /// Bytes a page.
  std::size_t page_size() const { return std::size_t{1} << shift_; }
  const Pager& pager() const { return *pager_; }
  std::uint64_t limit() const { return limit_; }

  /// Whether a page could not be read from the device since the file was mapped: whatever was read
  /// may be zeros. Asked at the end of each operation.
  bool map_damaged() const { return damaged_->load(std::memory_order_relaxed) != 0; }

  /// What map_damaged() looks at. It lives as long as the environment; that of a reader of an
  /// uncommitted state, as long as that reader.
  const std::atomic<std::uint32_t>* damaged_flag() const { return damaged_; }

  /// The error of the last failure.
  Error take_error() const { return std::move(error_); }
  /// Records that the content of `page` contradicts itself; returns the error.
  Error damaged_page(const std::uint8_t* page, const char* what) const;
  /// Why map_damaged(). kTransactionEnded when the map was condemned, kDamaged otherwise.
  Error damaged_map() const;
  /// The same of the page that `at` points into, whichever it is.
  Error damaged_at(const std::uint8_t* at, const char* what) const;
  /// Whether `at` points into a page of the file, not into memory of the transaction.
  bool mapped(const std::uint8_t* at) const {
    return at >= base_ && at < base_ + (limit_ << shift_);
  }
  /// Keeps damaged_page() for take_error().
  void note_damage(const std::uint8_t* page, const char* what) const {
    error_ = damaged_page(page, what);
  }
  /// Keeps `error` for take_error().
  void note_error(Error error) const { error_ = std::move(error); }

 private:
  static constexpr std::size_t kCacheLine = 64;
  static constexpr std::size_t kLinesAhead = 4;  // a page has as many
  static_assert(kLinesAhead * kCacheLine <= kMinPageSize);
  static void prefetch_lines(const std::uint8_t* at) {
    for (std::size_t i = 0; i < kLinesAhead; ++i) __builtin_prefetch(at + i * kCacheLine);
  }
  const std::uint8_t* fetch_slow(Ref ref, std::uint32_t kind) const;
  const std::uint8_t* fetch_stored(const std::uint8_t* stored, std::uint32_t kind) const;
  Result<Bytes> verified_value(const std::uint8_t* stored_ref) const;
  /// Whether somebody else put an end to reading; see os::Mapping::condemn().
  bool condemned() const {
    return damaged_->load(std::memory_order_relaxed) == os::Mapping::kCondemned;
  }
  Result<Bytes> value_behind(const std::uint8_t* stored_ref, const Ref& ref) const;

  const std::uint8_t* base_ = nullptr;
  std::uint64_t* verified_ = nullptr;
  std::uint64_t limit_ = 0;  // pages of the snapshot; no ref may reach beyond
  std::uint32_t shift_ = 0;
  static inline constinit const std::atomic<std::uint32_t> kWhole{0};
  const std::atomic<std::uint32_t>* damaged_ = &kWhole;
  const Pager* pager_ = nullptr;
  MapHold map_;
  const Arena* arena_ = nullptr;
  const PendingValues* values_ = nullptr;
  mutable Error error_;
};

}  // namespace kist::engine
