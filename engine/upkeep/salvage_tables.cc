#include "engine/upkeep/salvage_tables.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/tree/group.h"
#include "engine/tree/search.h"
#include "engine/txn/table_options.h"

namespace kist::engine {
namespace {

constexpr std::size_t kMostBatch = 512;
constexpr std::uint64_t kMostBatchBytes = std::uint64_t{1} << 20;

/// Whether a record was refused for what it is, not for want of room.
bool refused(const Error& error) {
  switch (error.code) {
    case ErrorCode::kKeyTooLong:
    case ErrorCode::kValueTooLong:
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kOutOfOrder:
      return true;
    default:
      return false;
  }
}

std::string values_of(Bytes key) {
  constexpr std::size_t kShown = 64;
  return fmt::format("values of the key '{}'", as_text(key.first(std::min(key.size(), kShown))));
}

}  // namespace

Result<void> SalvageTables::run(const SalvageState& state) {
  catalog_complete_ = state.catalog_complete;
  for (const SalvageTable& table : state.tables) {
    has_value_trees_ |= table.record.multi;
    KIST_TRY(fill(table));
  }
  if (!state.default_root_known && state.catalog_complete && !report_.space_lost) {
    // Its root is what no slot tells any more: all leaves that belong to nobody else are its.
    gaps_.push_back({0, {}});
  }
  KIST_TRY(fill_gaps());
  KIST_TRY(unplaced_trees());
  for (const Gap& gap : gaps_) {
    const SalvageGap& lost = gap.gap;
    if (lost.ref.empty() || targets_[gap.target].counted) continue;
    const std::uint64_t records =
        lost.ref.count > gap.accounted ? lost.ref.count - gap.accounted : 0;
    if (records == 0 && lost.ref.count != 0) continue;
    std::string what =
        fmt::format("a {} of {} records, {} of them found", lost.level == 0 ? "leaf" : "subtree",
                    lost.ref.count, gap.recovered);
    if (gap.key) what = values_of(as_bytes(*gap.key)) + ", " + what;
    add_loss(report_, {targets_[gap.target].name, lost.ref.page, records, std::move(what)});
  }
  report_.records = 0;
  for (const Target& target : targets_) {
    KIST_ASSIGN(const std::uint64_t count, txn_.count(target.table));
    report_.records += count;
    report_.recovered += target.recovered;
  }
  return {};
}

/// Makes a comparator known to the new environment. Whether it is a stand-in.
Result<bool> SalvageTables::know(const std::string& name) {
  const auto known = comparators_.find(name);
  if (known != comparators_.end()) return known->second;
  const auto given = options_.comparators.find(name);
  const bool stands_in = given == options_.comparators.end();
  KIST_TRY(to_.register_comparator(name, stands_in ? arrival_.comparator() : given->second));
  return comparators_[name] = stands_in;
}

Result<void> SalvageTables::create(Target& target, const TableOptions& options) {
  if (target.name.empty()) return {};
  KIST_ASSIGN(target.table, to_.table(target.name));
  for (const std::string& name : {options.key_comparator, options.value_comparator}) {
    if (name.empty()) continue;
    KIST_ASSIGN(const bool stands_in, know(name));
    target.by_arrival |= stands_in;
  }
  return txn_.create_table(target.table, options);
}

Result<void> SalvageTables::fill(const SalvageTable& table) {
  Target target;
  target.name = table.name;
  TableState state;
  state.record = table.record;
  state.names = table.comparators;
  if (auto created = create(target, options_of(state)); !created) {
    // A second record of a table is an older one.
    if (created.error().code == ErrorCode::kTableExists) return {};
    if (!refused(created.error())) return created;
    add_loss(report_, {table.name, 0, table.record.root.count, created.error().message});
    return {};
  }
  if (table.record.sequence != 0) {
    KIST_TRY(txn_.advance_sequence(target.table, table.record.sequence));
  }
  target.shapes = table_shapes(table.record, table.comparators, source_.page_size(), &given_);
  const std::size_t index = targets_.size();
  targets_.push_back(std::move(target));
  return walk(index, table.record.root);
}

/// Stores what is left of the tree behind `root`, and notes what is not.
Result<void> SalvageTables::walk(std::size_t index, const Ref& root) {
  SalvageWalk walk(
      source_, targets_[index].shapes.keys,
      [&](const std::uint8_t* page) { return leaf(targets_[index], page); },
      [&](const SalvageGap& gap) {
        gaps_.push_back({index, gap});
        return Result<void>();
      });
  KIST_TRY(walk.run(root));
  return store(targets_[index]);
}

Result<void> SalvageTables::leaf(Target& target, const std::uint8_t* page) {
  const TreeShape& shape = target.shapes.keys;
  const LeafReader leaf(page, source_.page_size(), shape);
  const std::uint64_t number = load48(page + page_layout::kNumber);
  if (source_.info(number).reached) return {};  // its records are in another table
  for (std::size_t i = 0; i < leaf.count(); ++i) {
    const LeafRecord record = leaf.record(i);
    if (record.key == nullptr) continue;
    if (shape.multi) {
      KIST_TRY(group(target, record, number));
      continue;
    }
    Bytes value = record.value_bytes();
    if (record.indirect) {
      const Ref ref = load_ref(record.value());
      const auto large = source_.value(ref);
      if (!large) {
        lose(target, ref, 1, record.key_bytes());
        continue;
      }
      value = *large;
    }
    KIST_TRY(add(target, record.key_bytes(), value));
  }
  return {};
}

void SalvageTables::lose(Target& target, const Ref& ref, std::uint64_t records, Bytes key) {
  target.accounted += records;
  if (target.counted) return;
  add_loss(report_, {target.name, ref.page, records, values_of(key)});
}

/// A subtree of the values of `key` cannot be read. Its leaves, unless it is one itself, may be
/// found later.
void SalvageTables::lose_values(Target& target, const SalvageGap& gap, Bytes key) {
  constexpr std::size_t kMostValueGaps = 4096;
  if (gap.level == 0 || value_gaps_ == kMostValueGaps) {
    too_many_value_gaps_ |= gap.level != 0;
    lose(target, gap.ref, gap.ref.count, key);
    return;
  }
  ++value_gaps_;
  target.accounted += gap.ref.count;
  gaps_.push_back({static_cast<std::size_t>(&target - targets_.data()), gap, to_string(key)});
}

/// All values of a key of a multimap.
Result<void> SalvageTables::group(Target& target, const LeafRecord& record, std::uint64_t page) {
  const TreeShape& shape = target.shapes.values;
  const Bytes key = record.key_bytes();
  const Group group(record, shape);
  if (group.damaged()) {
    lose(target, {.page = page}, 1, key);
    return {};
  }
  if (!group.nested()) {
    for (std::size_t i = 0; i < group.count(); ++i) {
      const Bytes value = group.value(i);
      if (value.data() != nullptr) KIST_TRY(add(target, key, value));
    }
    return {};
  }
  return SalvageWalk(
             source_, shape, [&](const std::uint8_t* leaf) { return values(target, key, leaf); },
             [&](const SalvageGap& gap) {
               lose_values(target, gap, key);
               return Result<void>();
             })
      .run(group.root());
}

/// The values of a key that are in one leaf of their tree.
Result<void> SalvageTables::values(Target& target, Bytes key, const std::uint8_t* page) {
  const TreeShape& shape = target.shapes.values;
  const std::uint64_t number = load48(page + page_layout::kNumber);
  const LeafReader leaf(page, source_.page_size(), shape);
  for (std::size_t i = 0; i < leaf.count(); ++i) {
    const LeafRecord one = leaf.record(i);
    if (const auto value = source_.whole_key(shape, one)) {
      KIST_TRY(add(target, key, *value));
    } else {
      lose(target, one.key != nullptr && one.indirect ? load_ref(one.value()) : Ref{.page = number},
           1, key);
    }
  }
  return {};
}

Result<void> SalvageTables::add(Target& target, Bytes key, Bytes value) {
  batch_.push_back({key, value});
  batch_bytes_ += key.size() + value.size();
  return batch_.size() < kMostBatch && batch_bytes_ < kMostBatchBytes ? Result<void>()
                                                                      : store(target);
}

/// Stores what was gathered: behind everything, unless it was found where no way led.
Result<void> SalvageTables::store(Target& target) {
  if (batch_.empty()) return {};
  // What was not verified may be refused, and what no way led to is in no order: then one by one,
  // so that one record that cannot be stored takes no others with it.
  if (target.by_arrival || target.any_order || !source_.seed_known()) {
    for (const Record& record : batch_) KIST_TRY(store_one(target, record));
  } else {
    KIST_TRY(target.append.store(txn_, target.table, target.shapes.keys.multi, batch_));
  }
  const std::uint64_t records = batch_.size();
  const std::uint64_t bytes = batch_bytes_;
  batch_.clear();
  batch_bytes_ = 0;
  return pace_.report(records, bytes);
}

Result<void> SalvageTables::store_one(Target& target, const Record& record) {
  // What is there came from a newer page.
  const PutMode mode = target.by_arrival          ? PutMode::kAppend
                       : target.shapes.keys.multi ? PutMode::kUpsert
                                                  : PutMode::kIfAbsent;
  if (target.by_arrival) arrival_.arrives(record);
  const auto stored = txn_.put(target.table, record.key, record.value, mode);
  if (!stored) {
    if (!refused(stored.error())) return std::unexpected(stored.error());
    lose(target, {}, 1, record.key);
  } else if (*stored && target.any_order) {
    ++target.recovered;
  }
  return {};
}

/// How the values of a multimap lie, of which only the tree is known: as the first group tells.
TreeShape SalvageTables::values_shape(Ref root) {
  TreeShape shape;
  shape.long_keys = true;
  TreeShape keys;
  keys.multi = true;
  keys.by_comparator = (source_.info(root.page).kind >> 24U) != 0;
  const std::uint8_t* page = source_.tree_page(root, keys.kind(root.level()));
  for (std::uint8_t level = root.level(); level != 0 && page != nullptr; --level) {
    const BranchView branch(page, source_.page_size(), keys.ref_size());
    if (branch.count() == 0) return shape;
    page = source_.tree_page(branch.ref(0), keys.kind(static_cast<std::uint8_t>(level - 1)));
  }
  if (page == nullptr) return shape;
  const LeafView leaf(page, source_.page_size());
  for (std::size_t i = 0; i < leaf.count(); ++i) {
    const LeafRecord record = leaf.record(i);
    if (record.key == nullptr || record.indirect || !Group(record, shape).damaged()) continue;
    const std::uint32_t count = record.value_size < 2 ? 0 : load16(record.value());
    if (count == 0 || (record.value_size - 2) % count != 0) continue;
    shape.dense = static_cast<std::uint16_t>((record.value_size - 2) / count);
    shape.long_keys = false;
    break;
  }
  return shape;
}

/// Whether a leaf of the tree is in no table yet. `budget`: pages that may be visited, since a
/// forged tree can have more than the file.
bool SalvageTables::leads_to_unreached(const Ref& ref, std::uint64_t& budget) const {
  const SalvageSource::PageInfo& info = source_.info(ref.page);
  if (info.level() == 0) return !info.reached;
  if (budget == 0) return false;
  --budget;
  const std::size_t size =
      info.type() == PageType::kMultiBranch ? ref_layout::kMultiSize : ref_layout::kSize;
  const BranchView branch(source_.page(ref.page), source_.page_size(), size);
  for (std::size_t i = 0; i < branch.count(); ++i) {
    const Ref child = branch.ref(i);
    if (child.page >= source_.pages()) continue;
    const SalvageSource::PageInfo& below = source_.info(child.page);
    const bool meant = below.tree_page() && below.birth == child.birth &&
                       below.checksum == child.checksum && below.level() < info.level();
    if (meant && leads_to_unreached(child, budget)) return true;
  }
  return false;
}

/// Trees in use that belong to no table that is known: their names were lost with the catalog.
Result<void> SalvageTables::unplaced_trees() {
  constexpr std::size_t kMostTables = 1000;
  if (report_.space_lost) return {};
  std::size_t made = 0;
  for (const Ref& root : unreached_roots(source_, true)) {
    std::uint64_t budget = source_.pages();
    if (!leads_to_unreached(root, budget)) continue;
    const PageType type = source_.info(root.page).type();
    if (++made > kMostTables || type == PageType::kDenseLeaf) {
      add_loss(report_, {{}, root.page, 0, "a tree that belongs to no known table"});
      continue;
    }
    Target target;
    target.name = fmt::format("salvaged/{}", root.page);
    target.any_order = true;
    target.counted = catalog_complete_;
    target.shapes.keys.multi = type == PageType::kMultiBranch;
    target.shapes.values = values_shape(root);
    KIST_TRY(create(target, {.multi = target.shapes.keys.multi}));
    // Keys stay in the order of the bytes, whatever order their table had; groups stay what they
    // are in the file.
    target.shapes.keys.by_comparator = (source_.info(root.page).kind >> 24U) != 0;
    const std::size_t index = targets_.size();
    targets_.push_back(std::move(target));
    KIST_TRY(walk(index, root));
  }
  return {};
}

}  // namespace kist::engine
