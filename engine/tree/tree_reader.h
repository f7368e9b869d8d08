#pragma once

#include <cstdint>

#include "engine/pager/page_view.h"
#include "engine/tree/node.h"

namespace kist::engine {

enum class Found : std::uint8_t {
  kNo,
  kYes,
  kError,  ///< PageView::take_error() tells.
};

/// Looks `key` up in the tree behind `root`. The record is borrowed from the page. Part of its
/// caller, because saving and restoring registers would be a good part of it.
[[gnu::always_inline]] inline Found find_record(const PageView& view, const Ref& root, Bytes key,
                                                LeafRecord& record) {
  if (root.empty()) return Found::kNo;
  const std::size_t page_size = view.page_size();
  std::uint8_t level = root.level();
  const std::uint8_t* page = view.fetch(root, level);
  for (; level > 0; --level) {
    if (page == nullptr) [[unlikely]]
      return Found::kError;
    const BranchView branch(page, page_size);
    const Position at = branch.child_of(key);
    if (at.damaged) [[unlikely]] {
      view.note_damage(page, "a separator lies outside the page");
      return Found::kError;
    }
    page = view.fetch_child(branch.stored_ref(at.index),
                            tree_page_kind(static_cast<std::uint8_t>(level - 1)));
  }
  if (page == nullptr) [[unlikely]]
    return Found::kError;
  bool damaged = false;
  record = LeafView(page, page_size).find(key, damaged);
  if (damaged) [[unlikely]] {
    view.note_damage(page, "a record lies outside the page");
    return Found::kError;
  }
  return record.key != nullptr ? Found::kYes : Found::kNo;
}

/// The bytes of a record's value, following the reference to a large one. Errors: kDamaged.
inline Result<Bytes> value_of(const PageView& view, const LeafRecord& record) {
  if (record.indirect) [[unlikely]]
    return view.large_value(record.value());
  return record.value_bytes();
}

}  // namespace kist::engine
