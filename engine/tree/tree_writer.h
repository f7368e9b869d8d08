#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <kist/engine/cursor.h>
#include <kist/engine/error.h>

#include "engine/tree/branch_edit.h"
#include "engine/tree/leaf_edit.h"
#include "engine/tree/private_page.h"
#include "engine/tree/search.h"
#include "engine/tree/shape.h"
#include "engine/tree/write_context.h"

namespace kist::engine {

/// Changes one tree of any shape inside a write transaction: seek() to a key, then store() or
/// erase() there.
///
/// Pages on the way to a change are copied into the arena; a dirty ref (an arena index instead of a
/// page number) takes the place of the committed one in the parent. Nothing is written to the file.
/// The counts of every dirty ref, the root's too, are right after each change.
class TreeWriter {
 public:
  /// `root` is changed as the tree changes; both must outlive the writer. REQUIRES
  /// shape.comparable().
  TreeWriter(WriteContext& context, Ref& root, const TreeShape& shape = kPlainShape)
      : context_(context), root_(root), shape_(shape) {}

  /// Finds `key` (borrowed until the next call of another function ends). True when it is there.
  Result<bool> seek(Bytes key);
  /// The same, faster when the key belongs into the leaf that the one before was sought or stored
  /// in, and two keys in a row did. REQUIRES that since then nobody else changed this tree, or what
  /// the memory holds.
  Result<bool> seek_on(Bytes key);
  /// Whether the key that seek() was asked for is greater than every key of the tree.
  bool behind_all() const;
  /// Whether the record found by seek() is the last of the tree.
  bool on_last() const;
  /// The record found by seek(). Borrowed until the next change.
  const LeafRecord& record() const { return record_; }

  /// The value of the record found by seek(), to be overwritten where it lies. REQUIRES that it was
  /// stored in this very change.
  std::span<std::uint8_t> writable_value() {
    std::uint8_t* page = path_.back().dirty;
    return {page + (record_.value() - page), record_.value_size};
  }

  /// Stores a value under the key that seek() was asked for: `value` inline, or the 24 bytes of a
  /// Ref when `indirect`. A large value replaced by it is given up. Consumes the position. Of
  /// trees of values, which are sets: a key that is there stays as it is, and what `value` refers
  /// to is given up; a long key goes to a pending value of its own, or is where `value` refers to.
  Result<void> store(Bytes value, bool indirect);
  /// Removes the record found by seek(), its large value too. Consumes the position.
  Result<void> erase();

  /// Of a multimap: stores `value` as the group of the key, or, when `nested`, the 24 bytes of a
  /// Ref to a tree of values, which may be dirty. The tree's pairs become more by `pairs_change`,
  /// its keys by one when the key is new; else its bytes stay what they are. What the group before
  /// referred to is not given up. Consumes the position.
  Result<void> store_group(Bytes value, bool nested, std::int64_t pairs_change);
  /// Of a multimap: removes the record found by seek(), which had `pairs` pairs. What it referred
  /// to is not given up. Consumes the position.
  Result<void> erase_group(std::uint64_t pairs);

 private:
  static constexpr std::size_t kUsualDepth = 6;

  struct Step {
    Ref ref;
    const std::uint8_t* page = nullptr;
    std::uint8_t* dirty = nullptr;  // the same page when it may be changed in place
    std::size_t index = 0;          // child taken, or position in the leaf
  };
  /// A page that a split made, to be entered in the parent behind the page that was split.
  struct Piece {
    Bytes separator;
    Ref ref;
  };
  struct Counts {
    std::uint64_t pairs = 0;
    std::uint64_t keys = 0;
  };

  bool before_next_leaf(Bytes key) const;
  Result<void> make_path_dirty();
  Result<void> copy_path();
  Result<void> judge_path();
  Result<void> hold_against_copies();
  Result<std::uint8_t*> make_dirty(Ref& ref, const std::uint8_t* page, std::uint8_t level);
  void add_count(std::int64_t pairs, std::int64_t keys);
  Ref& set_ref(std::size_t depth, const Ref& ref);
  Result<void> place(Bytes value, bool indirect, std::int64_t pairs_change, bool give_up);
  Result<void> remove(std::uint64_t pairs);

  static Ref dirty_ref(std::uint64_t arena_index, std::uint8_t level, const Counts& counts);
  Counts count_records(std::span<const LeafRecord> records) const;
  static Counts count_children(std::span<const BranchEntry> entries);
  Ref new_leaf(std::span<const LeafRecord> records);
  Ref new_branch(std::uint8_t level, std::span<const BranchEntry> entries);

  Result<void> insert_record(const LeafRecord& record);
  Result<void> split_leaf(const LeafRecord& record);
  std::vector<std::size_t> choose_leaf_cuts(std::size_t inserted) const;
  Result<void> enter_pieces(std::size_t depth, const Ref& left, std::vector<Piece> pieces);
  Result<void> split_branch(std::size_t depth, BranchEntries& entries);
  bool branch_fits(std::span<const BranchEntry> entries) const;
  std::vector<std::size_t> fill_branches(std::span<const BranchEntry> entries) const;
  std::vector<std::size_t> choose_branch_cuts(std::span<const BranchEntry> entries,
                                              bool append) const;
  Result<void> grow_root(const Ref& left, const std::vector<Piece>& pieces);
  bool at_edge(std::size_t depth, bool right) const;

  Result<void> rebalance(std::size_t depth);
  Result<bool> merge_with_sibling(std::size_t depth);
  Result<bool> merge_leaves(std::size_t depth, std::size_t left_index, const Ref& left,
                            const Ref& right);
  Result<bool> merge_branches(std::size_t depth, std::size_t left_index, const Ref& left,
                              const Ref& right);
  void replace_pair(std::size_t depth, std::size_t left_index, Ref merged, const Ref& left,
                    const Ref& right);
  void remove_child(std::size_t depth, std::size_t index);
  Result<void> collapse_root();
  std::size_t page_size() const { return context_.view.page_size(); }
  std::uint8_t level_at(std::size_t depth) const {
    return static_cast<std::uint8_t>(path_.size() - 1 - depth);
  }

  WriteContext& context_;
  Ref& root_;
  const TreeShape shape_;
  Bytes key_;
  LeafRecord record_;  // key == nullptr: not found
  std::vector<Step> path_;
  bool settled_ = false;                 // path_ is what a search of key_ would find
  bool changeable_ = false;              // all of path_ is copied and judged
  bool near_ = false;                    // the last search came to the leaf of the one before
  std::vector<LeafRecord> records_;      // scratch of splits and merges
  std::vector<std::uint8_t> page_copy_;  // what records_ point into when a page is split
  std::vector<std::uint8_t> left_copy_;  // committed pages being merged
  std::vector<std::uint8_t> right_copy_;
  std::vector<std::uint8_t> argument_copy_;  // key and value that lay in a page being changed
};

}  // namespace kist::engine
