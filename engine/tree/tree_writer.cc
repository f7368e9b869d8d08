#include "engine/tree/tree_writer.h"

#include <cassert>

namespace kist::engine {
namespace {

Ref dirty_ref(std::uint32_t arena_index, std::uint8_t level, std::uint64_t count) {
  return {
      .page = arena_index, .count = count, .flags = static_cast<std::uint16_t>(kRefDirty | level)};
}

}  // namespace

Result<bool> TreeWriter::seek(Bytes key) {
  key_ = key;
  record_ = {};
  path_.clear();
  if (root_.empty()) return false;
  const std::size_t page_size = context_.view.page_size();
  Ref ref = root_;
  for (int level = root_.level();; --level) {
    const std::uint8_t* page = context_.view.fetch(ref, static_cast<std::uint8_t>(level));
    if (page == nullptr) return std::unexpected(context_.view.take_error());
    std::uint8_t* dirty = context_.changeable_page(ref);
    if (level == 0) {
      const LeafView leaf(page, page_size);
      const Position at = leaf.lower_bound(key);
      if (at.damaged) {
        return std::unexpected(context_.view.damaged_page(page, "a record lies outside the page"));
      }
      path_.push_back({ref, page, dirty, at.index});
      if (at.found) record_ = leaf.record(at.index);
      return at.found;
    }
    const BranchView branch(page, page_size);
    const Position at = branch.child_of(key);
    if (at.damaged) {
      return std::unexpected(context_.view.damaged_page(page, "a separator lies outside the page"));
    }
    path_.push_back({ref, page, dirty, at.index});
    ref = branch.ref(at.index);
  }
}

bool TreeWriter::behind_all() const {
  if (record_.key != nullptr) return false;
  for (const Step& step : path_) {
    const std::size_t last = &step == &path_.back() ? step.index : step.index + 1;
    if (last != page_count(step.page)) return false;
  }
  return true;
}

Result<std::uint8_t*> TreeWriter::make_dirty(Ref& ref, const std::uint8_t* page,
                                             std::uint8_t level) {
  const std::size_t page_size = context_.view.page_size();
  const std::uint32_t index = context_.arena.allocate();
  std::uint8_t* copy = context_.arena.page(index);
  std::memcpy(copy, page, page_size);
  if ((ref.flags & kRefDirty) == 0) {
    // The copy is judged, not the page, whose bytes may change under the map.
    const bool sound = level == 0 ? leaf_is_sound(copy, page_size, false)
                                  : branch_is_sound(copy, page_size, false);
    if (!sound) {
      context_.arena.release(index);
      return std::unexpected(
          context_.view.damaged_page(page, "counts, offsets or sizes contradict"));
    }
    store64(copy + page_layout::kChecksum, 0);  // not edited
  }
  context_.free_page(ref);
  ref = dirty_ref(index, level, ref.count);
  return copy;
}

Ref& TreeWriter::set_ref(std::size_t depth, const Ref& ref) {
  path_[depth].ref = ref;
  if (depth == 0) {
    root_ = ref;
  } else {
    branch_set_ref(path_[depth - 1].dirty, path_[depth - 1].index, ref);
  }
  return path_[depth].ref;
}

Result<void> TreeWriter::make_path_dirty() {
  assert(context_.changes > 0);
  for (std::size_t depth = 0; depth < path_.size(); ++depth) {
    Step& step = path_[depth];
    if (step.dirty != nullptr) continue;
    Ref ref = step.ref;
    KIST_ASSIGN(step.dirty, make_dirty(ref, step.page, level_at(depth)));
    step.page = step.dirty;
    set_ref(depth, ref);
  }
  return hold_against_copies();
}

/// The search read the map; what it found must be in the copies, too.
Result<void> TreeWriter::hold_against_copies() {
  for (const Step& step : path_) {
    const bool leaf = &step == &path_.back();
    const std::size_t places = page_count(step.dirty) + (leaf && record_.key == nullptr ? 1 : 0);
    if (step.index >= places) {
      return std::unexpected(context_.view.damaged_page(step.dirty, "changed while being read"));
    }
  }
  if (record_.key != nullptr) {
    record_ = LeafView(path_.back().dirty, context_.view.page_size()).record(path_.back().index);
  }
  return {};
}

void TreeWriter::add_count(std::int64_t change) {
  root_.count += static_cast<std::uint64_t>(change);
  for (std::size_t depth = 0; depth < path_.size(); ++depth) {
    path_[depth].ref.count += static_cast<std::uint64_t>(change);
    if (depth + 1 < path_.size()) {
      branch_add_count(path_[depth].dirty, path_[depth].index, change);
    }
  }
}

Result<void> TreeWriter::store(Bytes value, bool indirect) {
  if (root_.empty()) {
    const std::uint32_t index = context_.arena.allocate();
    std::uint8_t* page = context_.arena.page(index);
    leaf_init(page, context_.view.page_size());
    root_ = dirty_ref(index, 0, 0);
    path_.assign(1, Step{root_, page, page, 0});
  }
  const bool replaces = record_.key != nullptr;
  KIST_TRY(make_path_dirty());
  const Ref old_value = replaces && record_.indirect ? load_ref(record_.value()) : Ref{};
  const std::size_t page_size = context_.view.page_size();
  std::uint8_t* leaf = path_.back().dirty;

  // The caller may pass spans that it got from this very page, which is about to move things.
  std::vector<std::uint8_t>& copy = argument_copy_;
  copy.assign(key_.begin(), key_.end());
  copy.insert(copy.end(), value.begin(), value.end());
  const LeafRecord record{copy.data(), static_cast<std::uint32_t>(key_.size()),
                          static_cast<std::uint32_t>(value.size()), indirect};
  if (replaces) {
    if (record_.indirect) context_.free_value(old_value);
    if (record_.value_size == value.size()) {
      leaf_overwrite(leaf, page_size, path_.back().index, record.value_bytes(), indirect);
      return {};
    }
    leaf_erase(leaf, page_size, path_.back().index);
  } else {
    add_count(1);
  }
  return insert_record(record);
}

Result<void> TreeWriter::insert_record(const LeafRecord& record) {
  const std::size_t page_size = context_.view.page_size();
  const Step& step = path_.back();
  if (leaf_insert(step.dirty, page_size, step.index, record)) return {};
  if (leaf_holes(step.dirty) != 0 &&
      leaf_used(step.dirty) + leaf_entry_size(record) <= page_capacity(page_size)) {
    page_copy_.assign(step.dirty, step.dirty + page_size);
    records_.clear();
    leaf_gather(page_copy_.data(), page_size, records_);
    leaf_build(step.dirty, page_size, records_);
    if (leaf_insert(step.dirty, page_size, step.index, record)) return {};
  }
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
  const std::size_t capacity = page_capacity(context_.view.page_size());
  std::size_t total = 0;
  for (const LeafRecord& record : records_) total += leaf_entry_size(record);
  std::size_t best = 0;
  std::size_t best_larger = total;
  std::size_t left = 0;
  for (std::size_t cut = 1; cut < records_.size(); ++cut) {
    left += leaf_entry_size(records_[cut - 1]);
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
  const std::size_t page_size = context_.view.page_size();
  Step& step = path_.back();
  page_copy_.assign(step.dirty, step.dirty + page_size);
  records_.clear();
  leaf_gather(page_copy_.data(), page_size, records_);
  records_.insert(records_.begin() + static_cast<std::ptrdiff_t>(step.index), record);

  std::vector<std::size_t> cuts = choose_leaf_cuts(step.index);
  cuts.push_back(records_.size());
  const std::span<const LeafRecord> all(records_);
  leaf_build(step.dirty, page_size, all.first(cuts[0]));
  const Ref left = dirty_ref(static_cast<std::uint32_t>(step.ref.page), 0, cuts[0]);
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const std::uint32_t index = context_.arena.allocate();
    const std::size_t count = cuts[i + 1] - cuts[i];
    leaf_build(context_.arena.page(index), page_size, all.subspan(cuts[i], count));
    pieces.push_back({shortest_separator(all[cuts[i] - 1].key_bytes(), all[cuts[i]].key_bytes()),
                      dirty_ref(index, 0, count)});
  }
  return enter_pieces(path_.size() - 1, left, std::move(pieces));
}

/// The page at `depth` was split: `left` took its place, `pieces` follow it.
Result<void> TreeWriter::enter_pieces(std::size_t depth, const Ref& left,
                                      std::vector<Piece> pieces) {
  if (depth == 0) return grow_root(left, pieces);
  set_ref(depth, left);
  const std::size_t page_size = context_.view.page_size();
  Step& parent = path_[depth - 1];
  std::size_t done = 0;
  while (done < pieces.size() && branch_insert(parent.dirty, page_size, parent.index + 1 + done,
                                               {pieces[done].separator, pieces[done].ref})) {
    ++done;
  }
  if (done == pieces.size()) return {};
  BranchEntries entries;
  entries.append(parent.dirty, page_size, {});
  for (; done < pieces.size(); ++done) {
    entries.entries.insert(
        entries.entries.begin() + static_cast<std::ptrdiff_t>(parent.index + 1 + done),
        {entries.keep(pieces[done].separator), pieces[done].ref});
  }
  return split_branch(depth - 1, entries);
}

std::vector<std::size_t> TreeWriter::choose_branch_cuts(const std::vector<BranchEntry>& entries,
                                                        bool append) const {
  const std::size_t page_size = context_.view.page_size();
  const std::span<const BranchEntry> all(entries);
  const auto fits = [&](std::size_t from, std::size_t to) {
    return branch_size(all.subspan(from, to - from)) <= page_size;
  };
  const std::size_t count = entries.size();
  if (append && count > 2 && fits(0, count - 2)) return {count - 2};
  for (std::size_t away = 0; away < count / 2; ++away) {
    for (const std::size_t cut : {count / 2 + away, count / 2 - away}) {
      if (cut >= 1 && cut < count && fits(0, cut) && fits(cut, count)) return {cut};
    }
  }
  // Separators so long that two pages do not do: fill pages from the left.
  std::vector<std::size_t> cuts;
  std::size_t from = 0;
  for (std::size_t to = 1; to <= count; ++to) {
    if (!fits(from, to)) {
      cuts.push_back(to - 1);
      from = to - 1;
    }
  }
  return cuts;
}

/// Writes `entries` to the page at `depth`, or to several when they do not fit one.
Result<void> TreeWriter::split_branch(std::size_t depth, BranchEntries& entries) {
  const std::size_t page_size = context_.view.page_size();
  const std::span<const BranchEntry> all(entries.entries);
  const std::uint8_t level = level_at(depth);
  Step& step = path_[depth];
  if (branch_size(all) <= page_size) {  // only its prefix had become shorter
    branch_build(step.dirty, page_size, level, all);
    return {};
  }
  std::vector<std::size_t> cuts = choose_branch_cuts(
      entries.entries, at_edge(depth, true) && step.index + 2 >= page_count(step.dirty));
  cuts.push_back(all.size());
  const auto records_in = [&](std::size_t from, std::size_t to) {
    std::uint64_t count = 0;
    for (std::size_t i = from; i < to; ++i) count += all[i].ref.count;
    return count;
  };
  branch_build(step.dirty, page_size, level, all.first(cuts[0]));
  const Ref left =
      dirty_ref(static_cast<std::uint32_t>(step.ref.page), level, records_in(0, cuts[0]));
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const std::uint32_t index = context_.arena.allocate();
    branch_build(context_.arena.page(index), page_size, level,
                 all.subspan(cuts[i], cuts[i + 1] - cuts[i]));
    pieces.push_back(
        {all[cuts[i]].separator, dirty_ref(index, level, records_in(cuts[i], cuts[i + 1]))});
  }
  return enter_pieces(depth, left, std::move(pieces));
}

Result<void> TreeWriter::grow_root(const Ref& left, const std::vector<Piece>& pieces) {
  const std::uint8_t level = static_cast<std::uint8_t>(left.level() + 1);
  if (level >= kMaxDepth) {
    return fail(ErrorCode::kInternal, context_.view.pager().path() + ": the tree is too deep");
  }
  std::vector<BranchEntry> entries{{{}, left}};
  std::uint64_t count = left.count;
  for (const Piece& piece : pieces) {
    entries.push_back({piece.separator, piece.ref});
    count += piece.ref.count;
  }
  const std::uint32_t index = context_.arena.allocate();
  if (branch_size(entries) <= context_.view.page_size()) {
    branch_build(context_.arena.page(index), context_.view.page_size(), level, entries);
    root_ = dirty_ref(index, level, count);
    return {};
  }
  if (branch_size(std::span(entries).subspan(2)) > context_.view.page_size()) {
    return fail(ErrorCode::kDamaged,
                context_.view.pager().path() + ": a branch page is out of order");
  }
  // Three pages whose two separators are too long for one root: one more level.
  branch_build(context_.arena.page(index), context_.view.page_size(), level,
               std::span(entries).first(2));
  const std::uint32_t right = context_.arena.allocate();
  branch_build(context_.arena.page(right), context_.view.page_size(), level,
               std::span(entries).subspan(2));
  const std::uint64_t left_count = entries[0].ref.count + entries[1].ref.count;
  return grow_root(dirty_ref(index, level, left_count),
                   {{entries[2].separator, dirty_ref(right, level, count - left_count)}});
}

}  // namespace kist::engine
