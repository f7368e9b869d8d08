#include "engine/upkeep/page_check.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "engine/tree/group.h"
#include "engine/tree/search.h"

namespace kist::engine {
namespace {

using Faults = std::vector<std::string>;
using Extent = std::pair<std::size_t, std::size_t>;  // offset, bytes

/// The arrays and the heap of a page: where the arrays end and how long the heap says it is.
struct Frame {
  std::size_t arrays_end = 0;
  std::size_t heap = 0;
  bool fits = false;
};

Frame check_frame(Bytes page, std::size_t counted, std::size_t entry_size, Faults& faults) {
  Frame frame;
  const std::size_t count = page_count(page.data());
  frame.heap = load16(page.data() + page_layout::kHeapSize);
  frame.arrays_end = page_layout::kHeaderSize + entry_size * count;
  frame.fits = count == counted && count != 0 && frame.arrays_end + frame.heap <= page.size();
  if (count == 0) {
    faults.push_back("has no entries");
  } else if (!frame.fits) {
    faults.push_back(fmt::format("{} entries and a heap of {} bytes do not fit into the page",
                                 count, frame.heap));
  }
  if (const std::size_t holes = load16(page.data() + page_layout::kHoles); holes != 0) {
    faults.push_back(fmt::format("counts {} unused bytes in its heap, expected 0", holes));
  }
  return frame;
}

/// The entries fill the heap up to its last `tail` bytes, each byte once, and nothing lies before
/// it.
void check_heap(Bytes page, const Frame& frame, std::vector<Extent>& extents, std::size_t tail,
                Faults& faults) {
  const std::size_t heap_start = page.size() - frame.heap;
  if (!all_zero(page.subspan(frame.arrays_end, heap_start - frame.arrays_end))) {
    faults.push_back(
        fmt::format("unused bytes {} to {} are not zero", frame.arrays_end, heap_start));
  }
  std::sort(extents.begin(), extents.end());
  std::size_t at = heap_start;
  for (const auto& [offset, size] : extents) {
    if (offset != at) {
      faults.push_back(fmt::format("heap: an entry starts at byte {}, expected at {} ({})", offset,
                                   at, offset < at ? "entries overlap" : "a gap"));
      return;
    }
    at += size;
  }
  if (at + tail != page.size()) {
    faults.push_back(fmt::format("heap ends at byte {}, expected at {}", at, page.size() - tail));
  }
}

void check_prefix(std::size_t found, std::size_t expected, Faults& faults) {
  if (found != expected) {
    faults.push_back(fmt::format("prefix of {} bytes, its keys share {}", found, expected));
  }
}

/// Judges the keys of one page as they come. Of each kind only the first fault is told: one wrong
/// prefix or separator would else be told for every key.
class KeyChecker {
 public:
  KeyChecker(Bytes page, const TreeShape& shape, const KeyRange& range, Faults& faults)
      : page_(page),
        shape_(shape),
        range_(range),
        faults_(faults),
        cut_(shape.long_keys ? inline_value_limit(static_cast<std::uint32_t>(page.size()))
                             : std::numeric_limits<std::size_t>::max()) {}

  /// `key`: what of it the page has.
  void head(std::size_t index, Bytes key, std::size_t skip) {
    const std::uint32_t expected =
        shape_.by_comparator ? 0 : key_head(key.data(), key.size(), skip);
    const std::uint32_t head = load32(page_.data() + page_layout::kHeaderSize + 4 * index);
    if (head == expected || std::exchange(head_told_, true)) return;
    faults_.push_back(fmt::format("head {} is {:08x}, expected {:08x}", index, head, expected));
  }
  /// Order of a whole key, of a leaf, against the one before and the bounds that the parent sets.
  void place(std::size_t index, Bytes key, std::optional<Bytes> before) {
    if (!shape_.comparable()) return;
    if (before && compare_by(shape_, *before, key) >= 0) tell_order(index);
    bounds(index, key);
  }
  /// `expected`: 0 where keys may have any size.
  void size(std::size_t index, std::size_t size, std::size_t expected) {
    if (expected == 0 || size == expected || std::exchange(size_told_, true)) return;
    faults_.push_back(fmt::format("key {} has {} bytes, expected {}", index, size, expected));
  }
  /// The same of a separator. One of full length was perhaps cut off; then it may be equal to its
  /// neighbours, and says nothing to a comparator.
  void separator(std::size_t index, Bytes key, std::optional<Bytes> before) {
    if (key.size() > cut_) {
      faults_.push_back(fmt::format("separator {} has {} bytes", index, key.size()));
    }
    if (!shape_.comparable() || (shape_.by_comparator && key.size() >= cut_)) return;
    if (before && !(shape_.by_comparator && before->size() >= cut_)) {
      const int order = compare_by(shape_, *before, key);
      if (order > 0 || (order == 0 && key.size() < cut_)) tell_order(index);
    }
    bounds(index, key);
  }

 private:
  void tell_order(std::size_t index) {
    if (std::exchange(order_told_, true)) return;
    faults_.push_back(fmt::format("key {} is not greater than the one before it", index));
  }
  void bounds(std::size_t index, Bytes key) {
    const bool lower_tells =
        !shape_.by_comparator || (!range_.lower.empty() && range_.lower.size() < cut_);
    if (lower_tells && compare_by(shape_, key, range_.lower) < 0 &&
        !std::exchange(lower_told_, true)) {
      faults_.push_back(
          fmt::format("key {} is less than the separator in front of the page", index));
    }
    if (range_.upper && behind(key, *range_.upper) && !std::exchange(upper_told_, true)) {
      faults_.push_back(
          fmt::format("key {} is not less than the separator behind the page", index));
    }
  }
  bool behind(Bytes key, Bytes upper) const {
    if (upper.size() < cut_) return compare_by(shape_, key, upper) >= 0;
    return !shape_.by_comparator &&
           compare_by(shape_, key.first(std::min(key.size(), cut_)), upper) > 0;
  }

  Bytes page_;
  const TreeShape& shape_;
  const KeyRange& range_;
  Faults& faults_;
  const std::size_t cut_;  // separators of this length may have been cut off
  bool head_told_ = false;
  bool order_told_ = false;
  bool size_told_ = false;
  bool lower_told_ = false;
  bool upper_told_ = false;
};

/// Judges the values of an inline group; of a nested one, nothing.
void check_group(std::uint32_t page_size, std::size_t index, const LeafRecord& record,
                 const TreeShape& shape, Faults& faults) {
  const Group group(record, shape);
  if (group.damaged()) {
    faults.push_back(fmt::format("record {} holds no group of values", index));
    return;
  }
  std::optional<Bytes> before;
  for (std::size_t i = 0; !group.nested() && i < group.count(); ++i) {
    const Bytes value = group.value(i);
    if (value.data() == nullptr) {
      faults.push_back(fmt::format("record {}: value {} lies outside the group", index, i));
      return;
    }
    if (!group_takes(page_size, value.size())) {
      faults.push_back(fmt::format("record {}: value {} has {} bytes, more than groups take", index,
                                   i, value.size()));
    }
    if (before && shape.comparable() && compare_by(shape, *before, value) >= 0) {
      faults.push_back(
          fmt::format("record {}: value {} is not greater than the one before it", index, i));
      return;
    }
    before = value;
  }
}

/// A value in a tree of values: whole, or its start and a reference to the whole of it.
void check_long_key(std::uint32_t page_size, std::size_t index, const LeafRecord& record,
                    const std::optional<Bytes>& whole, Faults& faults) {
  const std::size_t limit = inline_value_limit(page_size);
  if (!record.indirect) {
    if (record.key_size > limit || record.value_size != 0) {
      faults.push_back(fmt::format("value {} has {} bytes, and {} behind it", index,
                                   record.key_size, record.value_size));
    }
  } else if (record.key_size != limit || load_ref(record.value()).count <= limit) {
    faults.push_back(fmt::format("value {} lies in a run, but has {} bytes of {} in the leaf",
                                 index, record.key_size, load_ref(record.value()).count));
  } else if (whole && !std::ranges::equal(whole->first(limit), record.key_bytes())) {
    faults.push_back(fmt::format("value {} starts in its run with other bytes", index));
  }
}

void check_record(std::uint32_t page_size, std::size_t index, const LeafRecord& record,
                  Faults& faults) {
  if (record.key_size > max_key_size(page_size)) {
    faults.push_back(fmt::format("key {} has {} bytes", index, record.key_size));
  }
  if (!record.indirect && !value_fits_inline(page_size, record.key_size, record.value_size)) {
    faults.push_back(fmt::format("record {} has {} bytes of value inline, more than allowed", index,
                                 record.value_size));
  }
}

void check_dense_page(Bytes page, const TreeShape& shape, const KeyRange& range,
                      std::optional<Bytes>& before, Faults& faults) {
  const DenseView leaf(page.data(), page.size(), shape.dense);
  if (leaf.count() == 0 || leaf.count() != page_count(page.data())) {
    faults.push_back(fmt::format("{} keys of {} bytes, expected some of {} that fit the page",
                                 page_count(page.data()), page_prefix(page.data()), shape.dense));
    return;
  }
  KeyChecker keys(page, shape, range, faults);
  for (std::size_t i = 0; i < leaf.count(); ++i) {
    keys.place(i, leaf.key(i), before);
    before = leaf.key(i);
  }
  const std::size_t end = page_layout::kHeaderSize + leaf.count() * shape.dense;
  if (load32(page.data() + page_layout::kHeapSize) != 0 || !all_zero(page.subspan(end))) {
    faults.push_back(fmt::format("unused bytes from {} on, or in the header, are not zero", end));
  }
}

}  // namespace

bool all_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

void check_leaf_page(Bytes page, const PageRules& rules, const KeyRange& range,
                     std::optional<Bytes>& before, Faults& faults) {
  const TreeShape& shape = rules.shape;
  if (shape.dense != 0) return check_dense_page(page, shape, range, before, faults);
  const auto page_size = static_cast<std::uint32_t>(page.size());
  const LeafView leaf(page.data(), page.size());
  const Frame frame = check_frame(page, leaf.count(), 6, faults);
  if (!frame.fits) return;
  KeyChecker keys(page, shape, range, faults);
  std::vector<Extent> extents;
  Bytes last;
  for (std::size_t i = 0; i < leaf.count(); ++i) {
    const LeafRecord record = leaf.record(i);
    if (record.key == nullptr) {
      faults.push_back(
          fmt::format("record {} lies outside the page, or its reference is not one", i));
      return;
    }
    extents.emplace_back(
        static_cast<std::size_t>(record.key - page.data()) - page_layout::kRecordHeader,
        record.heap_size());
    std::optional<Bytes> whole = record.key_bytes();
    if (shape.long_keys && record.indirect) whole = rules.whole_key(record);
    if (whole) keys.place(i, *whole, before);
    if (whole) keys.size(i, whole->size(), rules.key_size);
    keys.head(i, record.key_bytes(), leaf.prefix());
    check_record(page_size, i, record, faults);
    if (shape.long_keys) check_long_key(page_size, i, record, whole, faults);
    if (shape.multi) check_group(page_size, i, record, rules.values, faults);
    before = whole;
    last = record.key_bytes();
  }
  const std::size_t shared =
      leaf.count() < 2 || shape.by_comparator ? 0 : common_prefix(leaf.record(0).key_bytes(), last);
  check_prefix(leaf.prefix(), shared, faults);
  check_heap(page, frame, extents, 0, faults);
}

void check_branch_page(Bytes page, const PageRules& rules, const KeyRange& range, Faults& faults) {
  const TreeShape& shape = rules.shape;
  const BranchView branch(page.data(), page.size(), shape.ref_size());
  const Frame frame = check_frame(page, branch.count(), 6 + shape.ref_size(), faults);
  if (!frame.fits) return;
  const std::size_t prefix = page_prefix(page.data());
  if (prefix > frame.heap) {
    faults.push_back(fmt::format("prefix of {} bytes in a heap of {}", prefix, frame.heap));
    return;
  }
  KeyChecker keys(page, shape, range, faults);
  std::vector<Extent> extents;
  std::string first;
  std::string before;
  for (std::size_t i = 0; i < branch.count(); ++i) {
    const Bytes rest = branch.separator_rest(i);
    if (rest.data() == nullptr) {
      faults.push_back(fmt::format("separator {} lies outside the page", i));
      return;
    }
    extents.emplace_back(
        static_cast<std::size_t>(rest.data() - page.data()) - page_layout::kSeparatorHeader,
        rest.size() + page_layout::kSeparatorHeader);
    keys.head(i, rest, 0);
    if (i == 0) {
      if (!rest.empty()) faults.push_back("its first separator is not empty");
      continue;
    }
    std::string separator = whole_separator(page, shape, i);
    keys.separator(i, as_bytes(separator), i > 1 ? std::optional(as_bytes(before)) : std::nullopt);
    if (i == 1) first = separator;
    before = std::move(separator);
  }
  const std::size_t shared = branch.count() < 3 || shape.by_comparator
                                 ? 0
                                 : common_prefix(as_bytes(first), as_bytes(before));
  check_prefix(prefix, shared, faults);
  check_heap(page, frame, extents, prefix, faults);
}

std::string whole_separator(Bytes page, const TreeShape& shape, std::size_t index) {
  if (index == 0) return {};
  const BranchView branch(page.data(), page.size(), shape.ref_size());
  return to_string(branch.prefix()).append(as_text(branch.separator_rest(index)));
}

}  // namespace kist::engine
