#include "engine/tree/search.h"

#include <algorithm>
#include <limits>

namespace kist::engine {
namespace {

constexpr Position kDamagedPosition{0, false, true};

Position damaged(const PageView& view, const std::uint8_t* page, const char* what) {
  view.note_damage(page, what);
  return kDamagedPosition;
}

Position checked(const PageView& view, const std::uint8_t* page, Position at) {
  if (at.damaged) view.note_damage(page, "an entry lies outside the page");
  return at;
}

/// What of a key decides in pages: heads, prefixes and separators know no more of a long one.
Bytes stored_part(const PageView& view, const TreeShape& shape, Bytes key) {
  if (!shape.long_keys) return key;
  const std::size_t limit = inline_value_limit(static_cast<std::uint32_t>(view.page_size()));
  return key.first(std::min(key.size(), limit));
}

/// A stretch of records or children, [from, to).
struct Stretch {
  std::size_t from = 0;
  std::size_t to = 0;
};

/// First index of a stretch for which `order` (of the entry there against the key) is not negative.
/// `order` returns false when it cannot tell.
template <typename Order>
Position lower_bound_by(Stretch stretch, Order order) {
  while (stretch.from < stretch.to) {
    const std::size_t middle = stretch.from + (stretch.to - stretch.from) / 2;
    int outcome = 0;
    if (!order(middle, outcome)) return kDamagedPosition;
    if (outcome == 0) return {middle, true, false};
    (outcome < 0 ? stretch.from : stretch.to) = outcome < 0 ? middle + 1 : middle;
  }
  return {stretch.from, false, false};
}

/// The records of a leaf in byte order between which heads and prefix cannot decide about `key`.
Stretch undecided(const LeafView& leaf, Bytes key) {
  const std::size_t count = leaf.count();
  const std::size_t skip = leaf.prefix();
  if (skip != 0) {
    const LeafRecord first = leaf.record(0);
    if (first.key == nullptr || first.key_size < skip) return {0, count};
    const std::size_t common = std::min(key.size(), skip);
    const int order = common == 0 ? 0 : std::memcmp(key.data(), first.key, common);
    if (order < 0 || (order == 0 && common < skip)) return {0, 0};
    if (order > 0) return {count, count};
  }
  const std::uint32_t head = key_head(key.data(), key.size(), skip);
  const std::size_t from = lower_bound_head(leaf.heads(), count, head);
  if (head == std::numeric_limits<std::uint32_t>::max()) return {from, count};
  return {from, lower_bound_head(leaf.heads(), count, head + 1)};
}

/// Orders the whole key of a record against `key`.
bool order_record(const PageView& view, const TreeShape& shape, const LeafRecord& record, Bytes key,
                  int& order) {
  if (shape.long_keys && record.indirect && shape.compare == nullptr) {
    const Bytes start = record.key_bytes();
    order = compare_by(shape, start, key.first(std::min(key.size(), start.size())));
    if (order != 0) return true;
  }
  const Result<Bytes> whole = whole_key(view, shape, record);
  if (!whole) {
    view.note_error(whole.error());
    return false;
  }
  order = compare_by(shape, *whole, key);
  return true;
}

Position dense_lower_bound(const PageView& view, const std::uint8_t* page, const TreeShape& shape,
                           Bytes key) {
  const DenseView leaf(page, view.page_size(), shape.dense);
  if (leaf.count() != page_count(page)) {
    return damaged(view, page, "a dense leaf has more keys than room, or keys of another size");
  }
  return lower_bound_by({0, leaf.count()}, [&](std::size_t index, int& order) {
    order = compare_by(shape, leaf.key(index), key);
    return true;
  });
}

/// The search for a child where separators alone may not decide: with a comparator, with long keys.
class ChildSearch {
 public:
  ChildSearch(const PageView& view, const std::uint8_t* page, std::uint8_t level,
              const TreeShape& shape, Bytes key)
      : view_(view),
        page_(page),
        level_(level),
        shape_(shape),
        key_(key),
        branch_(branch_view(view, page, shape)),
        cut_(shape.long_keys ? inline_value_limit(static_cast<std::uint32_t>(view.page_size()))
                             : std::numeric_limits<std::size_t>::max()) {}

  Position run() { return shape_.by_comparator ? by_comparator() : by_bytes(); }

 private:
  Position by_comparator() {
    if (branch_.count() == 0 || page_prefix(page_) != 0) {
      return damaged(view_, page_, "a branch is empty, or has a prefix that its order forbids");
    }
    return last_not_behind(1, branch_.count());
  }

  /// Separators of full length that equal the start of the key were perhaps cut off.
  Position by_bytes() {
    const Bytes start = stored_part(view_, shape_, key_);
    const Position at = checked(view_, page_, branch_.child_of(start));
    if (at.damaged || start.size() < cut_) return at;
    std::size_t first = at.index + 1;
    while (first > 1 && equals_separator(first - 1, start)) --first;
    return first > at.index ? at : last_not_behind(first, at.index + 1);
  }

  bool equals_separator(std::size_t index, Bytes whole) const {
    const Bytes shared = branch_.prefix();
    const Bytes rest = branch_.separator_rest(index);
    return shared.size() + rest.size() == whole.size() &&
           std::ranges::equal(whole.first(shared.size()), shared) &&
           std::ranges::equal(whole.subspan(shared.size()), rest);
  }

  /// The last child that does not begin behind the key, when that is one of [from - 1, to).
  Position last_not_behind(std::size_t from, std::size_t to) {
    const Position at = lower_bound_by(
        {from, to}, [&](std::size_t i, int& order) { return order_child(i, order); });
    if (at.damaged || at.found) return at;
    return {at.index - 1, true, false};
  }

  /// Orders the lower bound of a child against the key: its separator, or, where that was cut, its
  /// first key.
  bool order_child(std::size_t index, int& order) {
    Bytes separator = branch_.separator_rest(index);
    if (separator.data() == nullptr) {
      view_.note_damage(page_, "a separator lies outside the page");
      return false;
    }
    if (branch_.prefix().size() + separator.size() >= cut_) {
      const Result<Bytes> first =
          first_key_below(view_, branch_.ref(index), static_cast<std::uint8_t>(level_ - 1), shape_);
      if (!first) {
        view_.note_error(first.error());
        return false;
      }
      separator = *first;
    }
    order = compare_by(shape_, separator, key_);
    return true;
  }

  const PageView& view_;
  const std::uint8_t* page_;
  std::uint8_t level_;
  const TreeShape& shape_;
  Bytes key_;
  BranchView branch_;
  std::size_t cut_;  // separators of this length may have been cut off
};

}  // namespace

Result<Bytes> whole_key(const PageView& view, const TreeShape& shape, const LeafRecord& record) {
  if (shape.long_keys && record.indirect) return view.large_value(record.value());
  return record.key_bytes();
}

Result<Bytes> first_key_below(const PageView& view, const Ref& ref, std::uint8_t level,
                              const TreeShape& shape) {
  Ref at = ref;
  for (;; --level) {
    const std::uint8_t* page = fetch_page(view, at, level, shape);
    if (page == nullptr) return std::unexpected(view.take_error());
    if (level != 0) {
      const BranchView branch = branch_view(view, page, shape);
      if (branch.count() == 0) return std::unexpected(view.damaged_page(page, "is empty"));
      at = branch.ref(0);
      continue;
    }
    const LeafReader leaf(page, view.page_size(), shape);
    const LeafRecord record = leaf.count() == 0 ? LeafRecord{} : leaf.record(0);
    if (record.key == nullptr) {
      return std::unexpected(view.damaged_page(page, "has no first record"));
    }
    return whole_key(view, shape, record);
  }
}

Position leaf_lower_bound(const PageView& view, const std::uint8_t* page, const TreeShape& shape,
                          Bytes key) {
  if (shape.dense != 0) return dense_lower_bound(view, page, shape, key);
  const LeafView leaf(page, view.page_size());
  if (!shape.by_comparator && !shape.long_keys) return checked(view, page, leaf.lower_bound(key));
  const Stretch stretch = shape.by_comparator ? Stretch{0, leaf.count()}
                                              : undecided(leaf, stored_part(view, shape, key));
  return lower_bound_by(stretch, [&](std::size_t index, int& order) {
    const LeafRecord record = leaf.record(index);
    if (record.key == nullptr) {
      view.note_damage(page, "a record lies outside the page");
      return false;
    }
    return order_record(view, shape, record, key, order);
  });
}

Position branch_child_of(const PageView& view, const std::uint8_t* page, std::uint8_t level,
                         const TreeShape& shape, Bytes key) {
  if (shape.by_comparator || shape.long_keys) {
    return ChildSearch(view, page, level, shape, key).run();
  }
  return checked(view, page, branch_view(view, page, shape).child_of(key));
}

Found find_record(const PageView& view, const Ref& root, const TreeShape& shape, Bytes key,
                  LeafRecord& record) {
  record = {};
  if (root.empty()) return Found::kNo;
  Ref ref = root;
  for (std::uint8_t level = root.level();; --level) {
    const std::uint8_t* page = fetch_page(view, ref, level, shape);
    if (page == nullptr) return Found::kError;
    const Position at = level == 0 ? leaf_lower_bound(view, page, shape, key)
                                   : branch_child_of(view, page, level, shape, key);
    if (at.damaged) return Found::kError;
    if (level != 0) {
      ref = branch_view(view, page, shape).ref(at.index);
      continue;
    }
    if (!at.found) return Found::kNo;
    // The bytes may have changed since they were searched.
    const LeafReader leaf(page, view.page_size(), shape);
    if (at.index < leaf.count()) record = leaf.record(at.index);
    if (record.key != nullptr) return Found::kYes;
    view.note_damage(page, "changed while being read");
    return Found::kError;
  }
}

}  // namespace kist::engine
