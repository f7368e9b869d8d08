#include "engine/tree/tree_writer.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace kist::engine {

Result<bool> TreeWriter::seek(Bytes key) {
  assert(shape_.comparable());
  const PageView& view = context_.view;
  const std::uint8_t* const before = path_.empty() ? nullptr : path_.back().page;
  key_ = key;
  record_ = {};
  path_.clear();
  path_.reserve(kUsualDepth);
  settled_ = false;
  changeable_ = false;
  if (root_.empty()) return false;
  Ref ref = root_;
  for (std::uint8_t level = root_.level();; --level) {
    const std::uint8_t* page = fetch_page(view, ref, level, shape_);
    if (page == nullptr) return std::unexpected(view.take_error());
    const Position at = level == 0 ? leaf_lower_bound(view, page, shape_, key)
                                   : branch_child_of(view, page, level, shape_, key);
    if (at.damaged) return std::unexpected(view.take_error());
    path_.push_back({ref, page, context_.changeable_page(ref), at.index});
    if (level == 0) {
      if (at.found) record_ = LeafReader(page, page_size(), shape_).record(at.index);
      settled_ = true;
      near_ = page == before;
      return at.found;
    }
    ref = branch_view(view, page, shape_).ref(at.index);
  }
}

Result<bool> TreeWriter::seek_on(Bytes key) {
  if (!settled_ || !near_ || path_.empty() || shape_.long_keys) return seek(key);
  Step& leaf = path_.back();
  const LeafReader records(leaf.page, page_size(), shape_);
  const std::size_t count = records.count();
  const auto compared_to = [&](std::size_t i) {  // 0 where that cannot be told
    const LeafRecord record = i < count ? records.record(i) : LeafRecord{};
    return record.key == nullptr ? 0 : compare_by(shape_, key, record.key_bytes());
  };
  // Ascending keys come behind the last record.
  const bool behind = compared_to(count - 1) > 0;
  const bool belongs = behind ? before_next_leaf(key) : compared_to(0) > 0;
  if (!belongs) return seek(key);
  const Position at =
      behind ? Position{.index = count} : leaf_lower_bound(context_.view, leaf.page, shape_, key);
  if (at.damaged) return std::unexpected(context_.view.take_error());
  key_ = key;
  leaf.index = at.index;
  record_ = {};
  if (at.found) record_ = records.record(at.index);
  return at.found;
}

/// Whether `key` comes before the separator behind the leaf at the end of the path.
bool TreeWriter::before_next_leaf(Bytes key) const {
  for (std::size_t depth = path_.size() - 1; depth-- > 0;) {
    const BranchView branch = branch_view(context_.view, path_[depth].page, shape_);
    const std::size_t next = path_[depth].index + 1;
    if (next >= branch.count()) continue;  // the last child ends where its parent does
    const Bytes rest = branch.separator_rest(next);
    if (rest.data() == nullptr) return false;
    if (shape_.compare != nullptr) return compare_by(shape_, key, rest) < 0;
    const Bytes prefix = branch.prefix();
    const Bytes start = key.first(std::min(key.size(), prefix.size()));
    const int order = compare_keys(start.data(), start.size(), prefix.data(), prefix.size());
    if (order != 0) return order < 0;
    const Bytes end = key.subspan(prefix.size());
    return compare_keys(end.data(), end.size(), rest.data(), rest.size()) < 0;
  }
  return true;
}

bool TreeWriter::behind_all() const {
  if (record_.key != nullptr) return false;
  for (const Step& step : path_) {
    const std::size_t last = &step == &path_.back() ? step.index : step.index + 1;
    if (last != page_count(step.page)) return false;
  }
  return true;
}

Ref TreeWriter::dirty_ref(std::uint64_t arena_index, std::uint8_t level, const Counts& counts) {
  return {.page = arena_index,
          .count = counts.pairs,
          .flags = static_cast<std::uint16_t>(kRefDirty | level),
          .keys = counts.keys};
}

bool TreeWriter::on_last() const {
  return record_.key != nullptr && std::ranges::all_of(path_, [](const Step& step) {
           return step.index + 1 == page_count(step.page);
         });
}

Result<std::uint8_t*> TreeWriter::make_dirty(Ref& ref, const std::uint8_t* page,
                                             std::uint8_t level) {
  const std::uint32_t index = context_.arena.allocate();
  std::uint8_t* copy = context_.arena.page(index);
  std::memcpy(copy, page, page_size());
  if ((ref.flags & kRefDirty) == 0) {
    // The copy is judged, not the page, whose bytes may change under the map.
    if (!page_is_bounded(copy, page_size(), shape_, level)) {
      context_.arena.release(index);
      return std::unexpected(
          context_.view.damaged_page(page, "counts, offsets or sizes contradict"));
    }
    set_work(copy, PageWork::kCopied);
    ++context_.operations.copied;
  }
  context_.free_page(ref);
  ref = dirty_ref(index, level, {ref.count, ref.keys});
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
  KIST_TRY(copy_path());
  return judge_path();
}

/// From now on entries may be moved in the pages of the path.
Result<void> TreeWriter::judge_path() {
  for (std::size_t depth = 0; depth < path_.size(); ++depth) {
    std::uint8_t* page = path_[depth].dirty;
    if (work_of(page) != PageWork::kCopied) continue;
    // As a committed page is judged: what it refers to that lies in memory was put there since.
    if (!page_is_sound(page, page_size(), shape_, level_at(depth), true)) {
      return std::unexpected(
          context_.view.damaged_page(page, "counts, offsets or sizes contradict"));
    }
    set_work(page, PageWork::kBuilt);
  }
  return {};
}

/// Copies what the path still has in the map. In the copies refs and values may be replaced.
Result<void> TreeWriter::copy_path() {
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
    record_ = LeafReader(path_.back().dirty, page_size(), shape_).record(path_.back().index);
  }
  return {};
}

void TreeWriter::add_count(std::int64_t pairs, std::int64_t keys) {
  const auto add = [&](Ref& ref) {
    ref.count += static_cast<std::uint64_t>(pairs);
    ref.keys += static_cast<std::uint64_t>(keys);
  };
  add(root_);
  for (std::size_t depth = 0; depth < path_.size(); ++depth) {
    add(path_[depth].ref);
    if (depth + 1 < path_.size()) {
      branch_add_count(path_[depth].dirty, path_[depth].index, pairs, keys);
    }
  }
}

Result<void> TreeWriter::store(Bytes value, bool indirect) {
  const bool set = shape_.dense != 0 || shape_.long_keys;
  if (set && record_.key != nullptr) {
    if (indirect) context_.free_value(load_ref(value.data()));
    return {};
  }
  std::array<std::uint8_t, ref_layout::kSize> reference;
  if (shape_.long_keys && !indirect &&
      key_.size() > inline_value_limit(static_cast<std::uint32_t>(page_size()))) {
    store_ref(reference.data(), context_.values.add(key_));
    value = reference;
    indirect = true;
  }
  return place(value, indirect, record_.key == nullptr ? 1 : 0, true);
}

Result<void> TreeWriter::store_group(Bytes value, bool nested, std::int64_t pairs_change) {
  return place(value, nested, pairs_change, false);
}

/// Puts `value` under the key, in the place of what is there. `give_up`: its large value goes.
Result<void> TreeWriter::place(Bytes value, bool indirect, std::int64_t pairs_change,
                               bool give_up) {
  if (root_.empty()) {
    const std::uint32_t index = context_.arena.allocate();
    std::uint8_t* page = context_.arena.page(index);
    leaf_init(page, page_size(), shape_);
    ++context_.operations.created;
    root_ = dirty_ref(index, 0, {});
    path_.assign(1, Step{root_, page, page, 0});
  }
  const bool replaces = record_.key != nullptr;
  settled_ = false;
  const bool in_place = replaces && record_.value_size == value.size();
  if (!changeable_) {
    KIST_TRY(copy_path());
    if (!in_place) KIST_TRY(judge_path());
    changeable_ = !in_place;
  }
  std::uint8_t* leaf = path_.back().dirty;

  // The caller may pass spans that it got from this very page, which is about to move things.
  const auto limit = inline_value_limit(static_cast<std::uint32_t>(page_size()));
  Bytes key = shape_.long_keys ? key_.first(std::min(key_.size(), limit)) : key_;
  if (replaces) key = record_.key_bytes();  // a comparator may take another key for the same
  std::vector<std::uint8_t>& copy = argument_copy_;
  copy.assign(key.begin(), key.end());
  copy.insert(copy.end(), value.begin(), value.end());
  const LeafRecord record{copy.data(), static_cast<std::uint32_t>(key.size()),
                          static_cast<std::uint32_t>(value.size()), indirect};
  if (replaces && record_.indirect && give_up) context_.free_value(load_ref(record_.value()));
  add_count(pairs_change, replaces ? 0 : 1);
  if (replaces) {
    if (in_place) {
      leaf_overwrite(leaf, page_size(), path_.back().index, record.value_bytes(), indirect);
      settled_ = true;
      return {};
    }
    leaf_erase(leaf, page_size(), path_.back().index);
  }
  return insert_record(record);
}

}  // namespace kist::engine
