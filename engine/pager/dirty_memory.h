#pragma once

#include <cstdint>

#include "engine/pager/arena.h"
#include "engine/pager/marks.h"
#include "engine/pager/pending_values.h"

namespace kist::engine {

/// Everything that a write transaction changed and has not written, in all its marked states.
/// Changed by the writer only; readers of marked states share it and may outlive the transaction.
struct DirtyMemory {
  explicit DirtyMemory(std::uint32_t page_size) : arena(page_size, marks), values(marks) {}
  DirtyMemory(const DirtyMemory&) = delete;
  DirtyMemory& operator=(const DirtyMemory&) = delete;

  Marks marks;
  Arena arena;
  PendingValues values;

  std::uint64_t bytes() const { return arena.bytes() + values.bytes(); }

  /// Nobody needs the state at `mark` any more.
  void forget(std::uint64_t mark) {
    marks.remove(mark);
    arena.forget(mark);
    values.forget(mark);
  }
  /// Makes the newest state that at `mark` again; the mark stays. Marks of states that cannot be
  /// returned to any more must have been removed; those of readers stay what they are.
  void roll_back(std::uint64_t mark) {
    arena.roll_back(mark);
    values.roll_back(mark);
  }
  /// Forgets everything. Nobody may be reading.
  void reset() {
    marks.reset();
    arena.reset();
    values.reset();
  }
};

}  // namespace kist::engine
