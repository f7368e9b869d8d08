#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

#include "engine/tree/group.h"
#include "engine/tree/shape.h"
#include "engine/tree/tree_writer.h"

namespace kist::engine {

/// Changes one multimap inside a write transaction: seek() to a pair, then insert() or erase() it,
/// or change all values of its key at once.
///
/// The key's group is written anew in its record; one that grows beyond what a record takes moves
/// to a tree of its own, and one that shrinks well below comes back (group.h). Counts of pairs and
/// keys are right in every ref afterwards.
class MultiWriter {
 public:
  /// `root` is the main tree's and is changed; all four must outlive the writer. `values`: the
  /// shape of trees of values. REQUIRES that both shapes are comparable().
  MultiWriter(WriteContext& context, Ref& root, const TreeShape& keys, const TreeShape& values)
      : context_(context), values_(values), main_(context, root, keys) {}

  /// Finds a pair, borrowed until it is changed. True when it is there. Errors: kDamaged.
  Result<bool> seek(Bytes key, Bytes value);
  /// Finds a key with all its values, for erase_key(). True when it is there. Errors: kDamaged.
  Result<bool> seek_key(Bytes key);
  /// The values of the key, borrowed until the next change; damaged() when there is no such key.
  const Group& group() const { return group_; }
  /// Whether the pair sought is greater than every pair of the table.
  bool behind_all() const;
  /// Whether the value sought needs an overflow run, for insert().
  bool needs_run() const;

  // Changes, one after each seek.

  /// Adds the pair sought, which is not there. When needs_run(), `run` is it.
  Result<void> insert(const Ref& run);
  /// Makes the value sought, which is not there, the only one of the key. Gives up the others.
  Result<void> insert_only(const Ref& run);
  /// Removes the pair that seek() found, its overflow run too.
  Result<void> erase();
  /// Removes the key, which is there, with all its values. Trees of values are given up whole.
  Result<void> erase_key();

 private:
  std::uint32_t page_size() const { return static_cast<std::uint32_t>(context_.view.page_size()); }
  /// Of the key as it is, or will be, stored: a comparator may take another one for the same.
  std::size_t key_size() const { return group_.damaged() ? key_.size() : main_.record().key_size; }
  Result<bool> find_key(Bytes key);
  Result<void> insert_inline(const Ref& run);
  Result<void> move_to_tree(std::size_t from, std::size_t to);
  Result<void> store_in_tree(const Ref& run);
  Result<void> store_tree(std::uint64_t before);
  Result<bool> become_inline(std::uint64_t before);

  WriteContext& context_;
  const TreeShape& values_;
  TreeWriter main_;
  Bytes key_;
  Bytes value_;
  Group group_;                     // of key_; damaged() when the key is not there
  Position at_;                     // of value_ in an inline group
  Ref root_;                        // of a tree of values, changed by tree_
  std::optional<TreeWriter> tree_;  // at value_
  std::vector<std::uint8_t> encoded_;
};

}  // namespace kist::engine
