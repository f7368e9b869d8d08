#include "engine/upkeep/salvage_state.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/space/space_record.h"
#include "engine/tree/comparators.h"
#include "engine/upkeep/page_check.h"
#include "engine/upkeep/recover.h"

namespace kist::engine {

void add_loss(SalvageReport& report, SalvageLoss loss) {
  constexpr std::size_t kMostLosses = 10'000;
  report.lost += loss.records;
  if (report.losses.size() < kMostLosses) report.losses.push_back(std::move(loss));
}

Result<void> SalvageWalk::run(const Ref& root) {
  return root.empty() ? Result<void>() : below(root, root.level(), {}, std::nullopt);
}

Result<void> SalvageWalk::below(const Ref& ref, std::uint8_t level, const std::string& lower,
                                const std::optional<std::string>& upper) {
  const std::uint8_t* page =
      level < kMaxDepth && budget_ != 0 ? source_.tree_page(ref, shape_.kind(level)) : nullptr;
  if (page == nullptr) return on_gap_({ref, level, lower, upper});
  --budget_;
  if (level == 0) {
    KIST_TRY(on_leaf_(page));
    source_.info(ref.page).reached = true;
    return {};
  }
  source_.info(ref.page).reached = true;
  const Bytes bytes(page, source_.page_size());
  const BranchView branch(page, bytes.size(), shape_.ref_size());
  std::string from = lower;
  for (std::size_t i = 0; i < branch.count(); ++i) {
    const bool last = i + 1 == branch.count();
    const std::optional<std::string> to =
        last ? upper : std::optional(whole_separator(bytes, shape_, i + 1));
    KIST_TRY(below(branch.ref(i), static_cast<std::uint8_t>(level - 1), from, to));
    if (to) from = *to;
  }
  return {};
}

namespace {

using PageInfo = SalvageSource::PageInfo;

const Result<void> kDone;

Ref ref_of(const PageInfo& info, std::uint64_t page) {
  return {.page = page,
          .birth = info.birth,
          .count = 0,
          .checksum = info.checksum,
          .flags = info.level()};
}

/// The tables whose records a leaf of the catalog holds.
void read_catalog_leaf(SalvageSource& source, const std::uint8_t* page,
                       std::vector<SalvageTable>& tables) {
  const LeafView leaf(page, source.page_size());
  for (std::size_t i = 0; i < leaf.count(); ++i) {
    const LeafRecord record = leaf.record(i);
    if (record.key == nullptr || record.indirect) continue;
    const auto table = decode_table_record(record.value_bytes());
    if (!table) continue;
    tables.push_back({to_string(record.key_bytes()), *table,
                      to_string(record.value_bytes().subspan(TableRecord::kSize))});
  }
}

/// Whether a leaf can only be one of the catalog: all its records are those of tables, and one of
/// them leads to a page that is there.
bool catalog_leaf(SalvageSource& source, std::uint64_t at) {
  if (source.info(at).kind != kPlainShape.kind(0)) return false;
  const std::uint8_t* page = source.page(at);
  std::vector<SalvageTable> tables;
  read_catalog_leaf(source, page, tables);
  if (tables.empty() || tables.size() != LeafView(page, source.page_size()).count()) return false;
  return std::ranges::any_of(tables, [&](const SalvageTable& table) {
    const Ref& root = table.record.root;
    if (root.empty()) return true;
    const TableShapes shapes =
        table_shapes(table.record, table.comparators, source.page_size(), nullptr);
    return source.tree_page(root, shapes.keys.kind(root.level())) != nullptr;
  });
}

/// Whether the tree below is the catalog.
bool catalog_root(SalvageSource& source, Ref ref) {
  while (ref.level() != 0) {
    const std::uint8_t* page = source.tree_page(ref, kPlainShape.kind(ref.level()));
    if (page == nullptr) return false;
    const BranchView branch(page, source.page_size());
    if (branch.count() == 0) return false;
    const Ref child = branch.ref(0);
    if (child.level() + 1 != ref.level()) return false;
    ref = child;
  }
  return source.tree_page(ref, kPlainShape.kind(0)) != nullptr && catalog_leaf(source, ref.page);
}

/// Marks everything that a tree page refers to.
class References {
 public:
  explicit References(SalvageSource& source) : source_(source), referred_(source.pages()) {}

  void add_page(std::uint64_t at) {
    const PageInfo& info = source_.info(at);
    const std::uint8_t* page = source_.page(at);
    if (info.level() != 0) {
      const std::size_t size =
          info.type() == PageType::kMultiBranch ? ref_layout::kMultiSize : ref_layout::kSize;
      const BranchView branch(page, source_.page_size(), size);
      for (std::size_t i = 0; i < branch.count(); ++i) add(branch.ref(i));
      return;
    }
    if (info.type() != PageType::kLeaf) return;
    const LeafView leaf(page, source_.page_size());
    for (std::size_t i = 0; i < leaf.count(); ++i) {
      const LeafRecord record = leaf.record(i);
      if (record.key != nullptr && record.indirect) add(load_ref(record.value()));
    }
    std::vector<SalvageTable> tables;
    if (!catalog_leaf(source_, at)) return;
    read_catalog_leaf(source_, page, tables);
    for (const SalvageTable& table : tables) add(table.record.root);
  }
  bool has(std::uint64_t page) const { return referred_[page]; }

 private:
  void add(const Ref& ref) {
    if (ref.page >= source_.pages()) return;
    const PageInfo& info = source_.info(ref.page);
    if (info.ok && info.birth == ref.birth && info.checksum == ref.checksum) {
      referred_[ref.page] = true;
    }
  }

  SalvageSource& source_;
  std::vector<bool> referred_;
};

/// Records that are lost in a state, the catalog's weighing more.
std::uint64_t measure(SalvageSource& source, const MetaSlot& slot) {
  constexpr std::uint64_t kTable = 1'000'000;
  std::uint64_t lost = 0;
  const auto count = [&](const SalvageGap& gap) {
    lost += std::max<std::uint64_t>(gap.ref.count, 1);
    return kDone;
  };
  const auto nothing = [](const std::uint8_t*) { return kDone; };
  std::vector<SalvageTable> tables{{{}, slot.main, {}}};
  (void)SalvageWalk(
      source, kPlainShape,
      [&](const std::uint8_t* page) {
        read_catalog_leaf(source, page, tables);
        return kDone;
      },
      [&](const SalvageGap& gap) {
        lost += kTable * std::max<std::uint64_t>(gap.ref.count, 1);
        return kDone;
      })
      .run(slot.catalog.root);
  for (const SalvageTable& table : tables) {
    const TableShapes shapes =
        table_shapes(table.record, table.comparators, source.page_size(), nullptr);
    (void)SalvageWalk(source, shapes.keys, nothing, count).run(table.record.root);
  }
  return lost;
}

/// The newest state that a clean close vouched for or that is whole: a newer one was never
/// finished, as far as one can tell. When there is none, the one that lost least.
std::optional<MetaSlot> choose_slot_for_salvage(SalvageSource& source) {
  std::optional<MetaSlot> best;
  std::uint64_t least = 0;
  for (const MetaSlot& slot : source.slots().newest_first()) {
    if (slot.page_size != source.page_size() || slot.seed != source.pager().seed()) continue;
    if (slot.id <= source.slots().confirmed()) return slot;
    if (const auto proof = prove(source.pager(), slot); proof && proof->whole) return slot;
    const std::uint64_t lost = measure(source, slot);
    if (best && lost >= least) continue;
    best = slot;
    least = lost;
  }
  for (std::uint64_t at = 0; at < source.pages(); ++at) source.info(at).reached = false;
  return best;
}

/// The newest free map that some space record leads to.
bool find_space(SalvageSource& source) {
  std::vector<std::uint64_t> records;
  for (std::uint64_t at = 0; at < source.pages(); ++at) {
    if (source.info(at).ok && source.info(at).type() == PageType::kSpace) records.push_back(at);
  }
  std::ranges::sort(records, std::ranges::greater(),
                    [&](std::uint64_t at) { return source.info(at).birth; });
  constexpr std::size_t kMostTries = 64;
  if (records.size() > kMostTries) records.resize(kMostTries);
  return std::ranges::any_of(records, [&](std::uint64_t at) {
    const std::uint8_t* page = source.page(at);
    Ref ref = ref_of(source.info(at), at);
    ref.count = load64(page + space_layout::kSize);
    return source.know_space(ref, load64(page + space_layout::kFilePages), ref.birth,
                             load64(page + space_layout::kCommitNonce));
  });
}

/// Reads the catalog below `root`, and what leaves of it lie where no way leads.
void read_catalog(SalvageSource& source, const Ref& root, SalvageState& state,
                  SalvageReport& report) {
  (void)SalvageWalk(
      source, kPlainShape,
      [&](const std::uint8_t* page) {
        read_catalog_leaf(source, page, state.tables);
        return kDone;
      },
      [&](const SalvageGap& gap) {
        state.catalog_complete = false;
        add_loss(report, {{}, gap.ref.page, 0, "a page of the catalog is lost"});
        return kDone;
      })
      .run(root);
  if (state.catalog_complete) return;
  for (std::uint64_t at = 0; at < source.pages(); ++at) {
    PageInfo& info = source.info(at);
    if (!info.tree_page() || info.reached || !info.used || !catalog_leaf(source, at)) continue;
    info.reached = true;
    read_catalog_leaf(source, source.page(at), state.tables);
  }
}

/// No slot is left: the roots are what nothing refers to.
void find_roots(SalvageSource& source, SalvageState& state, SalvageReport& report) {
  state.tables.push_back({{}, {}, {}});
  const std::vector<Ref> roots = unreached_roots(source, !report.space_lost);
  const auto catalog =
      std::ranges::find_if(roots, [&](const Ref& root) { return catalog_root(source, root); });
  if (catalog != roots.end()) {
    read_catalog(source, *catalog, state, report);
  } else if (roots.size() == 1 &&
             source.info(roots[0].page).kind == kPlainShape.kind(roots[0].level())) {
    state.tables.front().record.root = roots[0];
    state.default_root_known = true;
    return;
  } else {
    state.catalog_complete = roots.empty();  // there was one
  }
  if (!report.space_lost) {
    // A damaged root of the catalog leaves leaves of it.
    for (const Ref& root : roots) {
      if (!catalog_root(source, root) || source.info(root.page).reached) continue;
      state.catalog_complete = false;
      read_catalog(source, root, state, report);
    }
    return;
  }
  for (const Ref& root : roots) {
    if (source.info(root.page).kind != kPlainShape.kind(root.level())) continue;
    if (catalog_root(source, root)) continue;
    state.tables.front().record.root = root;
    state.default_root_known = true;
    break;
  }
}

}  // namespace

std::vector<Ref> unreached_roots(SalvageSource& source, bool in_use_only) {
  const auto wanted = [&](std::uint64_t at) {
    const PageInfo& info = source.info(at);
    return info.tree_page() && !info.reached && (info.used || !in_use_only);
  };
  References references(source);
  for (std::uint64_t at = 0; at < source.pages(); ++at) {
    if (wanted(at)) references.add_page(at);
  }
  std::vector<Ref> roots;
  for (std::uint64_t at = 0; at < source.pages(); ++at) {
    if (wanted(at) && !references.has(at)) roots.push_back(ref_of(source.info(at), at));
  }
  std::ranges::stable_sort(roots, std::ranges::greater(), &Ref::birth);
  return roots;
}

SalvageState find_state(SalvageSource& source, SalvageReport& report) {
  SalvageState state;
  report.pages = source.pages();
  report.seed_lost = !source.seed_known();
  const std::optional<MetaSlot> slot = choose_slot_for_salvage(source);
  report.slots_lost = !slot;
  state.slot = slot;
  if (slot) {
    report.transaction = slot->id;
    report.newest = source.slots().newest_first().front().id;
    report.space_lost =
        !source.know_space(slot->space, slot->file_pages, slot->id, slot->commit_nonce);
    state.default_root_known = true;
    state.tables.push_back({{}, slot->main, {}});
    read_catalog(source, slot->catalog.root, state, report);
  } else {
    report.space_lost = !find_space(source);
    find_roots(source, state, report);
  }
  return state;
}

}  // namespace kist::engine
