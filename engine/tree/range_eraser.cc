#include "engine/tree/range_eraser.h"

#include <algorithm>

#include "engine/tree/leaf_edit.h"
#include "engine/tree/private_page.h"

namespace kist::engine {
Result<void> RangeEraser::erase(Ref& root, std::optional<Bytes> from, std::optional<Bytes> to) {
  if (root.empty()) return {};
  KIST_ASSIGN(root, trim(root, root.level(), {from, to}));
  // A root with a single child gives way to it.
  while (!root.empty() && root.level() > 0) {
    KIST_ASSIGN(const BranchEntries branch, entries_of(root, root.level(), {}));
    if (branch.entries.size() > 1) break;
    const Ref child = branch.entries.front().ref;
    context_.free_page(root);
    root = child;
  }
  return {};
}

Result<Ref> RangeEraser::trim(const Ref& ref, std::uint8_t level, const Bounds& bounds) {
  if (!bounds.from && !bounds.to) {
    KIST_TRY(free_tree(context_, ref, shape_, values_));
    return Ref{};
  }
  return level == 0 ? trim_leaf(ref, bounds) : trim_branch(ref, level, bounds);
}

Result<Ref> RangeEraser::trim_leaf(const Ref& ref, const Bounds& bounds) {
  std::vector<std::uint8_t> copy;
  KIST_ASSIGN(const std::uint8_t* page, private_page(context_, ref, 0, shape_, copy));
  std::vector<LeafRecord> records;
  leaf_gather(page, page_size(), records);
  const Position first =
      bounds.from ? leaf_lower_bound(context_.view, page, shape_, *bounds.from) : Position{};
  const Position last = bounds.to ? leaf_lower_bound(context_.view, page, shape_, *bounds.to)
                                  : Position{records.size()};
  if (first.damaged || last.damaged) return std::unexpected(context_.view.take_error());
  if (first.index >= last.index) return ref;
  const bool dirty = (ref.flags & kRefDirty) != 0;
  for (std::size_t i = first.index; i < last.index; ++i) {
    KIST_TRY(free_record(context_, records[i], shape_, values_, dirty));
  }
  records.erase(records.begin() + static_cast<std::ptrdiff_t>(first.index),
                records.begin() + static_cast<std::ptrdiff_t>(last.index));
  if (!records.empty()) return rebuild(ref, records);
  context_.free_page(ref);
  return Ref{};
}

Result<Ref> RangeEraser::trim_branch(const Ref& ref, std::uint8_t level, const Bounds& bounds) {
  std::vector<std::uint8_t> copy;
  KIST_ASSIGN(const std::uint8_t* page, private_page(context_, ref, level, shape_, copy));
  BranchEntries branch;
  branch.append(page, page_size(), {});
  std::vector<BranchEntry>& entries = branch.entries;
  const auto child_of = [&](Bytes key) {
    return branch_child_of(context_.view, page, level, shape_, key);
  };
  const Position first = bounds.from ? child_of(*bounds.from) : Position{};
  const Position last = bounds.to ? child_of(*bounds.to) : Position{entries.size() - 1};
  if (first.damaged || last.damaged) return std::unexpected(context_.view.take_error());
  if (first.index > last.index) return ref;
  KIST_ASSIGN(const bool changed, cut(branch, level, first.index, last.index, bounds));
  if (!changed) return ref;
  if (entries.empty()) {
    context_.free_page(ref);
    return Ref{};
  }
  if (level > 1) {
    // What is left of both borders now lies at most two apart.
    const std::size_t right = std::min(first.index + 1, entries.size() - 1);
    KIST_TRY(mend(entries, level, right));
    KIST_TRY(mend(entries, level, std::min(first.index, entries.size() - 1)));
  }
  return rebuild(ref, level, entries);
}

Result<bool> RangeEraser::cut(BranchEntries& branch, std::uint8_t level, std::size_t first,
                              std::size_t last, const Bounds& bounds) {
  std::vector<BranchEntry>& entries = branch.entries;
  const auto below = static_cast<std::uint8_t>(level - 1);
  const auto at = [&](std::size_t i) { return entries.begin() + static_cast<std::ptrdiff_t>(i); };
  Ref& left = entries[first].ref;
  if (first == last) {
    KIST_ASSIGN(const Ref rest, trim(left, below, bounds));
    if (rest == left) return false;
    left = rest;
    if (rest.empty()) entries.erase(at(first));
    return true;
  }
  Ref& right = entries[last].ref;
  KIST_ASSIGN(const Ref left_rest, trim(left, below, {bounds.from, std::nullopt}));
  KIST_ASSIGN(const Ref right_rest, trim(right, below, {std::nullopt, bounds.to}));
  const bool changed = left_rest != left || right_rest != right || last - first > 1;
  left = left_rest;
  right = right_rest;
  for (std::size_t i = first + 1; i < last; ++i)
    KIST_TRY(free_tree(context_, entries[i].ref, shape_, values_));
  if (changed && !left.empty() && !right.empty()) {
    std::string separator = to_string(entries[last].separator);
    const Fits fits = [&](Bytes wanted) {
      std::vector<BranchEntry> rest(entries.begin(), at(first + 1));
      rest.insert(rest.end(), at(last), entries.end());
      rest[first + 1].separator = wanted;
      return branch_size(shape_, rest) <= page_size();
    };
    KIST_TRY(join(left, right, below, separator, std::nullopt, fits));
    entries[last].separator = branch.keep(as_bytes(separator));
  }
  const bool keeps_left = !left.empty();
  const bool keeps_right = !right.empty();
  entries.erase(at(first + (keeps_left ? 1 : 0)), at(last + (keeps_right ? 0 : 1)));
  return changed;
}

Result<void> RangeEraser::join(Ref& left, Ref& right, std::uint8_t level, std::string& separator,
                               std::optional<Bytes> behind, const Fits& fits) {
  const bool may_vanish = !behind || fits(*behind);
  if (level == 0) return may_vanish ? join_leaves(left, right) : Result<void>();
  KIST_ASSIGN(BranchEntries left_branch, entries_of(left, level, {}));
  KIST_ASSIGN(BranchEntries right_branch, entries_of(right, level, as_bytes(separator)));
  std::vector<BranchEntry>& left_entries = left_branch.entries;
  std::vector<BranchEntry>& right_entries = right_branch.entries;
  Ref& inner_left = left_entries.back().ref;
  Ref& inner_right = right_entries.front().ref;
  const Ref before = inner_left;
  const std::optional<Bytes> inner_behind =
      right_entries.size() > 1 ? std::optional(right_entries[1].separator) : behind;
  KIST_TRY(join(inner_left, inner_right, static_cast<std::uint8_t>(level - 1), separator,
                inner_behind, fits));
  if (before != inner_left) {
    left = rebuild(left, level, left_entries);
    if (inner_right.empty()) {
      right_entries.erase(right_entries.begin());
      if (right_entries.empty()) {
        context_.free_page(right);
        right = {};
        return {};
      }
      separator = to_string(right_entries.front().separator);
    }
    right = rebuild(right, level, right_entries);
  }
  if (may_vanish && (is_small(left_entries) || is_small(right_entries))) {
    KIST_TRY(merge_branches(left, right, level, as_bytes(separator)));
  }
  return {};
}

Result<void> RangeEraser::join_leaves(Ref& left, Ref& right) {
  std::vector<std::uint8_t> left_copy;
  std::vector<std::uint8_t> right_copy;
  KIST_ASSIGN(const std::uint8_t* left_page, private_page(context_, left, 0, shape_, left_copy));
  KIST_ASSIGN(const std::uint8_t* right_page, private_page(context_, right, 0, shape_, right_copy));
  if (leaf_used(left_page) + leaf_used(right_page) > page_capacity(page_size())) return {};
  std::vector<LeafRecord> records;
  leaf_gather(left_page, page_size(), records);
  leaf_gather(right_page, page_size(), records);
  left = rebuild(left, records);
  context_.free_page(right);
  right = {};
  return {};
}

Result<void> RangeEraser::mend(std::vector<BranchEntry>& entries, std::uint8_t level,
                               std::size_t index) {
  if (entries.size() < 2) return {};
  const auto below = static_cast<std::uint8_t>(level - 1);
  KIST_ASSIGN(const BranchEntries branch, entries_of(entries[index].ref, below, {}));
  if (!is_small(branch.entries)) return {};
  const std::size_t left = index > 0 ? index - 1 : 0;
  Ref& right = entries[left + 1].ref;
  KIST_ASSIGN(const bool merged,
              merge_branches(entries[left].ref, right, below, entries[left + 1].separator));
  if (merged) entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(left + 1));
  return {};
}

Result<bool> RangeEraser::merge_branches(Ref& left, Ref& right, std::uint8_t level,
                                         Bytes separator) {
  KIST_ASSIGN(BranchEntries joined, entries_of(left, level, {}));
  KIST_ASSIGN(BranchEntries right_branch, entries_of(right, level, separator));
  joined.entries.insert(joined.entries.end(), right_branch.entries.begin(),
                        right_branch.entries.end());
  if (branch_size(shape_, joined.entries) > page_size()) return false;
  ++context_.operations.merged;
  left = rebuild(left, level, joined.entries);
  context_.free_page(right);
  right = {};
  return true;
}

Result<BranchEntries> RangeEraser::entries_of(const Ref& ref, std::uint8_t level,
                                              Bytes first_separator) {
  std::vector<std::uint8_t> copy;
  KIST_ASSIGN(const std::uint8_t* page, private_page(context_, ref, level, shape_, copy));
  BranchEntries entries;
  entries.append(page, page_size(), first_separator);
  return entries;
}

Ref RangeEraser::rebuild(const Ref& ref, std::span<const LeafRecord> records) {
  if ((ref.flags & kRefDirty) == 0) ++context_.operations.copied;
  const std::uint32_t index = context_.arena.allocate();
  leaf_build(context_.arena.page(index), page_size(), shape_, records);
  std::uint64_t pairs = 0;
  for (const LeafRecord& record : records) pairs += record_pairs(shape_, record);
  context_.free_page(ref);
  return {.page = index, .count = pairs, .flags = kRefDirty, .keys = records.size()};
}

Ref RangeEraser::rebuild(const Ref& ref, std::uint8_t level, std::span<const BranchEntry> entries) {
  if ((ref.flags & kRefDirty) == 0) ++context_.operations.copied;
  const std::uint32_t index = context_.arena.allocate();
  branch_build(context_.arena.page(index), page_size(), shape_, level, entries);
  Ref built{.page = index, .flags = static_cast<std::uint16_t>(kRefDirty | level)};
  for (const BranchEntry& entry : entries) {
    built.count += entry.ref.count;
    built.keys += entry.ref.keys;
  }
  context_.free_page(ref);
  return built;
}

}  // namespace kist::engine
