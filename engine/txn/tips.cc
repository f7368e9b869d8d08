#include "engine/txn/tips.h"

#include <algorithm>
#include <array>

#include "engine/base/failpoints.h"
#include "engine/os/wake.h"

namespace kist::engine {
namespace {

/// Whether the copy is whole. Orders as in read_head_words().
bool copy_tip(const LockFileLayout& layout, TipPlace place,
              std::span<std::uint64_t, kHeadWords> words) {
  const TipBuffer& tip = layout.tips[buffer_of(place)];
  for (std::size_t i = 0; i < kHeadWords; ++i) {
    words[i] = tip.words[i].load(std::memory_order_acquire);
  }
  return tip.checksum.load(std::memory_order_acquire) == tip_checksum(words, id_of(place));
}

}  // namespace

void store_tip(LockFileLayout& layout, std::uint64_t id, std::span<const std::uint64_t> words) {
  HeadWords all{};
  std::copy(words.begin(), words.end(), all.begin());
  // In this order: what is being flushed becomes the head and then is something else. Loaded the
  // other way round, it could be missed on its way. What begins to be flushed after the first load
  // is the tip.
  const TipPlace flushing = layout.flushing.load(std::memory_order_seq_cst);
  const TipPlace head = layout.head.load(std::memory_order_seq_cst);
  // Relaxed: only writers change it, and the writer lock orders them.
  const TipPlace tip = layout.tip.load(std::memory_order_relaxed);
  std::size_t buffer = 0;
  while (buffer == buffer_of(flushing) || buffer == buffer_of(head) || buffer == buffer_of(tip)) {
    ++buffer;
  }
  TipBuffer& free = layout.tips[buffer];
  // Release: see read_head_words(); whoever reads one of these words early sees the head that was
  // loaded above, or a newer one.
  for (std::size_t i = 0; i < kHeadWords; ++i) {
    free.words[i].store(all[i], std::memory_order_release);
  }
  free.checksum.store(tip_checksum(all, id), std::memory_order_release);
  free.id.store(id, std::memory_order_release);
  KIST_FAILPOINT("tip.after_words");
  layout.tip.store(id * kTips + buffer, std::memory_order_seq_cst);
}

void announce(LockFileLayout& layout) {
  // Sequentially consistent, both: either the watcher's store to `watched` is seen here, or it came
  // after this load, and the watcher's second look at `wakes` sees that it has changed.
  const std::uint64_t before = layout.wakes.fetch_add(1, std::memory_order_seq_cst);
  if (layout.watched.load(std::memory_order_seq_cst) > before) [[unlikely]] {
    os::wake_all(layout.wakes);
  }
}

void wait_for_announcement(LockFileLayout& layout, std::uint64_t seen,
                           std::chrono::nanoseconds limit) {
  // Only ever raised: a late watcher must not hide one that waits for the next announcement.
  std::uint64_t watched = layout.watched.load(std::memory_order_seq_cst);
  while (watched <= seen &&
         !layout.watched.compare_exchange_weak(watched, seen + 1, std::memory_order_seq_cst)) {
  }
  if (layout.wakes.load(std::memory_order_seq_cst) != seen) return;
  os::wait_while(layout.wakes, seen, limit);
}

void publish_tip(LockFileLayout& layout) {
  // No head is newer than the tip, so a store will do. Sequentially consistent: the writer's half
  // of the agreement with readers; see ReaderTable::collect().
  layout.head.store(layout.tip.load(std::memory_order_relaxed), std::memory_order_seq_cst);
  KIST_FAILPOINT("publish.after_head");
  announce(layout);
}

bool read_tip(const LockFileLayout& layout, std::span<std::uint64_t, kHeadWords> words) {
  const TipPlace tip = layout.tip.load(std::memory_order_acquire);
  return tip != 0 && copy_tip(layout, tip, words);
}

TipPlace take_tip_to_flush(LockFileLayout& layout, std::span<std::uint64_t, kHeadWords> words) {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const TipPlace tip = layout.tip.load(std::memory_order_seq_cst);
    // Sequentially consistent, both: either the writer that looks for a free buffer sees this, or
    // its load came before this store and the tip is still the one that it leaves alone anyway.
    layout.flushing.store(tip, std::memory_order_seq_cst);
    KIST_FAILPOINT("flush.after_announcement");
    if (layout.tip.load(std::memory_order_seq_cst) != tip) continue;
    return tip != 0 && copy_tip(layout, tip, words) ? tip : 0;
  }
  return 0;
}

void publish_flushed(LockFileLayout& layout, TipPlace flushed) {
  TipPlace head = layout.head.load(std::memory_order_seq_cst);
  // A head newer than the tip is forged, and must not stay for ever.
  while (head < flushed || head > layout.tip.load(std::memory_order_seq_cst)) {
    if (layout.head.compare_exchange_weak(head, flushed, std::memory_order_seq_cst)) {
      announce(layout);
      return;
    }
  }
}

bool read_head_checked(const LockFileLayout& layout, std::span<std::uint64_t, kHeadWords> words) {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const TipPlace place = layout.head.load(std::memory_order_seq_cst);
    if (place == 0) return false;
    const bool whole = copy_tip(layout, place, words);
    if (layout.head.load(std::memory_order_relaxed) == place) return whole;
  }
  return false;
}

}  // namespace kist::engine
