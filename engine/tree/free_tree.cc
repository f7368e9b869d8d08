#include <cassert>

#include "engine/tree/node.h"
#include "engine/tree/write_context.h"

namespace kist::engine {
namespace {

Result<void> free_leaf_values(WriteContext& context, const std::uint8_t* page) {
  const LeafView leaf(page, context.view.page_size());
  for (std::size_t i = 0; i < leaf.count(); ++i) {
    const LeafRecord record = leaf.record(i);
    if (record.key == nullptr) {
      return std::unexpected(context.view.damaged_page(page, "a record lies outside the page"));
    }
    if (record.indirect) {
      // The run itself is looked at, so that a damaged reference cannot free pages of others.
      KIST_TRY(context.view.large_value(record.value()));
      context.free_value(load_ref(record.value()));
    }
  }
  return {};
}

/// `parent_dirty`: what refers to it lies in memory, so that it may, too. In a stored page such a
/// reference is forged, and would give up pages of others.
Result<void> free_below(WriteContext& context, const Ref& ref, std::uint8_t level,
                        bool parent_dirty) {
  const bool dirty = (ref.flags & kRefDirty) != 0;
  if (dirty && !parent_dirty) {
    return std::unexpected(context.view.pager().damage(
        ref.page, "a stored reference to a page is marked as being in memory"));
  }
  if (level > 0 || dirty || (ref.flags & kRefIndirect) != 0) {
    const std::uint8_t* page = context.view.fetch(ref, level);
    if (page == nullptr) return std::unexpected(context.view.take_error());
    if (level == 0) {
      KIST_TRY(free_leaf_values(context, page));
    } else {
      const BranchView branch(page, context.view.page_size());
      for (std::size_t i = 0; i < branch.count(); ++i) {
        KIST_TRY(free_below(context, branch.ref(i), static_cast<std::uint8_t>(level - 1), dirty));
      }
    }
  }
  context.free_page(ref);
  return {};
}

}  // namespace

Result<void> free_tree(WriteContext& context, const Ref& root) {
  assert(context.changes > 0);
  if (root.empty()) return {};
  return free_below(context, root, root.level(), true);
}

}  // namespace kist::engine
