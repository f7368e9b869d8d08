#pragma once

#include <cstdint>
#include <memory>

#include <kist/engine/error.h>

#include "engine/tree/group.h"
#include "engine/tree/tree_path.h"

namespace kist::engine {

/// The bytes that a page holds of a value: the value, or the Ref to an overflow run with it.
struct StoredValue {
  Bytes bytes;  ///< Null: the page contradicts itself.
  bool indirect = false;
};

/// A position among the values of one key of a multimap: on a value, or behind the last of the
/// group, or of a leaf of its nested tree. Borrows pages as TreePath does, and like it stands
/// nowhere (entered() is false) after an error, which is kDamaged.
class GroupPath {
 public:
  GroupPath() = default;
  GroupPath(const GroupPath& other) { *this = other; }
  GroupPath& operator=(const GroupPath& other);
  ~GroupPath() = default;

  /// Takes the group of `record`, whose values have the shape `values`. Then one of first(),
  /// last(), lower_bound() and nth() comes before all others.
  Result<void> enter(const PageView& view, const LeafRecord& record, const TreeShape& values);
  /// Goes nowhere.
  void leave() { entered_ = false; }
  bool entered() const { return entered_; }

  // Moves; see TreePath.

  Result<bool> first();
  Result<bool> last();
  Result<bool> lower_bound(Bytes value);
  Result<bool> nth(std::uint64_t n);
  Result<bool> settle();
  Result<bool> forward();
  Result<bool> back();

  // Where it is. REQUIRES: entered().

  bool on_value() const { return nested() ? tree_->on_record() : index_ < group_.count(); }
  /// Number of values of the group.
  std::uint64_t count() const { return group_.count(); }
  /// Number of values before the position.
  Result<std::uint64_t> rank() const;
  bool at_first() const { return nested() ? tree_->at_first() : index_ == 0; }
  bool at_last() const { return nested() ? tree_->at_last() : index_ + 1 == group_.count(); }
  /// The value it stands on.
  StoredValue value() const;
  /// Values from the position on that lie behind each other in memory, this one included.
  std::uint64_t run_length() const {
    return nested() ? tree_->count() - tree_->index() : group_.count() - index_;
  }
  /// Moves within them. REQUIRES: steps < run_length().
  void skip(std::uint64_t steps);

 private:
  bool nested() const { return group_.nested(); }
  Result<bool> moved(Result<bool> result);

  const PageView* view_ = nullptr;
  TreeShape shape_;
  Group group_;
  std::uint64_t index_ = 0;         // in an inline group
  std::unique_ptr<TreePath> tree_;  // in a nested one; kept for the next
  bool entered_ = false;
};

}  // namespace kist::engine
