#include "engine/tree/tree_difference.h"

namespace kist::engine {
namespace {

std::unexpected<Error> damaged_group(const PageView& view) {
  return fail(ErrorCode::kDamaged,
              view.pager().path() + ": the values of a key contradict each other");
}

}  // namespace

void TreeWalk::start(const Ref& root) {
  path_.clear();
  group_ = {};
  subtree_ = root;
  at_ = root.empty() ? At::kEnd : At::kSubtree;
}

Result<void> TreeWalk::start(const Group& group) {
  if (group.damaged()) return damaged_group(*view_);
  start(group.nested() ? group.root() : Ref{});
  if (group.nested()) return {};
  group_ = group;
  value_ = 0;
  return settle_in_group();
}

Result<void> TreeWalk::settle_in_group() {
  if (value_ >= group_.count()) {
    at_ = At::kEnd;
    return {};
  }
  const Bytes value = group_.value(value_);
  if (value.data() == nullptr) return damaged_group(*view_);
  record_ = {value.data(), static_cast<std::uint32_t>(value.size()), 0, false};
  at_ = At::kRecord;
  return {};
}

/// Finds out what comes next on the path.
Result<void> TreeWalk::settle() {
  while (!path_.empty() && path_.back().index >= path_.back().count) {
    path_.pop_back();
    if (!path_.empty()) ++path_.back().index;
  }
  if (path_.empty()) {
    at_ = At::kEnd;
    return {};
  }
  const Step& step = path_.back();
  if (step.level == 0) {
    record_ = LeafReader(step.page, view_->page_size(), *shape_).record(step.index);
    if (record_.key == nullptr) {
      return std::unexpected(view_->damaged_page(step.page, "a record lies outside the page"));
    }
    at_ = At::kRecord;
  } else {
    subtree_ = branch_view(*view_, step.page, *shape_).ref(step.index);
    at_ = At::kSubtree;
  }
  return {};
}

Result<void> TreeWalk::skip() {
  if (!group_.damaged()) {
    ++value_;
    return settle_in_group();
  }
  if (path_.empty()) {
    at_ = At::kEnd;
    return {};
  }
  ++path_.back().index;
  return settle();
}

Result<void> TreeWalk::enter() {
  const std::uint8_t level =
      path_.empty() ? subtree_.level() : static_cast<std::uint8_t>(path_.back().level - 1);
  const std::uint8_t* page = fetch_page(*view_, subtree_, level, *shape_);
  if (page == nullptr) return std::unexpected(view_->take_error());
  ++pages_visited_;
  const std::size_t count = level == 0 ? LeafReader(page, view_->page_size(), *shape_).count()
                                       : branch_view(*view_, page, *shape_).count();
  if (count == 0) return std::unexpected(view_->damaged_page(page, "is empty"));
  path_.push_back({page, 0, count, level});
  return settle();
}

/// The separator in front of the subtree; that of the nearest parent that has one where the subtree
/// is a first child.
Result<Bytes> TreeWalk::lower_bound() {
  bound_.clear();
  for (auto step = path_.rbegin(); step != path_.rend(); ++step) {
    if (step->index == 0) continue;
    const BranchView branch = branch_view(*view_, step->page, *shape_);
    const Bytes rest = branch.separator_rest(step->index);
    if (rest.data() == nullptr) {
      return std::unexpected(view_->damaged_page(step->page, "a separator lies outside the page"));
    }
    bound_.assign(as_text(branch.prefix())).append(as_text(rest));
    const auto cut = inline_value_limit(static_cast<std::uint32_t>(view_->page_size()));
    // What was cut off a long key says nothing to a comparator.
    if (shape_->long_keys && shape_->by_comparator && bound_.size() >= cut) bound_.clear();
    break;
  }
  return as_bytes(bound_);
}

Result<Bytes> TreeWalk::key() const {
  return whole_key(*view_, *shape_, record_);
}

void TreeDifference::start(const Ref& before, const Ref& after) {
  before_.start(before);
  after_.start(after);
}

Result<void> TreeDifference::start(const Group* before, const Group* after) {
  start(Ref{}, Ref{});
  if (before != nullptr) KIST_TRY(before_.start(*before));
  if (after != nullptr) KIST_TRY(after_.start(*after));
  return {};
}

Result<bool> TreeDifference::next() {
  using At = TreeWalk::At;
  for (;;) {
    const At before = before_.at();
    const At after = after_.at();
    if (before == At::kSubtree && after == At::kSubtree) {
      KIST_TRY(pass_or_enter());
    } else if (before == At::kSubtree || after == At::kSubtree) {
      TreeWalk& subtree = before == At::kSubtree ? before_ : after_;
      TreeWalk& other = before == At::kSubtree ? after_ : before_;
      KIST_ASSIGN(const bool first, comes_first(other, subtree));
      if (first) return take(before == At::kRecord, after == At::kRecord);
      KIST_TRY(subtree.enter());
    } else if (before == At::kEnd || after == At::kEnd) {
      if (before == after) return false;
      return take(before == At::kRecord, after == At::kRecord);
    } else {
      KIST_ASSIGN(const Bytes before_key, before_.key());
      KIST_ASSIGN(const Bytes after_key, after_.key());
      const int order = compare_by(*shape_, before_key, after_key);
      return take(order <= 0, order >= 0);
    }
  }
}

/// Whether `record` stands on a record that lies before everything in the subtree that comes next
/// in `subtree`.
Result<bool> TreeDifference::comes_first(const TreeWalk& record, TreeWalk& subtree) const {
  if (record.at() != TreeWalk::At::kRecord) return false;
  KIST_ASSIGN(const Bytes key, record.key());
  KIST_ASSIGN(const Bytes bound, subtree.lower_bound());
  return !bound.empty() && compare_by(*shape_, key, bound) < 0;
}

/// Subtrees come next in both. Passes over them when they are one; else goes into the one that
/// begins earlier, because the other may still turn out to be shared, or into the higher one when
/// they begin together.
Result<void> TreeDifference::pass_or_enter() {
  const Ref& before = before_.subtree();
  const Ref& after = after_.subtree();
  if (before.page == after.page && before.birth == after.birth && before.flags == after.flags) {
    KIST_TRY(before_.skip());
    return after_.skip();
  }
  KIST_ASSIGN(const Bytes before_bound, before_.lower_bound());
  KIST_ASSIGN(const Bytes after_bound, after_.lower_bound());
  int order = 0;
  if (before_bound.empty() || after_bound.empty()) {
    order = before_bound.empty() ? (after_bound.empty() ? 0 : -1) : 1;
  } else {
    order = compare_by(*shape_, before_bound, after_bound);
  }
  if (order == 0) {
    order = after.level() - before.level();
  }
  if (order <= 0) KIST_TRY(before_.enter());
  if (order >= 0) KIST_TRY(after_.enter());
  return {};
}

Result<bool> TreeDifference::take(bool from_before, bool from_after) {
  before_record_ = {};
  after_record_ = {};
  if (from_before) {
    before_record_ = before_.record();
    KIST_ASSIGN(key_, before_.key());
    KIST_TRY(before_.skip());
  }
  if (from_after) {
    after_record_ = after_.record();
    KIST_ASSIGN(key_, after_.key());
    KIST_TRY(after_.skip());
  }
  return true;
}

}  // namespace kist::engine
