#pragma once

#include <cstdint>

#include <kist/engine/bytes.h>

#include "engine/format/page.h"
#include "engine/tree/head_search.h"
#include "engine/tree/key_compare.h"
#include "engine/tree/shape.h"

namespace kist::engine {

/// Reading of tree pages. The bytes are untrusted: a checksum keeps accidents out, not forgers, and
/// another process may change the map. So every count, offset and length is bounded where it is
/// used, after having been loaded once.

inline std::size_t common_prefix(Bytes a, Bytes b) {
  const std::size_t limit = a.size() < b.size() ? a.size() : b.size();
  std::size_t n = 0;
  while (n < limit && a[n] == b[n]) ++n;
  return n;
}

/// Where a search ended: the index of the key, or of where it would go.
struct Position {
  std::size_t index = 0;
  bool found = false;
  bool damaged = false;  ///< The page contradicts itself.
};

/// A page in private memory has no checksum yet; its field says what was done with it.
enum class PageWork : std::uint8_t {
  kBuilt = 0,   ///< Sound and as it would be built. Changed refs and values of the same size leave
                ///< it so.
  kEdited = 1,  ///< Sound; entries were inserted or removed, so a commit has to build it again.
  kCopied = 2,  ///< As it would be built, if it is sound, which nobody has asked yet: refs and
                ///< values may be replaced, but nothing be moved.
};
inline void set_work(std::uint8_t* page, PageWork work) {
  store64(page + page_layout::kChecksum, static_cast<std::uint8_t>(work));
}
inline PageWork work_of(const std::uint8_t* page) {
  return static_cast<PageWork>(page[page_layout::kChecksum]);
}
inline void mark_edited(std::uint8_t* page) {
  set_work(page, PageWork::kEdited);
}
inline bool is_edited(const std::uint8_t* page) {
  return work_of(page) == PageWork::kEdited;
}

/// One record of a leaf, borrowed from the page.
struct LeafRecord {
  const std::uint8_t* key = nullptr;  ///< Null: the page contradicts itself.
  std::uint32_t key_size = 0;
  std::uint32_t value_size = 0;  ///< Of the bytes behind the key.
  bool indirect = false;         ///< Those bytes are a Ref to a large value.
  const std::uint8_t* value() const { return key + key_size; }
  Bytes key_bytes() const { return {key, key_size}; }
  Bytes value_bytes() const { return {value(), value_size}; }
  /// Bytes that the record takes in the heap.
  std::size_t heap_size() const { return page_layout::kRecordHeader + key_size + value_size; }
};

/// The record that slot `index` of a leaf points to; no key when it lies outside the page.
inline LeafRecord leaf_record(const std::uint8_t* page, std::size_t page_size,
                              const std::uint8_t* slots, std::size_t index) {
  const std::size_t offset = load16(slots + 2 * index);
  if (offset > page_size - page_layout::kRecordHeader) [[unlikely]]
    return {};
  const std::uint8_t* at = page + offset;
  const std::uint32_t key_size = load16(at);
  const std::uint32_t raw = load16(at + 2);
  const std::uint32_t value_size = raw & 0x7FFFU;
  if (offset + page_layout::kRecordHeader + key_size + value_size > page_size) [[unlikely]] {
    return {};
  }
  const bool indirect = (raw & page_layout::kIndirectValue) != 0;
  if (indirect && value_size != ref_layout::kSize) [[unlikely]]
    return {};
  return {at + page_layout::kRecordHeader, key_size, value_size, indirect};
}

/// A leaf page: heads, slots, free space, heap of records.
class LeafView {
 public:
  LeafView(const std::uint8_t* page, std::size_t page_size)
      : page_(page), page_size_(page_size), count_(page_count(page)) {
    if (page_layout::kHeaderSize + 6 * count_ > page_size) [[unlikely]]
      count_ = 0;
  }

  std::size_t count() const { return count_; }
  std::size_t prefix() const { return page_prefix(page_); }
  const std::uint8_t* heads() const { return page_ + page_layout::kHeaderSize; }
  const std::uint8_t* slots() const { return heads() + 4 * count_; }

  /// The record at `index` < count().
  LeafRecord record(std::size_t index) const {
    return leaf_record(page_, page_size_, slots(), index);
  }

  /// The record with exactly `key`, or key == nullptr with `damaged` telling which. Keys outside
  /// the page's prefix cannot compare equal, so the prefix itself is not compared.
  [[gnu::always_inline]] LeafRecord find(Bytes key, bool& damaged) const {
    const std::uint32_t head = key_head(key.data(), key.size(), prefix());
    return find_from(lower_bound_head(heads(), count_, head), head, key, damaged);
  }

  /// The two halves of find(): the index where it looks first, or count(); and the rest.
  std::size_t probable(Bytes key) const {
    return lower_bound_head(heads(), count_, key_head(key.data(), key.size(), prefix()));
  }
  LeafRecord find_from(std::size_t index, Bytes key, bool& damaged) const {
    return find_from(index, key_head(key.data(), key.size(), prefix()), key, damaged);
  }
  /// Where the record at `index` begins, if it is one, to be asked of the memory ahead. Inside the
  /// page.
  const std::uint8_t* start(std::size_t index) const {
    const std::size_t offset = index < count_ ? load16(slots() + 2 * index) : 0;
    return page_ + (offset < page_size_ ? offset : 0);
  }

  /// First record whose key is >= `key`.
  Position lower_bound(Bytes key) const;

 private:
  [[gnu::always_inline]] LeafRecord find_from(std::size_t index, std::uint32_t head, Bytes key,
                                              bool& damaged) const {
    for (; index < count_ && load32(heads() + 4 * index) == head; ++index) {
      const LeafRecord candidate = record(index);
      if (candidate.key == nullptr) [[unlikely]] {
        damaged = true;
        return {};
      }
      if (candidate.key_size == key.size() && same_bytes(candidate.key, key.data(), key.size()))
          [[likely]] {
        return candidate;
      }
    }
    return {};
  }

  const std::uint8_t* page_;
  std::size_t page_size_;
  std::size_t count_;
};

/// A dense leaf: keys of `key_size` bytes, back to back behind the header.
class DenseView {
 public:
  DenseView(const std::uint8_t* page, std::size_t page_size, std::size_t key_size)
      : page_(page), key_size_(key_size), count_(page_count(page)) {
    if (count_ > (page_size - page_layout::kHeaderSize) / key_size || page_prefix(page) != key_size)
        [[unlikely]] {
      count_ = 0;
    }
  }

  std::size_t count() const { return count_; }
  const std::uint8_t* keys() const { return page_ + page_layout::kHeaderSize; }
  Bytes key(std::size_t index) const { return {keys() + key_size_ * index, key_size_}; }

 private:
  const std::uint8_t* page_;
  std::size_t key_size_;
  std::size_t count_;
};

/// The records of a leaf of any shape. Those of a dense leaf have no value.
class LeafReader {
 public:
  LeafReader(const std::uint8_t* page, std::size_t page_size, const TreeShape& shape)
      : page_(page),
        page_size_(page_size),
        dense_(shape.dense),
        count_(dense_ != 0 ? DenseView(page, page_size, dense_).count()
                           : LeafView(page, page_size).count()) {}

  std::size_t count() const { return count_; }
  /// The record at `index` < count(); key == nullptr when it lies outside the page.
  LeafRecord record(std::size_t index) const {
    if (dense_ == 0) {
      const std::uint8_t* slots = page_ + page_layout::kHeaderSize + 4 * count_;
      return leaf_record(page_, page_size_, slots, index);
    }
    return {page_ + page_layout::kHeaderSize + dense_ * index, static_cast<std::uint32_t>(dense_)};
  }

 private:
  const std::uint8_t* page_;
  std::size_t page_size_;
  std::size_t dense_;
  std::size_t count_;
};

/// Pairs of a record of a leaf of `shape`: 1, or in a multimap the number of values of its group. 0
/// when the page contradicts itself.
inline std::uint64_t record_pairs(const TreeShape& shape, const LeafRecord& record) {
  if (!shape.multi) return 1;
  if (record.indirect) return load_ref(record.value()).count;
  return record.value_size < 2 ? 0 : load16(record.value());
}

/// A branch page: heads, slots, refs, free space, heap of separators, the prefix they share. Child
/// i holds the keys from separator i on; separator 0 is empty and means "from the start".
class BranchView {
 public:
  /// `ref_size`: TreeShape::ref_size().
  BranchView(const std::uint8_t* page, std::size_t page_size,
             std::size_t ref_size = ref_layout::kSize)
      : page_(page), page_size_(page_size), ref_size_(ref_size), count_(page_count(page)) {
    if (page_layout::kHeaderSize + (6 + ref_size) * count_ > page_size) [[unlikely]]
      count_ = 0;
  }

  std::size_t count() const { return count_; }
  const std::uint8_t* heads() const { return page_ + page_layout::kHeaderSize; }
  const std::uint8_t* slots() const { return heads() + 4 * count_; }
  const std::uint8_t* refs() const { return slots() + 2 * count_; }
  /// Where ref `index` is stored.
  const std::uint8_t* stored_ref(std::size_t index) const { return refs() + ref_size_ * index; }
  Ref ref(std::size_t index) const {
    const std::uint8_t* at = stored_ref(index);
    return ref_size_ == ref_layout::kSize ? load_ref(at) : load_multi_ref(at);
  }
  /// Flags of ref `index`.
  std::uint16_t ref_flags(std::size_t index) const {
    return load16(refs() + ref_size_ * index + ref_layout::kFlags);
  }

  /// The prefix shared by separators 1 to count() - 1. Empty when its length cannot be right.
  Bytes prefix() const {
    const std::size_t size = page_prefix(page_);
    if (size > page_size_ - page_layout::kHeaderSize) [[unlikely]]
      return {};
    return {page_ + page_size_ - size, size};
  }
  /// Separator `index` (>= 1) without the prefix; null data when the page contradicts itself.
  Bytes separator_rest(std::size_t index) const {
    return separator_at(page_, page_size_, load16(slots() + 2 * index));
  }

  /// Index of the child that holds `key`: the last whose separator is <= key. `damaged` when the
  /// page contradicts itself (an empty branch, too).
  [[gnu::always_inline]] Position child_of(Bytes key) const {
    if (count_ == 0) [[unlikely]]
      return {0, false, true};
    const Bytes shared = prefix();
    const int order = compare_start(key, page_ + page_size_, shared.size());
    if (order != 0) [[unlikely]]
      return {order < 0 ? 0 : count_ - 1, true, false};
    const std::uint32_t head = key_head(key.data(), key.size(), shared.size());
    const std::size_t index = lower_bound_head(heads() + 4, count_ - 1, head);
    if (index + 1 < count_ && load32(heads() + 4 * (index + 1)) == head) [[unlikely]] {
      return among_equal_heads(page_, page_size_, count_, index + 1, key.subspan(shared.size()));
    }
    return {index, true, false};
  }

 private:
  /// The same where the head of separator `index`, perhaps of more, is that of the key. `rest`: the
  /// key behind the prefix. A function of its own, and not of the view, to keep the usual way
  /// short.
  [[gnu::noinline]] static Position among_equal_heads(const std::uint8_t* page,
                                                      std::size_t page_size, std::size_t count,
                                                      std::size_t index, Bytes rest) {
    const std::uint8_t* const heads = page + page_layout::kHeaderSize;
    const std::uint8_t* const slots = heads + 4 * count;
    const std::uint32_t head = load32(heads + 4 * index);
    do {
      const Bytes separator = separator_at(page, page_size, load16(slots + 2 * index));
      if (separator.data() == nullptr) [[unlikely]]
        return {0, false, true};
      if (compare_keys(separator.data(), separator.size(), rest.data(), rest.size()) > 0) break;
    } while (++index < count && load32(heads + 4 * index) == head);
    return {index - 1, true, false};
  }
  static Bytes separator_at(const std::uint8_t* page, std::size_t page_size, std::size_t offset) {
    if (offset > page_size - page_layout::kSeparatorHeader) [[unlikely]]
      return {};
    const std::size_t size = load16(page + offset);
    if (offset + page_layout::kSeparatorHeader + size > page_size) [[unlikely]]
      return {};
    return {page + offset + page_layout::kSeparatorHeader, size};
  }

  const std::uint8_t* page_;
  std::size_t page_size_;
  std::size_t ref_size_;
  std::size_t count_;
};

inline Position LeafView::lower_bound(Bytes key) const {
  if (count_ == 0) return {};
  const std::size_t skip = prefix();
  if (skip != 0) {
    const LeafRecord first = record(0);
    if (first.key == nullptr || first.key_size < skip) [[unlikely]]
      return {0, false, true};
    const std::size_t common = key.size() < skip ? key.size() : skip;
    const int order = compare_bytes(key.data(), first.key, common);
    if (order < 0 || (order == 0 && common < skip)) return {0, false, false};
    if (order > 0) return {count_, false, false};
  }
  const std::uint32_t head = key_head(key.data(), key.size(), skip);
  std::size_t index = lower_bound_head(heads(), count_, head);
  for (; index < count_ && load32(heads() + 4 * index) == head; ++index) {
    const LeafRecord candidate = record(index);
    if (candidate.key == nullptr) [[unlikely]]
      return {0, false, true};
    const int order = compare_keys(candidate.key, candidate.key_size, key.data(), key.size());
    if (order >= 0) return {index, order == 0, false};
  }
  return {index, false, false};
}

}  // namespace kist::engine
