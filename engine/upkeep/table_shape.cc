#include "engine/upkeep/table_shape.h"

#include "engine/tree/node.h"

namespace kist::engine {
namespace {

Result<void> add(const PageView& view, const Ref& ref, std::uint8_t level, TableStats& shape) {
  ++(level == 0 ? shape.leaf_pages : shape.branch_pages);
  const bool dirty = (ref.flags & kRefDirty) != 0;
  if (level == 0 && !dirty && (ref.flags & kRefIndirect) == 0) return {};
  const std::uint8_t* page = view.fetch(ref, level);
  if (page == nullptr) return std::unexpected(view.take_error());
  if (level > 0) {
    const BranchView branch(page, view.page_size());
    for (std::size_t i = 0; i < branch.count(); ++i) {
      KIST_TRY(add(view, branch.ref(i), static_cast<std::uint8_t>(level - 1), shape));
    }
    return {};
  }
  const LeafView leaf(page, view.page_size());
  for (std::size_t i = 0; i < leaf.count(); ++i) {
    const LeafRecord record = leaf.record(i);
    if (record.key == nullptr) {
      return std::unexpected(view.damaged_page(page, "a record lies outside the page"));
    }
    if (record.indirect) {
      shape.overflow_pages += overflow_pages(load_ref(record.value()).count,
                                             static_cast<std::uint32_t>(view.page_size()));
    }
  }
  return {};
}

}  // namespace

Result<TableStats> table_shape(const PageView& view, const Ref& root) {
  TableStats shape;
  if (root.empty()) return shape;
  shape.records = root.count;
  shape.depth = root.level() + 1U;
  KIST_TRY(add(view, root, root.level(), shape));
  return shape;
}

}  // namespace kist::engine
