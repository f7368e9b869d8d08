#pragma once

#include <cstdint>
#include <vector>

#include <kist/engine/stats.h>

#include "engine/pager/dirty_memory.h"
#include "engine/pager/page_view.h"
#include "engine/space/run.h"
#include "engine/tree/shape.h"

namespace kist::engine {

struct LeafRecord;

/// What the trees of one write transaction share: where dirty pages live and what was given up.
struct WriteContext {
  WriteContext(const PageView& pages, DirtyMemory& memory)
      : view(pages), arena(memory.arena), values(memory.values) {
    view.set_dirty(&arena, &values);
  }

  PageView view;
  Arena& arena;
  PendingValues& values;
  std::vector<FreedRun> freed;
  /// The first so many of `freed` are what a state to which the transaction may go back has given
  /// up, and stay as they are.
  std::size_t freed_before = 0;
  /// How many announced changes are being made. Trees change only inside one, so that no cursor is
  /// left standing on pages that are gone.
  int changes = 0;
  /// What was done so far.
  PageOperations operations;

  /// Notes that the committed pages [page, page + pages) are no longer needed.
  void free_pages(std::uint64_t page, std::uint64_t pages, std::uint64_t birth) {
    if (freed.size() > freed_before && freed.back().birth == birth &&
        freed.back().run.end() == page) {
      freed.back().run.pages += pages;
    } else {
      freed.push_back({{page, pages}, birth});
    }
  }
  /// The tree page behind `ref` when it may be changed in place: it is in memory, and no state that
  /// must stay what it is has it. Else null; then a copy takes its place, and free_page() is due.
  std::uint8_t* changeable_page(const Ref& ref) {
    const bool dirty = (ref.flags & kRefDirty) != 0;
    return dirty && arena.changeable(ref.page) ? arena.page(ref.page) : nullptr;
  }
  /// Gives up the tree page behind `ref`, dirty or committed. States that must stay what they are
  /// keep it.
  void free_page(const Ref& ref) {
    if ((ref.flags & kRefDirty) != 0) {
      arena.release(ref.page);
    } else {
      free_pages(ref.page, 1, ref.birth);
    }
  }
  /// Gives up a large value likewise.
  void free_value(const Ref& ref) {
    if ((ref.flags & kRefDirty) != 0) {
      values.release(ref.page);
    } else {
      free_pages(ref.page, overflow_pages(ref.count, static_cast<std::uint32_t>(view.page_size())),
                 ref.birth);
    }
  }
};

/// Gives up a whole tree of `shape`: its pages, its large values, and in a multimap its trees of
/// values, whose shape is `values`. Visits branches, and leaves only where the ref says that they
/// refer to such. Needs no comparator. Errors: kDamaged.
Result<void> free_tree(WriteContext& context, const Ref& root, const TreeShape& shape = kPlainShape,
                       const TreeShape& values = kPlainShape);
/// Gives up what one record of such a tree refers to: a large value, or a tree of values. `dirty`:
/// the record lies in memory, so that what it refers to may, too. Errors: kDamaged.
Result<void> free_record(WriteContext& context, const LeafRecord& record, const TreeShape& shape,
                         const TreeShape& values, bool dirty);

}  // namespace kist::engine
