#pragma once

#include <cstdint>
#include <vector>

#include "engine/pager/arena.h"
#include "engine/pager/page_view.h"
#include "engine/pager/pending_values.h"
#include "engine/space/run.h"

namespace kist::engine {

/// What the trees of one write transaction share: where dirty pages live and what was given up.
struct WriteContext {
  WriteContext(PageView& pages, Arena& dirty) : view(pages), arena(dirty) {}

  PageView& view;
  Arena& arena;
  PendingValues values;
  std::vector<FreedRun> freed;
  /// How many announced changes are being made. Trees change only inside one, so that no cursor is
  /// left standing on pages that are gone.
  int changes = 0;

  /// Notes that the committed pages [page, page + pages) are no longer needed.
  void free_pages(std::uint64_t page, std::uint64_t pages, std::uint64_t birth) {
    if (!freed.empty() && freed.back().birth == birth && freed.back().run.end() == page) {
      freed.back().run.pages += pages;
    } else {
      freed.push_back({{page, pages}, birth});
    }
  }
  /// Gives up the tree page behind `ref`, dirty or committed.
  void free_page(const Ref& ref) {
    if ((ref.flags & kRefDirty) != 0) {
      arena.release(static_cast<std::uint32_t>(ref.page));
    } else {
      free_pages(ref.page, 1, ref.birth);
    }
  }
  /// Gives up a large value.
  void free_value(const Ref& ref) {
    if ((ref.flags & kRefDirty) != 0) {
      values.release(ref.page);
    } else {
      free_pages(ref.page, overflow_pages(ref.count, static_cast<std::uint32_t>(view.page_size())),
                 ref.birth);
    }
  }
};

/// Gives up a whole tree: its pages and its large values. Visits branches, and leaves only where
/// the ref says that they hold large values. Errors: kDamaged.
Result<void> free_tree(WriteContext& context, const Ref& root);

}  // namespace kist::engine
