#include "engine/upkeep/check.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <kist/engine/cursor.h>

#include "engine/format/overflow.h"
#include "engine/space/space_map.h"
#include "engine/tree/node.h"
#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"
#include "engine/upkeep/page_check.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {
namespace {

// A forged file must not fill the memory with complaints.
constexpr std::size_t kMostViolations = 10'000;

class Checker {
 public:
  Checker(const Pager& pager, const std::uint8_t* data, std::uint64_t readable_pages,
          const MetaSlot& slot, CheckReport& report)
      : pager_(pager),
        data_(data),
        page_size_(pager.page_size()),
        limit_(readable_pages),
        slot_(slot),
        space_(pager.page_size(), pager.seed()),
        report_(report) {}

  void run() {
    load_space();
    path_.assign(1, "catalog");
    check_table(slot_.catalog, slot_.id, true);
    path_.assign(1, "default table");
    check_table(slot_.main, slot_.id, false);
    path_.clear();
    account_for_every_page();
  }

 private:
  void violation(std::uint64_t page, std::string what) {
    if (report_.violations.size() > kMostViolations) return;
    if (report_.violations.size() == kMostViolations) {
      what = "too many violations; the rest is not listed";
    }
    report_.violations.push_back(
        {page, fmt::format("{}", fmt::join(path_, " > ")), std::move(what)});
  }

  Bytes run_bytes(const Run& run) const {
    return {data_ + run.start * page_size_, run.pages * page_size_};
  }

  // Space.

  void load_space() {
    path_.assign(1, "space map");
    const auto reader = [this](const Ref& ref) -> Result<Bytes> {
      const std::uint64_t pages = space_record_pages(ref.count, page_size_);
      if (ref.page >= limit_ || pages > limit_ - ref.page) {
        return std::unexpected(pager_.damage(ref.page, "a space record lies outside the file"));
      }
      return run_bytes({ref.page, pages});
    };
    const auto loaded =
        space_.load(slot_.space, slot_.file_pages, slot_.id, slot_.commit_nonce, reader);
    if (!loaded) return violation(slot_.space.page, loaded.error().message);
    for (const LiveRecord& record : space_.live_records()) check_record_slack(record.run);
  }

  void check_record_slack(const Run& run) {
    const Bytes bytes = run_bytes(run);
    const std::uint8_t* p = bytes.data();
    const std::uint64_t used =
        space_record_size(load64(p + space_layout::kTaken), load64(p + space_layout::kFreed),
                          load64(p + space_layout::kFree), load64(p + space_layout::kPending));
    if (used > bytes.size() || !all_zero(bytes.subspan(used))) {
      violation(run.start, "space record: bytes behind its lists are not zero");
    }
  }

  /// Whether a reference may be followed: into the file, to pages that nothing else refers to or
  /// calls free. A page that is reached twice is visited once, which bounds the walk through a
  /// forged file.
  bool claim(const Run& run, std::uint64_t birth, std::uint64_t parent_birth) {
    if (run.start < first_page(page_size_) || run.start >= limit_ || run.pages == 0 ||
        run.pages > limit_ - run.start) {
      violation(run.start, fmt::format("{} pages referred to, outside of pages {} to {}", run.pages,
                                       first_page(page_size_), limit_));
      return false;
    }
    if (birth < kFirstTransaction || birth > parent_birth) {
      violation(run.start,
                fmt::format("birth {} recorded in what was born in {}", birth, parent_birth));
    }
    if (!reached_.insert(run)) {
      violation(run.start, "is referred to twice");
      return false;
    }
    if (space_.free_runs().overlaps(run)) violation(run.start, "is in use, but told to be free");
    if (space_.pending_runs().overlaps(run))
      violation(run.start, "is in use, but told to be pending");
    for (const LiveRecord& record : space_.live_records()) {
      if (record.run.start < run.end() && run.start < record.run.end()) {
        violation(run.start, "is in use, and a space record's");
      }
    }
    report_.pages_walked += run.pages;
    return true;
  }

  /// Each page behind the meta slots is exactly one of: reached, free, pending, a record's.
  /// Overlaps were noticed when pages were reached, or by SpaceMap::load().
  void account_for_every_page() {
    if (!space_.loaded()) return;
    const auto add = [&](const Run& run) {
      reached_.remove_any(run);
      reached_.insert(run);
    };
    space_.free_runs().for_each(add);
    space_.pending_runs().for_each([&](const PendingRun& pending) { add(pending.run); });
    for (const LiveRecord& record : space_.live_records()) add(record.run);
    std::uint64_t at = first_page(page_size_);
    const auto lost = [&](std::uint64_t end) {
      if (at >= end) return;
      violation(at, fmt::format("{} pages are neither in use nor free{}", end - at,
                                blind_ ? " (perhaps below a damaged page)" : ""));
    };
    reached_.for_each([&](const Run& run) {
      lost(run.start);
      at = run.end();
    });
    lost(slot_.file_pages);
  }

  // Trees.

  void check_table(const TableRecord& table, std::uint64_t parent_birth, bool catalog) {
    const Ref& root = table.root;
    if (!table.multi && root.keys != root.count) {
      violation(root.page, fmt::format("{} keys recorded, {} records", root.keys, root.count));
    }
    if (table.created > slot_.id) {
      violation(root.page,
                fmt::format("created in transaction {}, after {}", table.created, slot_.id));
    }
    if (root.empty()) {
      if (root != Ref{}) violation(0, "the reference to an empty tree is not all zero");
      return;
    }
    if (root.level() >= kMaxDepth) {
      return violation(root.page, fmt::format("tree of {} levels", root.level() + 1));
    }
    if (!catalog) report_.records += root.count;
    check_tree(root, root.level(), parent_birth, {}, catalog);
  }

  void check_tree(const Ref& ref, std::uint8_t level, std::uint64_t parent_birth,
                  const KeyRange& range, bool catalog) {
    path_.push_back(fmt::format("{} {}", level == 0 ? "leaf" : "branch", ref.page));
    check_tree_page(ref, level, parent_birth, range, catalog);
    path_.pop_back();
  }

  void check_tree_page(const Ref& ref, std::uint8_t level, std::uint64_t parent_birth,
                       const KeyRange& range, bool catalog) {
    if ((ref.flags & ~kRefStoredFlags) != 0 || ref.level() != level) {
      violation(ref.page,
                fmt::format("referred to with flags {:04x} at level {}", ref.flags, level));
      if ((ref.flags & kRefDirty) != 0) return;
    }
    if (!claim({ref.page, 1}, ref.birth, parent_birth)) return;
    const Bytes page = run_bytes({ref.page, 1});
    if (auto verified = pager_.verify_tree_page(page.data(), ref, tree_page_kind(level));
        !verified) {
      blind_ = true;
      return violation(ref.page, verified.error().message);
    }
    std::vector<std::string> faults;
    if (level == 0) {
      check_leaf_page(page, range, faults);
    } else {
      check_branch_page(page, range, faults);
    }
    for (std::string& fault : faults) violation(ref.page, std::move(fault));
    if (level == 0) {
      check_leaf(ref, page, catalog);
    } else {
      check_children(ref, page, level, range, catalog);
    }
  }

  void check_summary(const Ref& ref, std::uint64_t count, bool indirect) {
    if (count != ref.count) {
      violation(ref.page, fmt::format("{} records, its parent recorded {}", count, ref.count));
    }
    if (indirect != ((ref.flags & kRefIndirect) != 0)) {
      violation(ref.page, fmt::format("holds {}large values, its parent recorded {}",
                                      indirect ? "" : "no ", indirect ? "none" : "some"));
    }
  }

  void check_leaf(const Ref& ref, Bytes page, bool catalog) {
    const LeafView leaf(page.data(), page.size());
    bool indirect = false;
    for (std::size_t i = 0; i < leaf.count(); ++i) {
      const LeafRecord record = leaf.record(i);
      if (record.key == nullptr) continue;
      if (catalog) {
        check_catalog_record(ref, record);
      } else if (record.indirect) {
        check_overflow(load_ref(record.value()), ref.birth, i);
      }
      indirect |= record.indirect;
    }
    check_summary(ref, leaf.count(), indirect);
  }

  void check_catalog_record(const Ref& ref, const LeafRecord& record) {
    const auto table = record.indirect ? std::nullopt : decode_table_record(record.value_bytes());
    std::vector<std::string> outer = std::move(path_);
    path_.assign(1, fmt::format("table '{}'", as_text(record.key_bytes())));
    if (table) {
      check_table(*table, ref.birth, false);
    } else {
      violation(ref.page, "the table's record in the catalog is not understood");
    }
    path_ = std::move(outer);
  }

  void check_children(const Ref& ref, Bytes page, std::uint8_t level, const KeyRange& range,
                      bool catalog) {
    const BranchView branch(page.data(), page.size());
    std::uint64_t count = 0;
    bool indirect = false;
    std::string lower = to_string(range.lower);
    const std::string name = path_.back();
    for (std::size_t i = 0; i < branch.count(); ++i) {
      const Ref child = branch.ref(i);
      const bool last = i + 1 == branch.count();
      std::string upper = last ? std::string() : whole_separator(page, i + 1);
      const KeyRange inner{as_bytes(lower), last ? range.upper : std::optional(as_bytes(upper))};
      path_.back() = fmt::format("{}[{}]", name, i);
      check_tree(child, static_cast<std::uint8_t>(level - 1), ref.birth, inner, catalog);
      count += child.count;
      indirect |= (child.flags & kRefIndirect) != 0;
      lower = std::move(upper);
    }
    path_.back() = name;
    check_summary(ref, count, indirect);
  }

  void check_overflow(const Ref& ref, std::uint64_t parent_birth, std::size_t index) {
    path_.push_back(fmt::format("record {} > run {}", index, ref.page));
    check_run(ref, parent_birth);
    path_.pop_back();
  }

  void check_run(const Ref& ref, std::uint64_t parent_birth) {
    if (ref.flags != 0 || ref.count > kMaxValueSize) {
      return violation(ref.page, fmt::format("run of {} bytes referred to with flags {:04x}",
                                             ref.count, ref.flags));
    }
    const Run run{ref.page, overflow_pages(ref.count, page_size_)};
    if (!claim(run, ref.birth, parent_birth)) return;
    const Bytes bytes = run_bytes(run);
    if (auto verified = pager_.verify_overflow(bytes.data(), ref); !verified) {
      return violation(ref.page, verified.error().message);
    }
    const std::uint64_t value_end = overflow_layout::kValue + ref.count;
    const std::uint64_t table = overflow_table_offset(ref.count);
    const std::uint64_t table_end = table + 8 * overflow_chunks(ref.count);
    if (!all_zero(bytes.subspan(value_end, table - value_end)) ||
        !all_zero(bytes.subspan(table_end))) {
      violation(ref.page, "unused bytes of the run are not zero");
    }
  }

  const Pager& pager_;
  const std::uint8_t* data_;
  const std::uint32_t page_size_;
  const std::uint64_t limit_;  // pages that may be read
  const MetaSlot& slot_;
  SpaceMap space_;
  CheckReport& report_;
  FreeRuns reached_;
  bool blind_ = false;  // something could not be visited
  std::vector<std::string> path_;
};

}  // namespace

Result<CheckReport> check_state(Pager& pager, const MetaSlot& slot, std::uint64_t file_size,
                                std::uint64_t needed_pages) {
  CheckReport report;
  const std::uint64_t file_pages = file_size / pager.page_size();
  if (file_pages < std::min(slot.file_pages, needed_pages)) {
    report.violations.push_back(
        {0, "file",
         fmt::format("is {} bytes long, its newest commit needs {} pages of {}", file_size,
                     std::min(slot.file_pages, needed_pages), pager.page_size())});
  }
  KIST_ASSIGN(const MapGeneration* map, pager.cover(slot.file_pages));
  const std::uint64_t readable = std::min({file_pages, slot.file_pages, map->pages});
  Checker(pager, map->mapping->data(), readable, slot, report).run();
  if (map->mapping->damaged().load() != 0) {
    report.violations.push_back(
        {0, "file", "part of it could not be read (cut short, or an I/O error)"});
  }
  return report;
}

Result<CheckReport> check_environment(const std::shared_ptr<Environment>& environment) {
  // The meta slot of a commit is overwritten four commits later, while its pages stay as long as
  // they are pinned. Whoever is overtaken by so many commits between two steps starts again.
  constexpr int kAttempts = 1000;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Snapshot snapshot(environment);
    KIST_TRY(environment->begin_read(snapshot));
    KIST_ASSIGN(const SlotSet set, read_slots(environment->file));
    std::uint64_t needed_pages = kMax48;
    for (const MetaSlot& slot : set.newest_first()) {
      // A commit behind the pinned one may have cut off pages that are free in both.
      needed_pages = std::min(needed_pages, slot.file_pages);
      if (slot.id == snapshot.id) {
        return check_state(*environment->pager, slot, set.file_size, needed_pages);
      }
    }
  }
  return fail(ErrorCode::kTimedOut, environment->path + ": commits come too fast to be checked");
}

}  // namespace kist::engine
