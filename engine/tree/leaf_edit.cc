#include "engine/tree/leaf_edit.h"

#include <algorithm>
#include <cassert>

#include "engine/tree/dense_edit.h"

namespace kist::engine {
namespace {

bool is_dense(const std::uint8_t* page) {
  return page[page_layout::kType] == static_cast<std::uint8_t>(PageType::kDenseLeaf);
}

bool by_comparator(const std::uint8_t* page) {
  return (page[page_layout::kFlags] & kPageByComparator) != 0;
}

std::size_t heap_size(const std::uint8_t* page) {
  return load16(page + page_layout::kHeapSize);
}

void write_header(std::uint8_t* page, const TreeShape& shape, std::size_t count, std::size_t prefix,
                  std::size_t heap) {
  std::memset(page, 0, page_layout::kHeaderSize);
  store32(page + page_layout::kType, shape.kind(0));
  store16(page + page_layout::kCount, static_cast<std::uint16_t>(count));
  store16(page + page_layout::kPrefix, static_cast<std::uint16_t>(prefix));
  store16(page + page_layout::kHeapSize, static_cast<std::uint16_t>(heap));
}

void write_record(std::uint8_t* at, const LeafRecord& record) {
  store16(at, static_cast<std::uint16_t>(record.key_size));
  store16(at + 2, static_cast<std::uint16_t>(record.value_size |
                                             (record.indirect ? page_layout::kIndirectValue : 0U)));
  if (record.key_size != 0) {
    std::memcpy(at + page_layout::kRecordHeader, record.key, record.key_size);
  }
  if (record.value_size != 0) {
    std::memcpy(at + page_layout::kRecordHeader + record.key_size, record.value(),
                record.value_size);
  }
}

void refresh_heads(std::uint8_t* page, std::size_t page_size, std::size_t prefix) {
  const LeafView view(page, page_size);
  store16(page + page_layout::kPrefix, static_cast<std::uint16_t>(prefix));
  for (std::size_t i = 0; i < view.count(); ++i) {
    const LeafRecord record = view.record(i);
    store32(page + page_layout::kHeaderSize + 4 * i, key_head(record.key, record.key_size, prefix));
  }
}

}  // namespace

std::size_t leaf_used(const std::uint8_t* page) {
  if (is_dense(page)) return page_count(page) * page_prefix(page);
  return page_count(page) * 6 + heap_size(page) - leaf_holes(page);
}

std::size_t leaf_holes(const std::uint8_t* page) {  // none in a dense leaf, as its header says
  return load16(page + page_layout::kHoles);
}

bool leaf_has_indirect(const std::uint8_t* page, std::size_t page_size) {
  if (is_dense(page)) return false;
  const LeafView view(page, page_size);
  const std::uint8_t* slots = view.heads() + 4 * view.count();
  const std::size_t last = page_size - page_layout::kRecordHeader;
  std::uint16_t sizes = 0;
  for (std::size_t i = 0; i < view.count(); ++i) {
    const std::size_t offset = std::min<std::size_t>(load16(slots + 2 * i), last);
    sizes |= load16(page + offset + 2);
  }
  return (sizes & page_layout::kIndirectValue) != 0;
}

bool leaf_is_bounded(const std::uint8_t* page, std::size_t page_size, const TreeShape& shape) {
  if (load32(page + page_layout::kType) != shape.kind(0) || shape.dense != 0 || shape.multi) {
    return leaf_is_sound(page, page_size, shape, false);
  }
  const LeafView view(page, page_size);
  if (view.count() != page_count(page)) return false;
  if (!leaf_has_indirect(page, page_size)) return true;
  for (std::size_t i = 0; i < view.count(); ++i) {
    const LeafRecord record = view.record(i);
    if (record.indirect && (load_ref(record.value()).flags & ~kRefStoredFlags) != 0) return false;
  }
  return true;
}

bool leaf_is_sound(const std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                   bool dirty) {
  if (load32(page + page_layout::kType) != shape.kind(0)) return false;
  if (shape.dense != 0) return dense_is_sound(page, page_size, shape.dense);
  const LeafView view(page, page_size);
  const std::size_t heap = heap_size(page);
  const std::size_t holes = leaf_holes(page);
  if (view.count() != page_count(page) ||
      page_layout::kHeaderSize + 6 * view.count() + heap > page_size || holes > heap ||
      (shape.by_comparator && view.prefix() != 0)) {
    return false;
  }
  const auto allowed =
      static_cast<std::uint16_t>(kRefStoredFlags | (shape.multi ? kRefNested : 0U));
  const auto limit = static_cast<std::uint32_t>(page_size);
  const std::size_t longest = shape.long_keys ? inline_value_limit(limit) : max_key_size(limit);
  // Asked of every page that is changed, so it asks of each record without branching, but for the
  // few that refer to something.
  const std::size_t prefix = view.prefix();
  const std::size_t last = page_size - page_layout::kRecordHeader;
  const std::uint8_t* slots = view.slots();
  std::size_t sum = 0;
  bool bad = false;
  for (std::size_t i = 0; i < view.count(); ++i) {
    const std::size_t offset = load16(slots + 2 * i);
    const std::uint8_t* at = page + std::min(offset, last);
    const std::size_t key = load16(at);
    const std::size_t raw = load16(at + 2);
    const std::size_t size = page_layout::kRecordHeader + key + (raw & 0x7FFFU);
    bad |= (offset < page_size - heap) | (offset + size > page_size) | (key < prefix) |
           (key > longest);
    if (shape.multi || (raw & page_layout::kIndirectValue) != 0) {
      const LeafRecord record = view.record(i);
      if (record.key == nullptr || record_pairs(shape, record) == 0) return false;
      if (!dirty && record.indirect && (load_ref(record.value()).flags & ~allowed) != 0) {
        return false;
      }
    }
    sum += size;
  }
  return !bad && sum + holes == heap;
}

void leaf_init(std::uint8_t* page, std::size_t page_size, const TreeShape& shape) {
  std::memset(page, 0, page_size);
  write_header(page, shape, 0, shape.dense, 0);
}

void leaf_build(std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                std::span<const LeafRecord> records) {
  if (shape.dense != 0) return dense_build(page, page_size, shape, records);
  const std::size_t count = records.size();
  const std::size_t prefix =
      count < 2 || shape.by_comparator
          ? 0
          : common_prefix(records.front().key_bytes(), records.back().key_bytes());
  std::size_t heap = 0;
  for (const LeafRecord& record : records) heap += record.heap_size();
  const std::size_t arrays_end = page_layout::kHeaderSize + 6 * count;
  assert(arrays_end + heap <= page_size);
  write_header(page, shape, count, prefix, heap);
  std::size_t at = page_size - heap;
  std::memset(page + arrays_end, 0, at - arrays_end);
  std::uint8_t* heads = page + page_layout::kHeaderSize;
  std::uint8_t* slots = heads + 4 * count;
  for (std::size_t i = 0; i < count; ++i) {
    const LeafRecord& record = records[i];
    store32(heads + 4 * i, shape.by_comparator ? 0 : key_head(record.key, record.key_size, prefix));
    store16(slots + 2 * i, static_cast<std::uint16_t>(at));
    write_record(page + at, record);
    at += record.heap_size();
  }
}

void leaf_gather(const std::uint8_t* page, std::size_t page_size,
                 std::vector<LeafRecord>& records) {
  const LeafReader leaf(page, page_size, page_shape(page));
  for (std::size_t i = 0; i < leaf.count(); ++i) records.push_back(leaf.record(i));
}

bool leaf_insert(std::uint8_t* page, std::size_t page_size, std::size_t index,
                 const LeafRecord& record) {
  if (is_dense(page)) return dense_insert(page, page_size, index, record.key_bytes());
  const std::size_t count = page_count(page);
  const std::size_t heap = heap_size(page);
  mark_edited(page);
  if (page_layout::kHeaderSize + 6 * count + heap + page_layout::kHeadSize +
          page_layout::kSlotSize + record.heap_size() >
      page_size) {
    return false;
  }
  std::size_t prefix = page_prefix(page);
  if (count == 0) {
    prefix = 0;
    store16(page + page_layout::kPrefix, 0);
  } else if (prefix != 0) {
    const LeafRecord first = LeafView(page, page_size).record(0);
    const std::size_t shared = common_prefix({first.key, prefix}, record.key_bytes());
    if (shared < prefix) {
      prefix = shared;
      refresh_heads(page, page_size, prefix);
    }
  }
  const std::size_t offset = page_size - heap - record.heap_size();
  write_record(page + offset, record);
  // Heads grow by one at `index`; the slots behind them move by four bytes, those after `index` by
  // six.
  std::uint8_t* heads = page + page_layout::kHeaderSize;
  std::uint8_t* old_slots = heads + 4 * count;
  std::uint8_t* new_slots = old_slots + 4;
  std::memmove(new_slots + 2 * (index + 1), old_slots + 2 * index, 2 * (count - index));
  std::memmove(new_slots, old_slots, 2 * index);
  std::memmove(heads + 4 * (index + 1), heads + 4 * index, 4 * (count - index));
  store32(heads + 4 * index,
          by_comparator(page) ? 0 : key_head(record.key, record.key_size, prefix));
  store16(new_slots + 2 * index, static_cast<std::uint16_t>(offset));
  store16(page + page_layout::kCount, static_cast<std::uint16_t>(count + 1));
  store16(page + page_layout::kHeapSize, static_cast<std::uint16_t>(heap + record.heap_size()));
  return true;
}

void leaf_erase(std::uint8_t* page, std::size_t page_size, std::size_t index) {
  if (is_dense(page)) return dense_erase(page, index);
  mark_edited(page);
  const std::size_t count = page_count(page);
  const LeafRecord record = LeafView(page, page_size).record(index);
  const std::size_t heap = heap_size(page);
  const std::size_t offset =
      static_cast<std::size_t>(record.key - page) - page_layout::kRecordHeader;
  if (offset == page_size - heap) {  // the lowest record: the heap just shrinks
    store16(page + page_layout::kHeapSize, static_cast<std::uint16_t>(heap - record.heap_size()));
  } else {
    store16(page + page_layout::kHoles,
            static_cast<std::uint16_t>(leaf_holes(page) + record.heap_size()));
  }
  std::uint8_t* heads = page + page_layout::kHeaderSize;
  std::uint8_t* old_slots = heads + 4 * count;
  std::uint8_t* new_slots = old_slots - 4;
  std::memmove(heads + 4 * index, heads + 4 * (index + 1), 4 * (count - index - 1));
  std::memmove(new_slots, old_slots, 2 * index);
  std::memmove(new_slots + 2 * index, old_slots + 2 * (index + 1), 2 * (count - index - 1));
  store16(page + page_layout::kCount, static_cast<std::uint16_t>(count - 1));
}

void leaf_overwrite(std::uint8_t* page, std::size_t page_size, std::size_t index, Bytes value,
                    bool indirect) {
  const LeafRecord record = LeafView(page, page_size).record(index);
  assert(record.value_size == value.size());
  std::uint8_t* at = page + (record.value() - page);
  if (!value.empty()) std::memmove(at, value.data(), value.size());
  store16(page + (record.key - page) - 2,
          static_cast<std::uint16_t>(value.size() | (indirect ? page_layout::kIndirectValue : 0U)));
}

}  // namespace kist::engine
