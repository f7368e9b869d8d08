#include "kvstore/c_api/turn.h"

#include <functional>

namespace kist::c_api {

std::shared_lock<std::shared_mutex> Hold::enter(Turn* around) {
  if (around == nullptr) return {};
  const std::lock_guard gate(around->gate_);
  return std::shared_lock(around->readers_);
}

Hold::Hold(Turn& turn, For purpose)
    : first_(turn.mutex_), first_around_(enter(turn.around_.get())) {
  if (purpose == For::kUse) return;
  const std::lock_guard gate(turn.gate_);
  alone_ = std::unique_lock(turn.readers_);
}

Hold::Hold(Turn& a, Turn& b) : first_(a.mutex_, std::defer_lock) {
  if (&a == &b) {
    first_.lock();
  } else {
    second_ = std::unique_lock(b.mutex_, std::defer_lock);
    std::lock(first_, second_);
  }
  // Whoever holds readers_ waits for no turn but other readers_, and for these in one order.
  Turn* one = a.around_.get();
  Turn* other = b.around_.get();
  if (one == other) other = nullptr;
  if (std::less<>()(other, one)) std::swap(one, other);
  first_around_ = enter(one);
  second_around_ = enter(other);
}

}  // namespace kist::c_api
