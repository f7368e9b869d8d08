#pragma once

#include <cstdint>
#include <optional>

#include <kist/engine/error.h>
#include <kist/engine/table.h>

#include "engine/tree/group_path.h"
#include "engine/tree/tree_path.h"

namespace kist::engine {

/// A position among the records of one table, which in a multimap are its pairs.
///
/// It stands on a record, or in front of the record that settle() goes to, or, before it was placed
/// and in an empty table, nowhere. Borrows pages as TreePath does. Errors are kDamaged; after one
/// it stands nowhere.
class RecordPath {
 public:
  /// Forgets the position and takes the tree behind `root`. In a multimap `values` is the shape of
  /// the values' trees.
  void reset(const PageView& view, const TreeShape& shape, const TreeShape& values,
             const Ref& root) {
    view_ = &view;
    values_ = values;
    main_.reset(view, shape, root);
    group_.leave();
  }

  /// To the first record; false when there is none.
  Result<bool> first();
  /// To the last record; false when there is none.
  Result<bool> last();
  /// In front of the first record whose key is >= `key`, or on it. Returns whether the key is
  /// there; then it stands on its first record.
  Result<bool> lower_bound(Bytes key);
  /// In front of the first record that is >= the pair, or on it. Returns whether the pair is there;
  /// then it stands on it. In a table of one value a key the values are held against each other,
  /// too.
  Result<bool> lower_bound(Bytes key, Bytes value);
  /// To record number `n`, or the first record of key number `n`. False, and nowhere, behind the
  /// last.
  Result<bool> nth(std::uint64_t n, CountOf what);

  // From where it is; false, and no move, when there is no such record.

  /// From in front of a record to it; nothing to do on one.
  Result<bool> settle();
  /// To the record after the one it stands on.
  Result<bool> forward();
  /// To the record before the position.
  Result<bool> back();
  /// To the last record of the key that it stands on.
  Result<bool> last_of_key() { return multi() ? group_.last() : Result<bool>(true); }
  /// To the first record of the key after the one it stands on.
  Result<bool> next_key();
  /// To the last record of the key before the one it stands on.
  Result<bool> prev_key();

  bool on_record() const {
    return main_.on_record() && (!multi() || (group_.entered() && group_.on_value()));
  }
  /// Whether it stands on the first, or the last, record of the table.
  bool at_first() const;
  bool at_last() const;
  /// How many records come before the position, or how many keys before its own.
  Result<std::uint64_t> rank(CountOf what) const;

  // The record it stands on. REQUIRES: on_record().

  /// The record of the main tree: the key, and in a multimap its group. No key when the page
  /// contradicts itself.
  LeafRecord record() const { return main_.record(); }
  /// Its value. Null when a page contradicts itself.
  StoredValue value() const;

  /// Whether there are groups.
  bool multi() const { return main_.shape().multi; }
  /// The shape of the trees of values.
  const TreeShape& values() const { return values_; }
  TreePath& main() { return main_; }
  const TreePath& main() const { return main_; }
  /// The position in the group of its key. REQUIRES: multi(), on_record().
  GroupPath& group() { return group_; }

 private:
  Result<void> enter_group();
  Result<bool> enter(bool at_end);
  Result<int> compare_value(Bytes value) const;

  const PageView* view_ = nullptr;
  TreeShape values_;
  TreePath main_;
  GroupPath group_;  // entered: the position is in the group that main_ stands on
};

}  // namespace kist::engine
