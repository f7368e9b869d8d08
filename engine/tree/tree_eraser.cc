// The half of TreeWriter that removes: erase, merge of small pages, fewer levels.

#include "engine/tree/private_page.h"
#include "engine/tree/tree_writer.h"

namespace kist::engine {

Result<void> TreeWriter::erase() {
  KIST_TRY(make_path_dirty());
  if (record_.indirect) {
    // The run itself is looked at, so that a damaged reference cannot free pages of others.
    KIST_TRY(context_.view.check_run(record_.value()));
    context_.free_value(load_ref(record_.value()));
  }
  return remove(1);
}

Result<void> TreeWriter::erase_group(std::uint64_t pairs) {
  KIST_TRY(make_path_dirty());
  return remove(pairs);
}

/// Removes the record, which counts `pairs` pairs, from its dirty leaf.
Result<void> TreeWriter::remove(std::uint64_t pairs) {
  settled_ = false;
  leaf_erase(path_.back().dirty, page_size(), path_.back().index);
  add_count(-static_cast<std::int64_t>(pairs), -1);
  return rebalance(path_.size() - 1);
}

/// Mends the page at `depth` after it lost an entry, then its ancestors.
Result<void> TreeWriter::rebalance(std::size_t depth) {
  for (;; --depth) {
    const Step& step = path_[depth];
    const std::size_t count = page_count(step.dirty);
    if (depth == 0) {
      if (count == 0) {
        context_.free_page(step.ref);
        root_ = {};
        return {};
      }
      return collapse_root();
    }
    if (count == 0) {
      context_.free_page(step.ref);
      remove_child(depth - 1, path_[depth - 1].index);
      continue;
    }
    const bool leaf = depth + 1 == path_.size();
    const std::size_t used = leaf ? leaf_used(step.dirty) : branch_used(step.dirty);
    if (used >= page_capacity(page_size()) / 4) return {};
    KIST_ASSIGN(const bool merged, merge_with_sibling(depth));
    if (!merged) return {};
  }
}

/// Joins the page at `depth` with its left neighbour under the same parent, or the right one of the
/// first child. False when it has none or both do not fit one page.
Result<bool> TreeWriter::merge_with_sibling(std::size_t depth) {
  const Step& parent = path_[depth - 1];
  const BranchView children = branch_view(context_.view, parent.dirty, shape_);
  if (children.count() < 2) return false;
  const std::size_t left = parent.index > 0 ? parent.index - 1 : 0;
  const Ref left_ref = children.ref(left);
  const Ref right_ref = children.ref(left + 1);
  return depth + 1 == path_.size() ? merge_leaves(depth, left, left_ref, right_ref)
                                   : merge_branches(depth, left, left_ref, right_ref);
}

Result<bool> TreeWriter::merge_leaves(std::size_t depth, std::size_t left_index, const Ref& left,
                                      const Ref& right) {
  KIST_ASSIGN(const std::uint8_t* left_page, private_page(context_, left, 0, shape_, left_copy_));
  KIST_ASSIGN(const std::uint8_t* right_page,
              private_page(context_, right, 0, shape_, right_copy_));
  if (leaf_used(left_page) + leaf_used(right_page) > page_capacity(page_size())) return false;
  records_.clear();
  leaf_gather(left_page, page_size(), records_);
  leaf_gather(right_page, page_size(), records_);
  replace_pair(depth, left_index, new_leaf(records_), left, right);
  return true;
}

Result<bool> TreeWriter::merge_branches(std::size_t depth, std::size_t left_index, const Ref& left,
                                        const Ref& right) {
  const std::uint8_t level = level_at(depth);
  KIST_ASSIGN(const std::uint8_t* left_page,
              private_page(context_, left, level, shape_, left_copy_));
  KIST_ASSIGN(const std::uint8_t* right_page,
              private_page(context_, right, level, shape_, right_copy_));
  BranchEntries parent;
  parent.append(path_[depth - 1].dirty, page_size(), {});
  BranchEntries joined;
  joined.append(left_page, page_size(), {});
  joined.append(right_page, page_size(), parent.entries[left_index + 1].separator);
  if (!branch_fits(joined.entries)) return false;
  replace_pair(depth, left_index, new_branch(level, joined.entries), left, right);
  return true;
}

/// Puts `merged` in the place of two neighbours at `depth`, which are given up.
void TreeWriter::replace_pair(std::size_t depth, std::size_t left_index, Ref merged,
                              const Ref& left, const Ref& right) {
  ++context_.operations.merged;
  context_.free_page(left);
  context_.free_page(right);
  // What the parent counts stays what it is, whatever the pages of a damaged file hold.
  merged.count = left.count + right.count;
  merged.keys = left.keys + right.keys;
  branch_set_ref(path_[depth - 1].dirty, left_index, merged);
  remove_child(depth - 1, left_index + 1);
}

void TreeWriter::remove_child(std::size_t depth, std::size_t index) {
  std::uint8_t* page = path_[depth].dirty;
  if (page_count(page) == 1) {  // an empty branch: rebalance() removes it at once
    store16(page + page_layout::kCount, 0);
    return;
  }
  BranchEntries entries;
  entries.append(page, page_size(), {});
  entries.entries.erase(entries.entries.begin() + static_cast<std::ptrdiff_t>(index));
  branch_build(page, page_size(), shape_, level_at(depth), entries.entries);
}

/// A root with a single child gives way to it.
Result<void> TreeWriter::collapse_root() {
  while (root_.level() > 0) {
    KIST_ASSIGN(const std::uint8_t* page,
                private_page(context_, root_, root_.level(), shape_, left_copy_));
    const BranchView branch = branch_view(context_.view, page, shape_);
    if (branch.count() > 1) return {};
    const Ref child = branch.ref(0);
    context_.free_page(root_);
    root_ = child;
  }
  return {};
}

}  // namespace kist::engine
