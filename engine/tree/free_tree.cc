#include <cassert>

#include "engine/tree/search.h"
#include "engine/tree/write_context.h"

namespace kist::engine {
namespace {

/// Gives up one tree; `values` is the shape of the trees of values that its records may refer to.
class TreeFreer {
 public:
  TreeFreer(WriteContext& context, const TreeShape& shape, const TreeShape& values)
      : context_(context), shape_(shape), values_(values) {}

  /// `parent_dirty`: what refers to it lies in memory, so that it may, too. In a stored page such a
  /// reference is forged, and would give up pages of others.
  Result<void> free(const Ref& ref, std::uint8_t level, bool parent_dirty) {
    const bool dirty = (ref.flags & kRefDirty) != 0;
    if (dirty && !parent_dirty) {
      return std::unexpected(context_.view.pager().damage(
          ref.page, "a stored reference to a page is marked as being in memory"));
    }
    if (level > 0 || dirty || (ref.flags & kRefIndirect) != 0) {
      const std::uint8_t* page = fetch_page(context_.view, ref, level, shape_);
      if (page == nullptr) return std::unexpected(context_.view.take_error());
      KIST_TRY(level == 0 ? free_values(page, dirty) : free_children(page, level, dirty));
    }
    context_.free_page(ref);
    return {};
  }

  /// Gives up what the record of a page, in memory or not, refers to.
  Result<void> free_record(const LeafRecord& record, bool dirty) {
    if (!record.indirect) return {};
    const Ref ref = load_ref(record.value());
    if (shape_.multi && (ref.flags & kRefNested) != 0) {
      return TreeFreer(context_, values_, {}).free(ref, ref.level(), dirty);
    }
    // The run itself is looked at, so that a damaged reference cannot free pages of others.
    KIST_TRY(context_.view.check_run(record.value()));
    context_.free_value(ref);
    return {};
  }

 private:
  Result<void> free_children(const std::uint8_t* page, std::uint8_t level, bool dirty) {
    const BranchView branch = branch_view(context_.view, page, shape_);
    for (std::size_t i = 0; i < branch.count(); ++i) {
      KIST_TRY(free(branch.ref(i), static_cast<std::uint8_t>(level - 1), dirty));
    }
    return {};
  }

  Result<void> free_values(const std::uint8_t* page, bool dirty) {
    const LeafReader leaf(page, context_.view.page_size(), shape_);
    for (std::size_t i = 0; i < leaf.count(); ++i) {
      const LeafRecord record = leaf.record(i);
      if (record.key == nullptr) {
        return std::unexpected(context_.view.damaged_page(page, "a record lies outside the page"));
      }
      KIST_TRY(free_record(record, dirty));
    }
    return {};
  }

  WriteContext& context_;
  const TreeShape& shape_;
  const TreeShape values_;
};

}  // namespace

Result<void> free_tree(WriteContext& context, const Ref& root, const TreeShape& shape,
                       const TreeShape& values) {
  assert(context.changes > 0);
  if (root.empty()) return {};
  return TreeFreer(context, shape, values).free(root, root.level(), true);
}

Result<void> free_record(WriteContext& context, const LeafRecord& record, const TreeShape& shape,
                         const TreeShape& values, bool dirty) {
  assert(context.changes > 0);
  return TreeFreer(context, shape, values).free_record(record, dirty);
}

}  // namespace kist::engine
