#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <kist/engine/error.h>

#include "engine/os/mapping.h"
#include "engine/pager/dirty_memory.h"

namespace kist::engine {

class Environment;
class Snapshot;

/// What a reader of an uncommitted state and the writer share, each on its own thread.
///
/// The state cannot change under the reader: the memory is marked, and space that the state has is
/// not written again before the transaction ends. The end of the writer must reach the reader
/// without a lock on its way; so such readers have a map of their own, which the writer then marks
/// as damaged: whatever a read finds, it looks at that mark before it returns.
class UncommittedState {
 public:
  UncommittedState(std::shared_ptr<DirtyMemory> memory, std::shared_ptr<os::Mapping> map,
                   std::uint64_t mark, const Snapshot* owner)
      : memory_(std::move(memory)), map_(std::move(map)), mark_(mark), owner_(owner) {}

  // The reader.

  /// Whether the writer has ended.
  bool over() const { return over_.load(std::memory_order_acquire); }
  /// The reader is gone, and touches nothing any more.
  void leave() { left_.store(true, std::memory_order_release); }

  // The writer.

  bool left() const { return left_.load(std::memory_order_acquire); }
  /// Lets every further call of the reader, and one that it is in, fail.
  void end() {
    over_.store(true, std::memory_order_release);
    map_->condemn();
  }
  std::uint64_t mark() const { return mark_; }
  /// The transaction that was asked for the reader.
  const Snapshot* owner() const { return owner_; }
  const std::shared_ptr<os::Mapping>& map() const { return map_; }

 private:
  const std::shared_ptr<DirtyMemory> memory_;  // keeps it for the reader
  const std::shared_ptr<os::Mapping> map_;
  const std::uint64_t mark_;
  const Snapshot* const owner_;
  std::atomic<bool> left_{false};
  std::atomic<bool> over_{false};
};

/// A reader's hold on it, shared by the clones of the reader.
class UncommittedHold {
 public:
  explicit UncommittedHold(std::shared_ptr<UncommittedState> state) : state_(std::move(state)) {}
  ~UncommittedHold() { state_->leave(); }
  UncommittedHold(const UncommittedHold&) = delete;
  UncommittedHold& operator=(const UncommittedHold&) = delete;
  bool over() const { return state_->over(); }

 private:
  std::shared_ptr<UncommittedState> state_;
};

/// The readers of a write transaction's uncommitted states. Used by the writer.
class UncommittedReaders {
 public:
  UncommittedReaders(Environment& environment, std::shared_ptr<DirtyMemory> memory)
      : environment_(environment), memory_(std::move(memory)) {}

  /// Makes `reader` a view of the present state of `writer`. Errors: those of beginning to read;
  /// kOutOfMemory.
  Result<void> begin(const Snapshot& writer, Snapshot& reader);
  /// Whether any reader may be reading, of any state.
  bool any();
  /// Ends the readers that `owner` gave; null: all.
  void end(const Snapshot* owner);

 private:
  Result<std::shared_ptr<os::Mapping>> map_for(const Snapshot& writer);

  Environment& environment_;
  std::shared_ptr<DirtyMemory> memory_;
  std::vector<std::shared_ptr<UncommittedState>> states_;
};

}  // namespace kist::engine
