#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <kist/engine/cursor.h>
#include <kist/engine/error.h>

#include "engine/tree/branch_edit.h"
#include "engine/tree/leaf_edit.h"
#include "engine/tree/write_context.h"

namespace kist::engine {

/// Changes one tree inside a write transaction: seek() to a key, then store() or erase() there.
///
/// Pages on the way to a change are copied into the arena; a dirty ref (an arena index instead of a
/// page number) takes the place of the committed one in the parent. Nothing is written to the file.
class TreeWriter {
 public:
  /// `root` is changed as the tree changes; both must outlive the writer.
  TreeWriter(WriteContext& context, Ref& root) : context_(context), root_(root) {}

  /// Finds `key` (borrowed until the next call of another function ends). True when it is there.
  Result<bool> seek(Bytes key);
  /// Whether the key that seek() was asked for is greater than every key of the tree.
  bool behind_all() const;
  /// The record found by seek(). Borrowed until the next change.
  const LeafRecord& record() const { return record_; }

  /// Stores a value under the key that seek() was asked for: `value` inline, or the 24 bytes of a
  /// Ref when `indirect`. A large value replaced by it is given up. Consumes the position.
  Result<void> store(Bytes value, bool indirect);
  /// Removes the record found by seek(), its large value too. Consumes the position.
  Result<void> erase();

 private:
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

  Result<void> make_path_dirty();
  Result<void> hold_against_copies();
  Result<std::uint8_t*> make_dirty(Ref& ref, const std::uint8_t* page, std::uint8_t level);
  void add_count(std::int64_t change);
  Ref& set_ref(std::size_t depth, const Ref& ref);

  Result<void> insert_record(const LeafRecord& record);
  Result<void> split_leaf(const LeafRecord& record);
  std::vector<std::size_t> choose_leaf_cuts(std::size_t inserted) const;
  Result<void> enter_pieces(std::size_t depth, const Ref& left, std::vector<Piece> pieces);
  Result<void> split_branch(std::size_t depth, BranchEntries& entries);
  std::vector<std::size_t> choose_branch_cuts(const std::vector<BranchEntry>& entries,
                                              bool append) const;
  Result<void> grow_root(const Ref& left, const std::vector<Piece>& pieces);
  bool at_edge(std::size_t depth, bool right) const;

  Result<void> rebalance(std::size_t depth);
  Result<bool> merge_with_sibling(std::size_t depth);
  Result<bool> merge_leaves(std::size_t depth, std::size_t left_index, const Ref& left,
                            const Ref& right);
  Result<bool> merge_branches(std::size_t depth, std::size_t left_index, const Ref& left,
                              const Ref& right);
  Result<void> replace_pair(std::size_t parent_depth, std::size_t left_index, const Ref& merged);
  void remove_child(std::size_t depth, std::size_t index);
  Result<void> collapse_root();
  Result<const std::uint8_t*> sound_page(const Ref& ref, std::uint8_t level,
                                         std::vector<std::uint8_t>& copy);
  std::uint8_t level_at(std::size_t depth) const {
    return static_cast<std::uint8_t>(path_.size() - 1 - depth);
  }

  WriteContext& context_;
  Ref& root_;
  Bytes key_;
  LeafRecord record_;  // key == nullptr: not found
  std::vector<Step> path_;
  std::vector<LeafRecord> records_;      // scratch of splits and merges
  std::vector<std::uint8_t> page_copy_;  // what records_ point into when a page is split
  std::vector<std::uint8_t> left_copy_;  // committed pages being merged
  std::vector<std::uint8_t> right_copy_;
  std::vector<std::uint8_t> argument_copy_;  // key and value that lay in a page being changed
};

}  // namespace kist::engine
