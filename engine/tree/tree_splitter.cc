// The part of TreeWriter that adds: insertion, split of full pages, more levels.

#include <algorithm>

#include "engine/tree/tree_writer.h"

namespace kist::engine {

TreeWriter::Counts TreeWriter::count_records(std::span<const LeafRecord> records) const {
  Counts counts{records.size(), records.size()};
  if (!shape_.multi) return counts;
  counts.pairs = 0;
  for (const LeafRecord& record : records) counts.pairs += record_pairs(shape_, record);
  return counts;
}

TreeWriter::Counts TreeWriter::count_children(std::span<const BranchEntry> entries) {
  Counts counts;
  for (const BranchEntry& entry : entries) {
    counts.pairs += entry.ref.count;
    counts.keys += entry.ref.keys;
  }
  return counts;
}

Ref TreeWriter::new_leaf(std::span<const LeafRecord> records) {
  ++context_.operations.created;
  const std::uint32_t index = context_.arena.allocate();
  leaf_build(context_.arena.page(index), page_size(), shape_, records);
  return dirty_ref(index, 0, count_records(records));
}

Ref TreeWriter::new_branch(std::uint8_t level, std::span<const BranchEntry> entries) {
  ++context_.operations.created;
  const std::uint32_t index = context_.arena.allocate();
  branch_build(context_.arena.page(index), page_size(), shape_, level, entries);
  return dirty_ref(index, level, count_children(entries));
}

Result<void> TreeWriter::insert_record(const LeafRecord& record) {
  const Step& step = path_.back();
  settled_ = true;
  if (leaf_insert(step.dirty, page_size(), step.index, record)) return {};
  if (leaf_holes(step.dirty) != 0 &&
      leaf_used(step.dirty) + leaf_entry_size(shape_, record) <= page_capacity(page_size())) {
    page_copy_.assign(step.dirty, step.dirty + page_size());
    records_.clear();
    leaf_gather(page_copy_.data(), page_size(), records_);
    leaf_build(step.dirty, page_size(), shape_, records_);
    if (leaf_insert(step.dirty, page_size(), step.index, record)) return {};
  }
  settled_ = false;
  return split_leaf(record);
}

bool TreeWriter::at_edge(std::size_t depth, bool right) const {
  for (std::size_t i = 0; i < depth; ++i) {
    if (path_[i].index != (right ? page_count(path_[i].dirty) - 1 : 0)) return false;
  }
  return true;
}

/// Where to cut `records_` so that every part fits a page. Appending at either end of the tree
/// leaves the old page full, so that sorted loads fill pages; else the bytes are halved.
std::vector<std::size_t> TreeWriter::choose_leaf_cuts(std::size_t inserted) const {
  const std::size_t last = records_.size() - 1;
  if (inserted == last && at_edge(path_.size() - 1, true)) return {last};
  if (inserted == 0 && at_edge(path_.size() - 1, false)) return {1};
  const std::size_t capacity = page_capacity(page_size());
  std::size_t total = 0;
  for (const LeafRecord& record : records_) total += leaf_entry_size(shape_, record);
  std::size_t best = 0;
  std::size_t best_larger = total;
  std::size_t left = 0;
  for (std::size_t cut = 1; cut < records_.size(); ++cut) {
    left += leaf_entry_size(shape_, records_[cut - 1]);
    const std::size_t larger = std::max(left, total - left);
    if (larger < best_larger) {
      best = cut;
      best_larger = larger;
    }
  }
  if (best_larger <= capacity) return {best};
  // Neighbours so large that the new record needs a page of its own between them.
  std::vector<std::size_t> cuts;
  if (inserted > 0) cuts.push_back(inserted);
  if (inserted < last) cuts.push_back(inserted + 1);
  return cuts;
}

Result<void> TreeWriter::split_leaf(const LeafRecord& record) {
  ++context_.operations.split;
  Step& step = path_.back();
  page_copy_.assign(step.dirty, step.dirty + page_size());
  records_.clear();
  leaf_gather(page_copy_.data(), page_size(), records_);
  records_.insert(records_.begin() + static_cast<std::ptrdiff_t>(step.index), record);

  std::vector<std::size_t> cuts = choose_leaf_cuts(step.index);
  cuts.push_back(records_.size());
  const std::span<const LeafRecord> all(records_);
  leaf_build(step.dirty, page_size(), shape_, all.first(cuts[0]));
  const Ref left = dirty_ref(step.ref.page, 0, count_records(all.first(cuts[0])));
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const Bytes separator =
        separator_between(shape_, all[cuts[i] - 1].key_bytes(), all[cuts[i]].key_bytes());
    pieces.push_back({separator, new_leaf(all.subspan(cuts[i], cuts[i + 1] - cuts[i]))});
  }
  return enter_pieces(path_.size() - 1, left, std::move(pieces));
}

/// The page at `depth` was split: `left` took its place, `pieces` follow it.
Result<void> TreeWriter::enter_pieces(std::size_t depth, const Ref& left,
                                      std::vector<Piece> pieces) {
  if (depth == 0) return grow_root(left, pieces);
  set_ref(depth, left);
  Step& parent = path_[depth - 1];
  std::size_t done = 0;
  while (done < pieces.size() && branch_insert(parent.dirty, page_size(), parent.index + 1 + done,
                                               {pieces[done].separator, pieces[done].ref})) {
    ++done;
  }
  if (done == pieces.size()) return {};
  BranchEntries entries;
  entries.append(parent.dirty, page_size(), {});
  for (; done < pieces.size(); ++done) {
    entries.entries.insert(
        entries.entries.begin() + static_cast<std::ptrdiff_t>(parent.index + 1 + done),
        {entries.keep(pieces[done].separator), pieces[done].ref});
  }
  return split_branch(depth - 1, entries);
}

bool TreeWriter::branch_fits(std::span<const BranchEntry> entries) const {
  return branch_size(shape_, entries) <= page_size();
}

/// Where to cut entries so that pages are filled from the left: as few cuts as it takes.
std::vector<std::size_t> TreeWriter::fill_branches(std::span<const BranchEntry> entries) const {
  std::vector<std::size_t> cuts;
  std::size_t from = 0;
  for (std::size_t to = 1; to <= entries.size(); ++to) {
    if (!branch_fits(entries.subspan(from, to - from))) {
      cuts.push_back(to - 1);
      from = to - 1;
    }
  }
  return cuts;
}

std::vector<std::size_t> TreeWriter::choose_branch_cuts(std::span<const BranchEntry> entries,
                                                        bool append) const {
  const std::size_t count = entries.size();
  if (append && count > 2 && branch_fits(entries.first(count - 2))) return {count - 2};
  for (std::size_t away = 0; away < count / 2; ++away) {
    for (const std::size_t cut : {count / 2 + away, count / 2 - away}) {
      if (cut >= 1 && cut < count && branch_fits(entries.first(cut)) &&
          branch_fits(entries.subspan(cut))) {
        return {cut};
      }
    }
  }
  return fill_branches(entries);  // separators so long that two pages do not do
}

/// Writes `entries` to the page at `depth`, or to several when they do not fit one.
Result<void> TreeWriter::split_branch(std::size_t depth, BranchEntries& entries) {
  const std::span<const BranchEntry> all(entries.entries);
  const std::uint8_t level = level_at(depth);
  Step& step = path_[depth];
  if (branch_fits(all)) {  // only its prefix had become shorter
    branch_build(step.dirty, page_size(), shape_, level, all);
    return {};
  }
  ++context_.operations.split;
  std::vector<std::size_t> cuts =
      choose_branch_cuts(all, at_edge(depth, true) && step.index + 2 >= page_count(step.dirty));
  cuts.push_back(all.size());
  branch_build(step.dirty, page_size(), shape_, level, all.first(cuts[0]));
  const Ref left = dirty_ref(step.ref.page, level, count_children(all.first(cuts[0])));
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const auto part = all.subspan(cuts[i], cuts[i + 1] - cuts[i]);
    pieces.push_back({part.front().separator, new_branch(level, part)});
  }
  return enter_pieces(depth, left, std::move(pieces));
}

/// Puts a root, or as many levels as it takes, above the pages that the old root became.
Result<void> TreeWriter::grow_root(const Ref& left, const std::vector<Piece>& pieces) {
  std::vector<BranchEntry> entries{{{}, left}};
  for (const Piece& piece : pieces) entries.push_back({piece.separator, piece.ref});
  for (std::size_t level = left.level() + 1U;; ++level) {
    if (level >= kMaxDepth) {
      return fail(ErrorCode::kInternal, context_.view.pager().path() + ": the tree is too deep");
    }
    std::vector<std::size_t> cuts = fill_branches(entries);
    cuts.push_back(entries.size());
    std::vector<BranchEntry> above;
    std::size_t from = 0;
    for (const std::size_t to : cuts) {
      const auto part = std::span<const BranchEntry>(entries).subspan(from, to - from);
      above.push_back({part.front().separator, new_branch(static_cast<std::uint8_t>(level), part)});
      from = to;
    }
    if (above.size() == 1) {
      root_ = above.front().ref;
      return {};
    }
    entries = std::move(above);
  }
}

}  // namespace kist::engine
