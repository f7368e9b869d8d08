#include "engine/upkeep/check.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <kist/engine/cursor.h>

#include "engine/format/overflow.h"
#include "engine/space/space_map.h"
#include "engine/tree/comparators.h"
#include "engine/tree/group_reader.h"
#include "engine/tree/leaf_edit.h"
#include "engine/tree/search.h"
#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"
#include "engine/upkeep/page_check.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {
namespace {

// A forged file must not fill the memory with complaints.
constexpr std::size_t kMostViolations = 10'000;
// Pages between two calls of the progress callback.
constexpr std::uint64_t kBetweenReports = 64;

/// What each meta slot says of itself, whatever state it names.
void check_slots(const SlotSet& set, CheckReport& report) {
  for (const DecodedSlot& decoded : set.slots) {
    if (decoded.verdict != SlotVerdict::kValid) continue;
    const MetaSlot& slot = decoded.slot;
    const auto violation = [&](std::string what) {
      report.violations.push_back({0, fmt::format("meta slot {}", slot.index), std::move(what)});
    };
    if (slot.id >= slot.id_ceiling) {
      violation(
          fmt::format("transaction {} is not below the ceiling {}", slot.id, slot.id_ceiling));
    }
    if (slot.base > slot.id) {
      violation(fmt::format("base {} is later than transaction {}", slot.base, slot.id));
    }
    for (const Ref* root : {&slot.catalog.root, &slot.main.root, &slot.space}) {
      if (!root->empty() && (root->birth > slot.id || root->page >= slot.file_pages)) {
        violation(fmt::format("refers to page {} of transaction {}", root->page, root->birth));
      }
    }
  }
}

class Checker {
 public:
  Checker(const Pager& pager, const std::uint8_t* data, std::uint64_t readable_pages,
          const MetaSlot& slot, const Comparators* comparators, const CheckOptions& options,
          CheckReport& report)
      : pager_(pager),
        data_(data),
        page_size_(pager.page_size()),
        limit_(readable_pages),
        slot_(slot),
        comparators_(comparators),
        options_(options),
        space_(pager.page_size(), pager.seed()),
        report_(report) {}

  /// Errors: kStopped.
  Result<void> run() {
    load_space();
    if (options_.level == CheckLevel::kSpace) return {};
    std::uint64_t unused = first_page(page_size_) + space_.free_pages() + space_.pending_pages();
    for (const LiveRecord& record : space_.live_records()) unused += record.run.pages;
    pages_in_use_ = slot_.file_pages - std::min(slot_.file_pages, unused);
    path_.assign(1, "catalog");
    check_table(slot_.catalog, {}, slot_.id, true);
    path_.assign(1, "default table");
    check_table(slot_.main, {}, slot_.id, false);
    path_.clear();
    if (options_.progress && !stopped_ && told_ != report_.pages_walked) tell();
    if (stopped_) return fail(ErrorCode::kStopped, "stopped by the progress callback");
    account_for_every_page();
    return {};
  }

 private:
  /// A tree being walked.
  struct Tree {
    PageRules rules;
    bool catalog = false;
    std::optional<Bytes> before;  // the last key of the leaf visited before
  };

  void violation(std::uint64_t page, std::string what) {
    if (report_.violations.size() > kMostViolations) return;
    if (report_.violations.size() == kMostViolations) {
      what = "too many violations; the rest is not listed";
    }
    report_.violations.push_back(
        {page, fmt::format("{}", fmt::join(path_, " > ")), std::move(what)});
  }

  void tell() {
    told_ = report_.pages_walked;
    stopped_ = !options_.progress({told_, std::max(told_, pages_in_use_)});
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
    if (stopped_) return false;
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
    if (options_.progress && report_.pages_walked - told_ >= kBetweenReports) {
      tell();
    }
    return !stopped_;
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

  /// `names`: of comparators, as they stand behind the record.
  void check_table(const TableRecord& table, std::string_view names, std::uint64_t parent_birth,
                   bool catalog) {
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
    if (!catalog) report_.records += root.count;
    const TableShapes shapes = table_shapes(table, names, page_size_, comparators_);
    check_root(root, parent_birth,
               rules({.shape = shapes.keys,
                      .values = shapes.values,
                      .key_size = number_size(table.key_order),
                      .value_size = table.value_size}),
               catalog);
  }

  PageRules rules(PageRules rules) {
    rules.whole_key = [this](const LeafRecord& record) { return whole_key(record); };
    return rules;
  }

  void check_root(const Ref& root, std::uint64_t parent_birth, PageRules rules, bool catalog) {
    if (root.level() >= kMaxDepth) {
      return violation(root.page, fmt::format("tree of {} levels", root.level() + 1));
    }
    Tree tree{std::move(rules), catalog, {}};
    check_tree(tree, root, root.level(), parent_birth, {});
  }

  void check_tree(Tree& tree, const Ref& ref, std::uint8_t level, std::uint64_t parent_birth,
                  const KeyRange& range) {
    path_.push_back(fmt::format("{} {}", level == 0 ? "leaf" : "branch", ref.page));
    check_tree_page(tree, ref, level, parent_birth, range);
    path_.pop_back();
  }

  void check_tree_page(Tree& tree, const Ref& ref, std::uint8_t level, std::uint64_t parent_birth,
                       const KeyRange& range) {
    if ((ref.flags & ~kRefStoredFlags) != 0 || ref.level() != level) {
      violation(ref.page,
                fmt::format("referred to with flags {:04x} at level {}", ref.flags, level));
      if ((ref.flags & kRefDirty) != 0) return;
    }
    if (!claim({ref.page, 1}, ref.birth, parent_birth)) return;
    const Bytes page = run_bytes({ref.page, 1});
    if (auto verified = pager_.verify_tree_page(page.data(), ref, tree.rules.shape.kind(level));
        !verified) {
      blind_ = true;
      return violation(ref.page, verified.error().message);
    }
    std::vector<std::string> faults;
    if (level == 0) {
      check_leaf_page(page, tree.rules, range, tree.before, faults);
    } else {
      check_branch_page(page, tree.rules, range, faults);
    }
    for (std::string& fault : faults) violation(ref.page, std::move(fault));
    if (level == 0) {
      check_leaf(tree, ref, page);
    } else {
      check_children(tree, ref, page, level, range);
    }
  }

  /// Holds what was found below `ref` against what it says.
  void check_summary(const Ref& ref, std::uint64_t pairs, std::uint64_t keys, bool indirect) {
    if (pairs != ref.count) {
      violation(ref.page, fmt::format("{} records, its parent recorded {}", pairs, ref.count));
    }
    if (keys != ref.keys) {
      violation(ref.page, fmt::format("{} keys, its parent recorded {}", keys, ref.keys));
    }
    if (indirect != ((ref.flags & kRefIndirect) != 0)) {
      violation(ref.page, fmt::format("holds {}large values, its parent recorded {}",
                                      indirect ? "" : "no ", indirect ? "none" : "some"));
    }
  }

  void check_leaf(const Tree& tree, const Ref& ref, Bytes page) {
    const TreeShape& shape = tree.rules.shape;
    const LeafReader leaf(page.data(), page.size(), shape);
    bool indirect = false;
    std::uint64_t pairs = 0;
    for (std::size_t i = 0; i < leaf.count(); ++i) {
      const LeafRecord record = leaf.record(i);
      if (record.key == nullptr) continue;
      pairs += record_pairs(shape, record);
      indirect |= record.indirect;
      if (tree.catalog) {
        check_catalog_record(ref, record);
      } else if (record.indirect) {
        path_.push_back(fmt::format("record {}", i));
        if (shape.multi) {
          check_nested(ref, record, tree.rules);
        } else {
          check_overflow(load_ref(record.value()), ref.birth);
        }
        path_.pop_back();
      }
    }
    check_summary(ref, pairs, leaf.count(), indirect);
  }

  void check_nested(const Ref& leaf, const LeafRecord& record, const PageRules& main) {
    const TreeShape& shape = main.values;
    const Group group(record, shape);
    if (group.damaged()) return;  // told already
    const Ref& root = group.root();
    check_root(root, leaf.birth, rules({.shape = shape, .key_size = main.value_size}), false);
    if (root.level() == 0 && root.page < limit_ &&
        values_to_inline(run_bytes({root.page, 1}), shape, record.key_size)) {
      violation(root.page, "few values, which should lie in the record, have a tree of their own");
    }
  }

  void check_catalog_record(const Ref& ref, const LeafRecord& record) {
    const auto table = record.indirect ? std::nullopt : decode_table_record(record.value_bytes());
    std::vector<std::string> outer = std::move(path_);
    path_.assign(1, fmt::format("table '{}'", as_text(record.key_bytes())));
    if (table) {
      check_table(*table, as_text(record.value_bytes().subspan(TableRecord::kSize)), ref.birth,
                  false);
    } else {
      violation(ref.page, "the table's record in the catalog is not understood");
    }
    path_ = std::move(outer);
  }

  void check_children(Tree& tree, const Ref& ref, Bytes page, std::uint8_t level,
                      const KeyRange& range) {
    const TreeShape& shape = tree.rules.shape;
    const BranchView branch(page.data(), page.size(), shape.ref_size());
    std::uint64_t pairs = 0;
    std::uint64_t keys = 0;
    bool indirect = false;
    std::string lower = to_string(range.lower);
    const std::string name = path_.back();
    for (std::size_t i = 0; i < branch.count(); ++i) {
      const Ref child = branch.ref(i);
      const bool last = i + 1 == branch.count();
      std::string upper = last ? std::string() : whole_separator(page, shape, i + 1);
      const KeyRange inner{as_bytes(lower), last ? range.upper : std::optional(as_bytes(upper))};
      path_.back() = fmt::format("{}[{}]", name, i);
      check_tree(tree, child, static_cast<std::uint8_t>(level - 1), ref.birth, inner);
      pairs += child.count;
      keys += child.keys;
      indirect |= (child.flags & kRefIndirect) != 0;
      lower = std::move(upper);
    }
    path_.back() = name;
    check_summary(ref, pairs, keys, indirect);
  }

  /// A value in a tree of values, as its run has it; nothing when that is not what its ref says, or
  /// belongs to another.
  std::optional<Bytes> whole_key(const LeafRecord& record) const {
    const Ref ref = load_ref(record.value());
    if (ref.count > kMaxValueSize || ref.page < first_page(page_size_) || ref.page >= limit_ ||
        overflow_pages(ref.count, page_size_) > limit_ - ref.page) {
      return std::nullopt;
    }
    if (reached_.overlaps({ref.page, overflow_pages(ref.count, page_size_)})) return std::nullopt;
    const std::uint8_t* run = data_ + ref.page * page_size_;
    if (!pager_.verify_overflow(run, ref)) return std::nullopt;
    return Bytes(run + overflow_layout::kValue, ref.count);
  }

  void check_overflow(const Ref& ref, std::uint64_t parent_birth) {
    path_.push_back(fmt::format("run {}", ref.page));
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
    if (options_.level != CheckLevel::kEverything) {
      auto verified = pager_.verify_overflow_header(bytes.data(), ref);
      if (!verified) violation(ref.page, verified.error().message);
      return;
    }
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
  const Comparators* comparators_;
  const CheckOptions& options_;
  SpaceMap space_;
  CheckReport& report_;
  FreeRuns reached_;
  bool blind_ = false;  // something could not be visited
  std::uint64_t pages_in_use_ = 0;
  std::uint64_t told_ = 0;  // pages walked when the callback was told last
  bool stopped_ = false;    // by the callback: nothing more is visited
  std::vector<std::string> path_;
};

}  // namespace

Result<CheckReport> check_state(Pager& pager, const MetaSlot& slot, std::uint64_t file_size,
                                std::uint64_t needed_pages, const Comparators* comparators,
                                const CheckOptions& options) {
  CheckReport report;
  const std::uint64_t file_pages = file_size / pager.page_size();
  if (file_pages < std::min(slot.file_pages, needed_pages)) {
    report.violations.push_back(
        {0, "file",
         fmt::format("is {} bytes long, its newest commit needs {} pages of {}", file_size,
                     std::min(slot.file_pages, needed_pages), pager.page_size())});
  }
  KIST_ASSIGN(const MapHold map, pager.cover(slot.file_pages));
  const std::uint64_t readable = std::min({file_pages, slot.file_pages, map->pages});
  KIST_TRY(
      Checker(pager, map->mapping->data(), readable, slot, comparators, options, report).run());
  if (map->mapping->damaged().load() != 0) {
    report.violations.push_back(
        {0, "file", "part of it could not be read (cut short, or an I/O error)"});
  }
  return report;
}

Result<CheckReport> check_environment(const std::shared_ptr<Environment>& environment,
                                      const CheckOptions& options) {
  Snapshot snapshot(environment);
  KIST_ASSIGN(const MetaSlot slot, environment->begin_read_whole(snapshot));
  // A commit behind the pinned one may cut off pages that are free in both; its slot says so before
  // that happens.
  KIST_ASSIGN(const SlotSet set, read_slots(environment->file));
  std::uint64_t needed_pages = slot.file_pages;
  for (const MetaSlot& other : set.newest_first()) {
    if (other.id > slot.id) needed_pages = std::min(needed_pages, other.file_pages);
  }
  KIST_ASSIGN(CheckReport report, check_state(*environment->pager, slot, set.file_size,
                                              needed_pages, &environment->comparators, options));
  check_slots(set, report);
  return report;
}

}  // namespace kist::engine
