#include "engine/pager/kept_slots.h"

#include <algorithm>
#include <cassert>

namespace kist::engine {

std::uint32_t KeptSlots::take() {
  std::uint32_t index = size();
  if (unused_.empty()) {
    slots_.emplace_back();
  } else {
    index = unused_.back();
    unused_.pop_back();
  }
  Slot& slot = slots_[index];
  slot = {.born = marks_.now(), .older = newest_, .newer = kNone, .state = State::kLive};
  if (newest_ != kNone) slots_[newest_].newer = index;
  newest_ = index;
  ++live_;
  return index;
}

bool KeptSlots::give_up(std::uint32_t index) {
  Slot& slot = slots_[index];
  assert(slot.live());
  --live_;
  if (slot.born < marks_.newest()) {
    slot.state = State::kKept;
    kept_.push_back({index, marks_.now()});
    return false;
  }
  make_free(index);
  return true;
}

void KeptSlots::make_free(std::uint32_t index) {
  Slot& slot = slots_[index];
  if (slot.older != kNone) slots_[slot.older].newer = slot.newer;
  if (slot.newer != kNone) slots_[slot.newer].older = slot.older;
  if (newest_ == index) newest_ = slot.older;
  slot.state = State::kFree;
  unused_.push_back(index);
}

std::size_t KeptSlots::first_kept_since(std::uint64_t mark) const {
  const auto first =
      std::ranges::lower_bound(kept_, mark, {}, [](const Kept& kept) { return kept.died; });
  return static_cast<std::size_t>(first - kept_.begin());
}

void KeptSlots::reset() {
  slots_.clear();
  unused_.clear();
  kept_.clear();
  newest_ = kNone;
  live_ = 0;
}

}  // namespace kist::engine
