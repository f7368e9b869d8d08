#include "engine/upkeep/page_check.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/tree/node.h"

namespace kist::engine {
namespace {

using Faults = std::vector<std::string>;
using Extent = std::pair<std::size_t, std::size_t>;  // offset, bytes

int compare(Bytes a, Bytes b) {
  return compare_keys(a.data(), a.size(), b.data(), b.size());
}

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
  KeyChecker(Bytes page, const KeyRange& range, Faults& faults)
      : page_(page), range_(range), faults_(faults) {}

  void head(std::size_t index, std::uint32_t expected) {
    const std::uint32_t head = load32(page_.data() + page_layout::kHeaderSize + 4 * index);
    if (head == expected || std::exchange(head_told_, true)) return;
    faults_.push_back(fmt::format("head {} is {:08x}, expected {:08x}", index, head, expected));
  }
  /// Order against the key before, if any, and against the bounds that the parent sets.
  void place(std::size_t index, Bytes key, std::optional<Bytes> before) {
    if (before && compare(*before, key) >= 0 && !std::exchange(order_told_, true)) {
      faults_.push_back(fmt::format("key {} is not greater than the one before it", index));
    }
    if (compare(key, range_.lower) < 0 && !std::exchange(lower_told_, true)) {
      faults_.push_back(
          fmt::format("key {} is less than the separator in front of the page", index));
    }
    if (range_.upper && compare(key, *range_.upper) >= 0 && !std::exchange(upper_told_, true)) {
      faults_.push_back(
          fmt::format("key {} is not less than the separator behind the page", index));
    }
  }

 private:
  Bytes page_;
  const KeyRange& range_;
  Faults& faults_;
  bool head_told_ = false;
  bool order_told_ = false;
  bool lower_told_ = false;
  bool upper_told_ = false;
};

void check_record(std::size_t page_size, std::size_t index, const LeafRecord& record,
                  Faults& faults) {
  if (record.key_size > max_key_size(static_cast<std::uint32_t>(page_size))) {
    faults.push_back(fmt::format("key {} has {} bytes", index, record.key_size));
  }
  if (!record.indirect && !value_fits_inline(static_cast<std::uint32_t>(page_size), record.key_size,
                                             record.value_size)) {
    faults.push_back(fmt::format("record {} has {} bytes of value inline, more than allowed", index,
                                 record.value_size));
  }
}

}  // namespace

bool all_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

void check_leaf_page(Bytes page, const KeyRange& range, Faults& faults) {
  const LeafView leaf(page.data(), page.size());
  const Frame frame = check_frame(page, leaf.count(), 6, faults);
  if (!frame.fits) return;
  KeyChecker keys(page, range, faults);
  std::vector<Extent> extents;
  std::optional<Bytes> before;
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
    keys.place(i, record.key_bytes(), before);
    keys.head(i, key_head(record.key, record.key_size, leaf.prefix()));
    check_record(page.size(), i, record, faults);
    before = record.key_bytes();
  }
  const std::size_t shared =
      leaf.count() < 2 || !before ? 0 : common_prefix(leaf.record(0).key_bytes(), *before);
  check_prefix(leaf.prefix(), shared, faults);
  check_heap(page, frame, extents, 0, faults);
}

void check_branch_page(Bytes page, const KeyRange& range, Faults& faults) {
  const BranchView branch(page.data(), page.size());
  const Frame frame = check_frame(page, branch.count(), 30, faults);
  if (!frame.fits) return;
  const std::size_t prefix = page_prefix(page.data());
  if (prefix > frame.heap) {
    faults.push_back(fmt::format("prefix of {} bytes in a heap of {}", prefix, frame.heap));
    return;
  }
  KeyChecker keys(page, range, faults);
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
    keys.head(i, key_head(rest.data(), rest.size(), 0));
    if (i == 0) {
      if (!rest.empty()) faults.push_back("its first separator is not empty");
      continue;
    }
    std::string separator = whole_separator(page, i);
    keys.place(i, as_bytes(separator), i > 1 ? std::optional(as_bytes(before)) : std::nullopt);
    if (i == 1) first = separator;
    before = std::move(separator);
  }
  const std::size_t shared =
      branch.count() < 3 ? 0 : common_prefix(as_bytes(first), as_bytes(before));
  check_prefix(prefix, shared, faults);
  check_heap(page, frame, extents, prefix, faults);
}

std::string whole_separator(Bytes page, std::size_t index) {
  if (index == 0) return {};
  const BranchView branch(page.data(), page.size());
  return to_string(branch.prefix()).append(as_text(branch.separator_rest(index)));
}

}  // namespace kist::engine
