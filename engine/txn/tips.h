#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "engine/txn/lock_file.h"

namespace kist::engine {

// How commits become known to other processes; engine/docs/sharing.md says why this is safe.
//
// The tip is the newest commit: the next writer builds on it. The head, never newer than the tip,
// is what readers begin on. Both are names of buffers in the lock file, and so is the tip that is
// being flushed, which will be the head when its flush has returned.

/// A transaction and the buffer that it lies in: id * 4 + number of the buffer. Greater for a newer
/// transaction. 0: none.
using TipPlace = std::uint64_t;
constexpr std::uint64_t id_of(TipPlace place) {
  return place / kTips;
}
constexpr std::size_t buffer_of(TipPlace place) {
  return place % kTips;
}

/// Makes `words` (at most kHeadWords; the rest is zero) of transaction `id` the tip. Writer only.
/// Who dies halfway leaves the tip, the head and what is being flushed as they were.
void store_tip(LockFileLayout& layout, std::uint64_t id, std::span<const std::uint64_t> words);

/// Says that the head is another one, or that watchers shall look for other reasons, and wakes
/// those who wait for that. One load more than counting when nobody does.
void announce(LockFileLayout& layout);
/// Waits while layout.wakes is `seen`, at most for `limit`. May return early.
void wait_for_announcement(LockFileLayout& layout, std::uint64_t seen,
                           std::chrono::nanoseconds limit);

/// Makes the tip the head. Writer only.
void publish_tip(LockFileLayout& layout);

/// Copies the tip; false when there is none or it does not match its checksum. Writer only.
bool read_tip(const LockFileLayout& layout, std::span<std::uint64_t, kHeadWords> words);

/// Announces that the tip is being flushed, so that its buffer stays as it is, and copies it.
/// Returns its place; 0 when there is no whole tip. Only for the holder of the flush lock.
TipPlace take_tip_to_flush(LockFileLayout& layout, std::span<std::uint64_t, kHeadWords> words);

/// Makes what was announced by take_tip_to_flush() the head, unless the head is newer. Only for the
/// holder of the flush lock.
void publish_flushed(LockFileLayout& layout, TipPlace flushed);

/// Copies the first words of the head. Returns its place, or 0 when there is none, or when heads
/// came by faster than the copy 1,000 times in a row. Wait-free in practice, no system call.
inline TipPlace read_head_words(const LockFileLayout& layout, std::span<std::uint64_t> words) {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    // Sequentially consistent: this load and the reader's pin before it (ReaderTable::claim) form
    // one half of the agreement with the writer's scan; see ReaderTable::collect.
    const TipPlace place = layout.head.load(std::memory_order_seq_cst);
    if (place == 0) return 0;
    const TipBuffer& head = layout.tips[buffer_of(place)];
    // Acquire: who writes to this buffer has seen another head, so whoever gets one of the words
    // written sees that the head has changed, and throws the copy away.
    for (std::size_t i = 0; i < words.size(); ++i) {
      words[i] = head.words[i].load(std::memory_order_acquire);
    }
    if (layout.head.load(std::memory_order_relaxed) == place) return place;
  }
  return 0;
}

/// Copies the whole head and holds it against its checksum; false also when it does not match.
bool read_head_checked(const LockFileLayout& layout, std::span<std::uint64_t, kHeadWords> words);

}  // namespace kist::engine
