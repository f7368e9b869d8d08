#include "engine/upkeep/table_shape.h"

#include "engine/tree/search.h"

namespace kist::engine {
namespace {

/// Counts pages; `values` is the shape of the trees of values that records may refer to.
class PageCounter {
 public:
  PageCounter(const PageView& view, const TreeShape& shape, const TreeShape& values,
              TableStats& stats)
      : view_(view), shape_(shape), values_(values), stats_(stats) {}

  Result<void> add(const Ref& ref, std::uint8_t level) {
    ++(level == 0 ? stats_.leaf_pages : stats_.branch_pages);
    const bool dirty = (ref.flags & kRefDirty) != 0;
    if (level == 0 && !dirty && (ref.flags & kRefIndirect) == 0) return {};
    const std::uint8_t* page = fetch_page(view_, ref, level, shape_);
    if (page == nullptr) return std::unexpected(view_.take_error());
    if (level == 0) return add_values(page);
    const BranchView branch = branch_view(view_, page, shape_);
    for (std::size_t i = 0; i < branch.count(); ++i) {
      KIST_TRY(add(branch.ref(i), static_cast<std::uint8_t>(level - 1)));
    }
    return {};
  }

 private:
  Result<void> add_values(const std::uint8_t* page) {
    const LeafReader leaf(page, view_.page_size(), shape_);
    for (std::size_t i = 0; i < leaf.count(); ++i) {
      const LeafRecord record = leaf.record(i);
      if (record.key == nullptr) {
        return std::unexpected(view_.damaged_page(page, "a record lies outside the page"));
      }
      if (!record.indirect) continue;
      const Ref ref = load_ref(record.value());
      if (shape_.multi && (ref.flags & kRefNested) != 0) {
        KIST_TRY(PageCounter(view_, values_, {}, stats_).add(ref, ref.level()));
        continue;
      }
      stats_.overflow_pages +=
          overflow_pages(ref.count, static_cast<std::uint32_t>(view_.page_size()));
    }
    return {};
  }

  const PageView& view_;
  const TreeShape& shape_;
  const TreeShape values_;
  TableStats& stats_;
};

}  // namespace

Result<TableStats> table_shape(const PageView& view, const Ref& root, const TreeShape& shape,
                               const TreeShape& values) {
  TableStats stats;
  if (root.empty()) return stats;
  stats.records = root.count;
  stats.depth = root.level() + 1U;
  KIST_TRY(PageCounter(view, shape, values, stats).add(root, root.level()));
  return stats;
}

}  // namespace kist::engine
