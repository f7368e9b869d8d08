#include <algorithm>

#include <kist/engine/page_walk.h>

#include "engine/format/overflow.h"
#include "engine/tree/group.h"
#include "engine/tree/search.h"
#include "engine/txn/database_access.h"
#include "engine/upkeep/pinned_state.h"
#include "engine/upkeep/table_copy.h"

namespace kist::engine {
namespace {

/// Visits the pages of trees. Every function is false once the visitor has seen enough.
class TreeVisit {
 public:
  TreeVisit(const PageView& view, const std::function<bool(const PageUsage&)>& visit)
      : view_(view), visit_(visit) {}

  Result<bool> tree(const Ref& root, const TableShapes& shapes, std::string_view table,
                    bool catalog) {
    if (root.empty()) return true;
    usage_ = {};
    usage_.table = table;
    usage_.catalog = catalog;
    return below(root, root.level(), shapes);
  }

 private:
  Result<bool> below(const Ref& ref, std::uint8_t level, const TableShapes& shapes) {
    const TreeShape& shape = shapes.keys;
    const std::uint8_t* page = level < kMaxDepth ? fetch_page(view_, ref, level, shape) : nullptr;
    if (page == nullptr) return std::unexpected(view_.take_error());
    if (!visit_(tree_page(page, ref, level, shape))) return false;
    if (level == 0) return (ref.flags & kRefIndirect) == 0 ? true : leaf(page, shapes);
    const BranchView branch = branch_view(view_, page, shape);
    for (std::size_t i = 0; i < branch.count(); ++i) {
      KIST_ASSIGN(const bool more,
                  below(branch.ref(i), static_cast<std::uint8_t>(level - 1), shapes));
      if (!more) return false;
    }
    return true;
  }

  const PageUsage& tree_page(const std::uint8_t* page, const Ref& ref, std::uint8_t level,
                             const TreeShape& shape) {
    usage_.page = ref.page;
    usage_.pages = 1;
    usage_.use = level == 0 ? PageUse::kLeaf : PageUse::kBranch;
    usage_.level = level;
    usage_.birth = ref.birth;
    std::size_t entry = page_layout::kHeadSize + page_layout::kSlotSize;
    if (level != 0) {
      usage_.entries = branch_view(view_, page, shape).count();
      entry += shape.ref_size();
    } else {
      usage_.entries = LeafReader(page, view_.page_size(), shape).count();
      if (shape.dense != 0) entry = shape.dense;
    }
    const std::size_t used =
        page_layout::kHeaderSize + usage_.entries * entry + load16(page + page_layout::kHeapSize);
    usage_.bytes_used = std::min(used, view_.page_size());
    return usage_;
  }

  Result<bool> leaf(const std::uint8_t* page, const TableShapes& shapes) {
    const LeafReader leaf(page, view_.page_size(), shapes.keys);
    for (std::size_t i = 0; i < leaf.count(); ++i) {
      const LeafRecord record = leaf.record(i);
      if (record.key == nullptr) {
        return std::unexpected(view_.damaged_page(page, "a record lies outside the page"));
      }
      if (!record.indirect) continue;
      const Ref ref = load_ref(record.value());
      if (shapes.keys.multi && (ref.flags & kRefNested) != 0) {
        KIST_ASSIGN(const bool more, below(ref, ref.level(), {shapes.values, {}}));
        if (!more) return false;
        continue;
      }
      KIST_TRY(view_.check_run(record.value()));
      usage_.page = ref.page;
      usage_.pages = overflow_pages(ref.count, static_cast<std::uint32_t>(view_.page_size()));
      usage_.use = PageUse::kLargeValue;
      usage_.level = 0;
      usage_.birth = ref.birth;
      usage_.entries = 0;
      usage_.bytes_used = overflow_table_offset(ref.count) + 8 * overflow_chunks(ref.count);
      if (!visit_(usage_)) return false;
    }
    return true;
  }

  const PageView& view_;
  const std::function<bool(const PageUsage&)>& visit_;
  PageUsage usage_;
};

/// What belongs to no tree.
Result<bool> visit_space(Pager& pager, const MetaSlot& slot,
                         const std::function<bool(const PageUsage&)>& visit) {
  SpaceMap space(pager.page_size(), pager.seed());
  KIST_TRY(space.load(slot.space, slot.file_pages, slot.id, slot.commit_nonce,
                      space_reader(pager, slot.file_pages)));
  bool more = true;
  const auto tell = [&](const Run& run, PageUse use, std::uint64_t birth, std::uint64_t bytes) {
    PageUsage usage;
    usage.page = run.start;
    usage.pages = run.pages;
    usage.use = use;
    usage.birth = birth;
    usage.bytes_used = bytes;
    more = more && visit(usage);
  };
  tell({0, first_page(pager.page_size())}, PageUse::kMetaSlots, 0, kMetaSlots * kMetaSlotSize);
  for (const LiveRecord& record : space.live_records()) {
    tell(record.run, PageUse::kSpaceRecord, record.birth, record.run.pages * pager.page_size());
  }
  space.free_runs().for_each([&](const Run& run) { tell(run, PageUse::kFree, 0, 0); });
  space.pending_runs().for_each(
      [&](const PendingRun& run) { tell(run.run, PageUse::kPending, run.birth, 0); });
  return more;
}

}  // namespace

Result<void> walk_pages(const Database& database,
                        const std::function<bool(const PageUsage&)>& visit) {
  KIST_ASSIGN(auto environment, DatabaseAccess::environment(database));
  KIST_ASSIGN(const auto state, pin_newest_state(std::move(environment)));
  const MetaSlot& slot = state->slot;
  const PageView& view = state->snapshot.view;
  KIST_ASSIGN(bool more, visit_space(*state->environment().pager, slot, visit));
  TreeVisit trees(view, visit);
  for (const bool catalog : {true, false}) {
    if (!more) break;
    const Ref& root = catalog ? slot.catalog.root : slot.main.root;
    KIST_ASSIGN(more, trees.tree(root, {}, {}, catalog));
  }
  TableRead catalog(view, slot.catalog.root, {});
  while (more) {
    KIST_ASSIGN(const bool another, catalog.next());
    if (!another) break;
    KIST_ASSIGN(const Record record, catalog.record());
    const auto table = decode_table_record(record.value);
    if (!table) {
      return std::unexpected(
          view.damaged_at(record.key.data(), "a table's record is not understood"));
    }
    const TableShapes shapes = table_shapes(
        *table, as_text(record.value.subspan(TableRecord::kSize)), slot.page_size, nullptr);
    KIST_ASSIGN(more, trees.tree(table->root, shapes, as_text(record.key), false));
  }
  if (view.map_damaged()) return std::unexpected(view.damaged_map());
  return {};
}

Result<PageStats> page_stats(const Database& database) {
  PageStats stats;
  stats.page_size = database.page_size();
  stats.tables.emplace_back();
  const auto add = [](PageCount& count, const PageUsage& usage) {
    count.pages += usage.pages;
    count.bytes_used += usage.bytes_used;
  };
  const auto visit = [&](const PageUsage& usage) {
    if (usage.table != stats.tables.back().name) {
      stats.tables.emplace_back().name = usage.table;
    }
    TablePages& table = stats.tables.back();
    switch (usage.use) {
      case PageUse::kMetaSlots:
        add(stats.meta, usage);
        break;
      case PageUse::kBranch:
        add(stats.branch, usage);
        if (!usage.catalog) add(table.branch, usage);
        break;
      case PageUse::kLeaf:
        add(stats.leaf, usage);
        if (!usage.catalog) add(table.leaf, usage);
        break;
      case PageUse::kLargeValue:
        add(stats.large_value, usage);
        add(table.large_value, usage);
        break;
      case PageUse::kSpaceRecord:
        add(stats.space_record, usage);
        break;
      case PageUse::kFree:
        add(stats.free, usage);
        break;
      case PageUse::kPending:
        add(stats.pending, usage);
        break;
    }
    return true;
  };
  KIST_TRY(walk_pages(database, visit));
  return stats;
}

}  // namespace kist::engine
