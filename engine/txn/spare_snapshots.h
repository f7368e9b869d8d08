#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <utility>

#include "engine/base/thread_number.h"

namespace kist::engine {

class Snapshot;

/// Snapshots of ended read transactions, kept for those to come: what such a one knows of the head
/// stays true for as long as the head stays the same, so that beginning on it is little more than
/// pinning it. Thread-safe; nobody waits, because a place that is being used is passed over.
class SpareSnapshots {
 public:
  /// Gives `snapshot`, which is null, a spare one, most likely that which this thread kept last;
  /// null when there is none.
  void take(std::shared_ptr<Snapshot>& snapshot) {
    Place& place = mine();
    if (place.busy.exchange(true, std::memory_order_acquire)) return;
    place.snapshot.swap(snapshot);
    place.busy.store(false, std::memory_order_release);
  }

  /// Keeps `snapshot`, to which nobody else refers, in the place of the one before.
  void keep(std::shared_ptr<Snapshot>&& snapshot) {
    Place& place = mine();
    if (!place.busy.exchange(true, std::memory_order_acquire)) [[likely]] {
      place.snapshot.swap(snapshot);
      place.busy.store(false, std::memory_order_release);
    }
    snapshot.reset();
  }

 private:
  struct alignas(64) Place {  // a cache line of its own
    std::atomic<bool> busy = false;
    std::shared_ptr<Snapshot> snapshot;
  };
  Place& mine() { return places_[this_thread_number() % places_.size()]; }

  std::array<Place, 16> places_;
};

}  // namespace kist::engine
