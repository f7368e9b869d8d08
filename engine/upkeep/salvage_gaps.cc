// Leaves to which no way leads any more, and the gaps that they fill.

#include <algorithm>

#include "engine/tree/group.h"
#include "engine/tree/search.h"
#include "engine/upkeep/salvage_tables.h"

namespace kist::engine {
namespace {

/// Whether keys from `first` to `last` all belong into the gap.
bool within(const TreeShape& shape, const SalvageGap& gap, Bytes first, Bytes last) {
  if (!gap.lower.empty() && compare_by(shape, first, as_bytes(gap.lower)) < 0) return false;
  return !gap.upper || compare_by(shape, last, as_bytes(*gap.upper)) < 0;
}

}  // namespace

/// Leaves to which no way leads, newest first, where exactly one gap can take them.
Result<void> SalvageTables::fill_gaps() {
  // Leaves of tables that are not known would fit any gap.
  if (gaps_.empty() || !catalog_complete_) return {};
  std::vector<std::uint64_t> leaves;
  for (std::uint64_t at = 0; at < source_.pages(); ++at) {
    const SalvageSource::PageInfo& info = source_.info(at);
    if (!info.tree_page() || info.reached || info.level() != 0) continue;
    if (info.used || options_.older_versions) leaves.push_back(at);
  }
  std::ranges::sort(leaves, [&](std::uint64_t a, std::uint64_t b) {
    const auto& first = source_.info(a);
    const auto& second = source_.info(b);
    if (first.used != second.used) return first.used;
    return first.birth != second.birth ? first.birth > second.birth : a < b;
  });
  for (const std::uint64_t at : leaves) {
    if (const auto gap = gap_for(at)) KIST_TRY(fill_from(*gap, at));
  }
  // Now it is known which keys there are, and which trees of values belong to keys that are lost.
  for (const std::uint64_t at : leaves) {
    if (source_.info(at).reached || !source_.info(at).used) continue;
    if (const auto gap = value_gap_for(at)) KIST_TRY(fill_from(*gap, at));
  }
  return {};
}

/// Takes the records of a leaf.
Result<void> SalvageTables::fill_from(std::size_t gap, std::uint64_t page) {
  Target& target = targets_[gaps_[gap].target];
  target.any_order = true;
  const std::uint64_t recovered = target.recovered;
  const std::uint64_t accounted = target.accounted;
  if (const auto key = gaps_[gap].key) {
    KIST_TRY(values(target, as_bytes(*key), source_.page(page)));
    KIST_TRY(store(target));  // while the key lives
  } else {
    KIST_TRY(leaf(target, source_.page(page)));
    KIST_TRY(store(target));
  }
  source_.info(page).reached = true;
  const std::uint64_t found = target.recovered - recovered;
  gaps_[gap].recovered += found;
  gaps_[gap].accounted += found + target.accounted - accounted;
  if (!source_.info(page).used) report_.older += found;
  return {};
}

/// The gap that a leaf must have come from; nothing when there is none, or more than one.
std::optional<std::size_t> SalvageTables::gap_for(std::uint64_t page) {
  const SalvageSource::PageInfo& info = source_.info(page);
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < gaps_.size(); ++i) {
    const Gap& gap = gaps_[i];
    const TableShapes& shapes = targets_[gap.target].shapes;
    if (gap.key || info.kind != shapes.keys.kind(0) || !shapes.keys.comparable()) continue;
    if (!shapes.values.comparable() || (!gap.gap.ref.empty() && info.birth > gap.gap.ref.birth)) {
      continue;
    }
    const LeafView leaf(source_.page(page), source_.page_size());
    if (leaf.count() == 0) return std::nullopt;
    const LeafRecord first = leaf.record(0);
    const LeafRecord last = leaf.record(leaf.count() - 1);
    if (first.key == nullptr || last.key == nullptr) return std::nullopt;
    if (!within(shapes.keys, gap.gap, first.key_bytes(), last.key_bytes())) continue;
    if (shapes.keys.multi && !group_leaf(leaf, shapes.values)) continue;
    if (!shapes.keys.multi && has_value_trees_ && value_leaf(leaf)) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

/// The gap in a tree of values that a leaf must have come from. Nothing also where it may have come
/// from the tree of a key that is lost, because then no gap is its.
std::optional<std::size_t> SalvageTables::value_gap_for(std::uint64_t page) {
  if (too_many_value_gaps_) return std::nullopt;
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < gaps_.size(); ++i) {
    const Gap& gap = gaps_[i];
    if (!gap.key) {
      if (may_hide_values(gap, page)) return std::nullopt;
    } else if (takes_values(gap, page)) {
      if (found) return std::nullopt;
      found = i;
    }
  }
  return found;
}

/// Whether a leaf can be one of the tree of values in which this gap is.
bool SalvageTables::takes_values(const Gap& gap, std::uint64_t page) {
  const TreeShape& shape = targets_[gap.target].shapes.values;
  const SalvageSource::PageInfo& info = source_.info(page);
  if (info.kind != shape.kind(0) || !shape.comparable() || info.birth > gap.gap.ref.birth) {
    return false;
  }
  const std::uint8_t* bytes = source_.page(page);
  if (shape.dense == 0 && !value_leaf(LeafView(bytes, source_.page_size()))) return false;
  const LeafReader leaf(bytes, source_.page_size(), shape);
  if (gap.accounted + leaf.count() > gap.gap.ref.count) return false;
  std::optional<Bytes> first;
  std::optional<Bytes> last;
  for (std::size_t i = 0; i < leaf.count() && !first; ++i) {
    first = source_.whole_key(shape, leaf.record(i));
  }
  for (std::size_t i = leaf.count(); i > 0 && !last; --i) {
    last = source_.whole_key(shape, leaf.record(i - 1));
  }
  return first && last && within(shape, gap.gap, *first, *last);
}

/// Whether below a gap in a table's own tree there may have been this leaf of values, or a leaf
/// that looks like one.
bool SalvageTables::may_hide_values(const Gap& gap, std::uint64_t page) {
  if (gap.filled()) return false;
  const TableShapes& shapes = targets_[gap.target].shapes;
  const std::uint32_t kind = source_.info(page).kind;
  if (shapes.keys.multi) return kind == shapes.values.kind(0);
  const bool only_a_leaf = gap.gap.level == 0 && !gap.gap.ref.empty();
  return !only_a_leaf && kind == shapes.keys.kind(0);
}

/// Whether the records of a leaf can be groups of values.
bool SalvageTables::group_leaf(const LeafView& leaf, const TreeShape& values) const {
  for (std::size_t i = 0; i < leaf.count(); ++i) {
    const LeafRecord record = leaf.record(i);
    if (record.key == nullptr || Group(record, values).damaged()) return false;
  }
  return true;
}

/// Whether a leaf can be one of a tree of values, as far as it tells itself.
bool SalvageTables::value_leaf(const LeafView& leaf) const {
  const std::size_t cut = inline_value_limit(source_.page_size());
  for (std::size_t i = 0; i < leaf.count(); ++i) {
    const LeafRecord record = leaf.record(i);
    if (record.key == nullptr ||
        (record.indirect ? record.key_size != cut : record.value_size != 0)) {
      return false;
    }
  }
  return true;
}

}  // namespace kist::engine
