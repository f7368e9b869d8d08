#pragma once

#include <cstdint>
#include <vector>

#include "engine/pager/marks.h"

namespace kist::engine {

/// Numbers the things that a write transaction holds in memory, and knows for each which states
/// have it. A slot is live while the newest state has it, kept while only marked states do, and
/// free otherwise. Used by the writer only.
class KeptSlots {
 public:
  explicit KeptSlots(const Marks& marks) : marks_(marks) {}

  /// A slot of the present epoch.
  std::uint32_t take();
  /// The newest state gives up a slot, which is live. True when it is free now, false when it is
  /// kept.
  bool give_up(std::uint32_t slot);

  bool live(std::uint64_t slot) const { return slot < slots_.size() && slots_[slot].live(); }
  /// Whether no marked state has this slot, so that its content may change.
  bool changeable(std::uint64_t slot) const {
    return marks_.newest() == 0 || (live(slot) && slots_[slot].born >= marks_.newest());
  }
  /// Slots ever taken since reset(): all numbers are below.
  std::uint32_t size() const { return static_cast<std::uint32_t>(slots_.size()); }
  std::uint64_t live_count() const { return live_; }
  std::uint64_t kept_count() const { return kept_.size(); }

  /// After `mark` was removed: calls `freed(slot)` for each slot that was kept for its sake.
  template <typename Freed>
  void forget(std::uint64_t mark, Freed freed) {
    release_kept(first_kept_since(mark), freed);
  }
  /// Goes back to the state at `mark`, behind which no mark is left that may be returned to: what
  /// was made since is given up, what was given up since is live again. Calls `freed(slot)` for
  /// each slot that became free.
  template <typename Freed>
  void roll_back(std::uint64_t mark, Freed freed) {
    const std::size_t first = first_kept_since(mark);
    std::size_t end = first;
    for (std::size_t i = first; i < kept_.size(); ++i) {
      Slot& slot = slots_[kept_[i].slot];
      if (slot.born < mark) {
        slot.state = State::kLive;
        ++live_;
      } else {
        kept_[end++] = kept_[i];
      }
    }
    kept_.resize(end);
    // The list is in the order of birth.
    for (std::uint32_t at = newest_; at != kNone && slots_[at].born >= mark;) {
      const std::uint32_t older = slots_[at].older;
      if (slots_[at].live() && give_up(at)) freed(at);
      at = older;
    }
    release_kept(first, freed);
  }
  /// Forgets all slots.
  void reset();

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  enum class State : std::uint8_t { kFree, kLive, kKept };
  struct Slot {
    std::uint64_t born = 0;
    std::uint32_t older = kNone;  // neighbours in the list of slots that are not free
    std::uint32_t newer = kNone;
    State state = State::kFree;
    bool live() const { return state == State::kLive; }
  };
  struct Kept {
    std::uint32_t slot;
    std::uint64_t died;
  };

  std::size_t first_kept_since(std::uint64_t mark) const;
  void make_free(std::uint32_t slot);
  /// Frees those of kept_ from `first` on that no mark needs.
  template <typename Freed>
  void release_kept(std::size_t first, Freed freed) {
    std::size_t end = first;
    for (std::size_t i = first; i < kept_.size(); ++i) {
      const Kept kept = kept_[i];
      if (marks_.seen(slots_[kept.slot].born, kept.died)) {
        kept_[end++] = kept;
      } else {
        make_free(kept.slot);
        freed(kept.slot);
      }
    }
    kept_.resize(end);
  }

  const Marks& marks_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> unused_;
  std::vector<Kept> kept_;        // in the order in which they were given up
  std::uint32_t newest_ = kNone;  // end of the list
  std::uint64_t live_ = 0;
};

}  // namespace kist::engine
