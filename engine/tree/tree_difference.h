#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

#include "engine/pager/page_view.h"
#include "engine/tree/group.h"
#include "engine/tree/search.h"

namespace kist::engine {

/// Walks one tree from its first record to its last, giving its caller the choice, before each
/// subtree, of going into it or passing it over.
class TreeWalk {
 public:
  enum class At : std::uint8_t { kEnd, kSubtree, kRecord };

  /// Both borrowed for the life of the walk.
  TreeWalk(const PageView& view, const TreeShape& shape) : view_(&view), shape_(&shape) {}
  /// Stands before the subtree that is the whole tree behind `root`.
  void start(const Ref& root);
  /// Walks the values of one key of a multimap, inline or nested: each is the key of a record.
  Result<void> start(const Group& group);

  /// What comes next.
  At at() const { return at_; }
  /// The subtree that comes next, at its level.
  const Ref& subtree() const { return subtree_; }
  /// A bound: every key of that subtree is >= this. Empty: nothing is known. Borrowed until the
  /// walk moves.
  Result<Bytes> lower_bound();
  /// The record that comes next.
  const LeafRecord& record() const { return record_; }
  /// Its key, whole. Errors: kDamaged.
  Result<Bytes> key() const;

  /// Passes over the subtree or the record.
  Result<void> skip();
  /// Goes into the subtree.
  Result<void> enter();

  std::uint64_t pages_visited() const { return pages_visited_; }
  const PageView& view() const { return *view_; }

 private:
  struct Step {
    const std::uint8_t* page = nullptr;
    std::size_t index = 0;
    std::size_t count = 0;
    std::uint8_t level = 0;
  };
  Result<void> settle();
  Result<void> settle_in_group();

  const PageView* view_;
  const TreeShape* shape_;
  std::vector<Step> path_;  // empty while an inline group is walked
  Group group_;             // inline; else damaged()
  std::size_t value_ = 0;   // the one that comes next in it
  At at_ = At::kEnd;
  Ref subtree_;
  LeafRecord record_;
  std::string bound_;
  std::uint64_t pages_visited_ = 0;
};

/// Compares two trees of the same shape, record by record, passing over every subtree that both
/// share unread: in a copy-on-write tree, pages differ exactly on the ways to what changed.
class TreeDifference {
 public:
  /// What is borrowed must outlive the difference.
  TreeDifference(const PageView& before_view, const PageView& after_view, const TreeShape& shape)
      : before_(before_view, shape), after_(after_view, shape), shape_(&shape) {}
  void start(const Ref& before, const Ref& after);
  /// Compares the values of one key; a missing group is null. Records then have values as keys.
  Result<void> start(const Group* before, const Group* after);

  /// Goes to the next record that only one tree has, or that both have under equal keys in pages
  /// that differ: their values may be the same. False at the end.
  Result<bool> next();
  /// The records found; key == nullptr in the tree that has none.
  const LeafRecord& before() const { return before_record_; }
  const LeafRecord& after() const { return after_record_; }
  /// Their key, whole.
  Bytes key() const { return key_; }

  std::uint64_t pages_visited() const { return before_.pages_visited() + after_.pages_visited(); }

 private:
  Result<bool> comes_first(const TreeWalk& record, TreeWalk& subtree) const;
  Result<void> pass_or_enter();
  Result<bool> take(bool from_before, bool from_after);

  TreeWalk before_;
  TreeWalk after_;
  const TreeShape* shape_;
  LeafRecord before_record_;
  LeafRecord after_record_;
  Bytes key_;
};

}  // namespace kist::engine
