#include "engine/tree/group_path.h"

#include <utility>

#include "engine/tree/group_reader.h"

namespace kist::engine {

GroupPath& GroupPath::operator=(const GroupPath& other) {
  if (this == &other) return *this;
  view_ = other.view_;
  shape_ = other.shape_;
  group_ = other.group_;
  index_ = other.index_;
  entered_ = other.entered_;
  tree_ = entered_ && nested() ? std::make_unique<TreePath>(*other.tree_) : nullptr;
  return *this;
}

Result<void> GroupPath::enter(const PageView& view, const LeafRecord& record,
                              const TreeShape& values) {
  entered_ = false;
  view_ = &view;
  shape_ = values;
  KIST_ASSIGN(group_, read_group(view, record, values));
  if (nested()) {
    if (tree_ == nullptr) tree_ = std::make_unique<TreePath>();
    tree_->reset(view, values, group_.root());
  }
  entered_ = true;
  return {};
}

/// Goes nowhere after an error.
Result<bool> GroupPath::moved(Result<bool> result) {
  if (!result) leave();
  return result;
}

Result<bool> GroupPath::first() {
  if (nested()) return moved(tree_->first());
  index_ = 0;
  return true;
}

Result<bool> GroupPath::last() {
  if (nested()) return moved(tree_->last());
  index_ = group_.count() - 1;
  return true;
}

Result<bool> GroupPath::lower_bound(Bytes value) {
  if (nested()) return moved(tree_->lower_bound(value));
  const Position at = group_.lower_bound(value, shape_);
  if (at.damaged) {
    leave();
    return std::unexpected(damaged_group(*view_, group_.all_values().data()));
  }
  index_ = at.index;
  return at.found;
}

Result<bool> GroupPath::nth(std::uint64_t n) {
  if (n >= group_.count()) return false;
  if (nested()) return moved(tree_->nth(n, CountOf::kKeys));
  index_ = n;
  return true;
}

Result<bool> GroupPath::settle() {
  if (nested()) return moved(tree_->settle());
  return index_ < group_.count();
}

Result<bool> GroupPath::forward() {
  if (nested()) return moved(tree_->forward());
  if (index_ + 1 >= group_.count()) return false;
  ++index_;
  return true;
}

Result<bool> GroupPath::back() {
  if (nested()) return moved(tree_->back());
  if (index_ == 0) return false;
  --index_;
  return true;
}

Result<std::uint64_t> GroupPath::rank() const {
  if (nested()) return tree_->rank(CountOf::kKeys);
  return index_;
}

StoredValue GroupPath::value() const {
  if (!nested()) return {group_.value(index_), false};
  const LeafRecord record = tree_->record();
  if (record.key == nullptr) return {};
  return record.indirect ? StoredValue{record.value_bytes(), true}
                         : StoredValue{record.key_bytes(), false};
}

void GroupPath::skip(std::uint64_t steps) {
  if (nested()) {
    tree_->set_index(tree_->index() + static_cast<std::uint32_t>(steps));
  } else {
    index_ += steps;
  }
}

}  // namespace kist::engine
