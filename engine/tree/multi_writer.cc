#include "engine/tree/multi_writer.h"

#include <array>

#include "engine/tree/group_reader.h"
#include "engine/tree/search.h"

namespace kist::engine {

Result<bool> MultiWriter::find_key(Bytes key) {
  key_ = key;
  group_ = {};
  at_ = {};
  root_ = {};
  tree_.reset();
  KIST_ASSIGN(const bool found, main_.seek(key));
  if (!found) return false;
  KIST_ASSIGN(group_, read_group(context_.view, main_.record(), values_));
  return true;
}

Result<bool> MultiWriter::seek_key(Bytes key) {
  value_ = {};
  return find_key(key);
}

Result<bool> MultiWriter::seek(Bytes key, Bytes value) {
  value_ = value;
  KIST_ASSIGN(const bool found, find_key(key));
  if (!found) return false;
  if (group_.nested()) {
    root_ = group_.root();
    tree_.emplace(context_, root_, values_);
    return tree_->seek(value);
  }
  at_ = group_.lower_bound(value, values_);
  if (at_.damaged) return std::unexpected(damaged_group(context_.view, main_.record().key));
  return at_.found;
}

bool MultiWriter::behind_all() const {
  if (group_.damaged()) return main_.behind_all();
  if (!main_.on_last()) return false;
  return group_.nested() ? tree_->behind_all() : !at_.found && at_.index == group_.count();
}

bool MultiWriter::needs_run() const {
  return values_.long_keys && value_.size() > inline_value_limit(page_size());
}

Result<void> MultiWriter::insert(const Ref& run) {
  if (group_.damaged()) return insert_only(run);
  if (!group_.nested()) return insert_inline(run);
  KIST_TRY(store_in_tree(run));
  return store_tree(group_.count());
}

Result<void> MultiWriter::insert_only(const Ref& run) {
  const std::uint64_t before = group_.count();
  const bool fits = group_takes(page_size(), value_.size()) &&
                    group_fits(page_size(), key_size(), group_size(1, value_.size(), values_));
  if (fits) {
    group_build({&value_, 1}, values_, encoded_);
  } else {
    root_ = {};
    tree_.emplace(context_, root_, values_);
    KIST_TRY(tree_->seek(value_));
    KIST_TRY(store_in_tree(run));
  }
  // Only now: the value may be a span of one that is given up.
  if (group_.nested()) KIST_TRY(free_tree(context_, group_.root(), values_));
  if (!fits) return store_tree(before);
  return main_.store_group(encoded_, false, static_cast<std::int64_t>(1 - before));
}

Result<void> MultiWriter::insert_inline(const Ref& run) {
  const std::uint64_t before = group_.count();
  const std::size_t bytes = group_.all_values().size() + value_.size();
  if (group_takes(page_size(), value_.size()) &&
      group_fits(page_size(), key_size(), group_size(before + 1, bytes, values_))) {
    if (!group_insert(group_, at_.index, value_, values_, encoded_)) {
      return std::unexpected(damaged_group(context_.view, main_.record().key));
    }
    return main_.store_group(encoded_, false, 1);
  }
  tree_.emplace(context_, root_, values_);
  KIST_TRY(move_to_tree(0, at_.index));
  KIST_TRY(tree_->seek(value_));
  KIST_TRY(store_in_tree(run));
  KIST_TRY(move_to_tree(at_.index, before));
  // A comparator that contradicts itself may have taken many values for one.
  KIST_ASSIGN(const bool moved_back, become_inline(before));
  if (moved_back) return {};
  return store_tree(before);
}

/// Stores values [from, to) of an inline group in the tree.
Result<void> MultiWriter::move_to_tree(std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) {
    const Bytes value = group_.value(i);
    if (value.data() == nullptr) {
      return std::unexpected(damaged_group(context_.view, main_.record().key));
    }
    KIST_TRY(tree_->seek(value));
    KIST_TRY(tree_->store({}, false));
  }
  return {};
}

/// Stores the value, where the tree was asked for it, as a key.
Result<void> MultiWriter::store_in_tree(const Ref& run) {
  if (!needs_run()) return tree_->store({}, false);
  std::array<std::uint8_t, ref_layout::kSize> reference;
  store_ref(reference.data(), run);
  return tree_->store(reference, true);
}

/// Makes the tree the group of the key, which had `before` values. Their number is taken from the
/// tree: one that contradicts itself, or a comparator that does, may have more or fewer than told.
Result<void> MultiWriter::store_tree(std::uint64_t before) {
  Ref root = root_;
  root.flags |= kRefNested;
  std::array<std::uint8_t, ref_layout::kSize> reference;
  store_ref(reference.data(), root);
  return main_.store_group(reference, true, static_cast<std::int64_t>(root_.count - before));
}

Result<void> MultiWriter::erase() {
  const std::uint64_t before = group_.count();
  if (group_.nested()) {
    KIST_TRY(tree_->erase());
    if (root_.empty()) return main_.erase_group(before);
    KIST_ASSIGN(const bool moved, become_inline(before));
    if (moved) return {};
    return store_tree(before);
  }
  if (before == 1) return main_.erase_group(1);
  if (!group_erase(group_, at_.index, values_, encoded_)) {
    return std::unexpected(damaged_group(context_.view, main_.record().key));
  }
  return main_.store_group(encoded_, false, -1);
}

/// Moves a tree of few values into the record. False when it is to stay.
Result<bool> MultiWriter::become_inline(std::uint64_t before) {
  if (root_.level() != 0) return false;
  const std::uint8_t* page = fetch_page(context_.view, root_, 0, values_);
  if (page == nullptr) return std::unexpected(context_.view.take_error());
  const auto values = values_to_inline({page, page_size()}, values_, key_size());
  if (!values) return false;
  group_build(*values, values_, encoded_);
  const auto change = static_cast<std::int64_t>(values->size() - before);
  KIST_TRY(free_tree(context_, root_, values_));
  KIST_TRY(main_.store_group(encoded_, false, change));
  return true;
}

Result<void> MultiWriter::erase_key() {
  const std::uint64_t count = group_.count();
  if (group_.nested()) KIST_TRY(free_tree(context_, group_.root(), values_));
  return main_.erase_group(count);
}

}  // namespace kist::engine
