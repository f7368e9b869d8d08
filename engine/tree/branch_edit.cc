#include "engine/tree/branch_edit.h"

#include <algorithm>
#include <cassert>

namespace kist::engine {
namespace {

constexpr std::size_t kHeadAndSlot = page_layout::kHeadSize + page_layout::kSlotSize;

std::size_t heap_size(const std::uint8_t* page) {
  return load16(page + page_layout::kHeapSize);
}

/// Asks every separator: in a damaged page those in the middle may be out of order.
std::size_t shared_prefix(const TreeShape& shape, std::span<const BranchEntry> entries) {
  if (entries.size() < 3 || shape.by_comparator) return 0;
  Bytes shared = entries[1].separator;
  for (std::size_t i = entries.size() - 1; i > 1 && !shared.empty(); --i) {
    shared = shared.first(common_prefix(shared, entries[i].separator));
  }
  return shared.size();
}

std::uint8_t* ref_at(std::uint8_t* page, std::size_t index) {
  return page + page_layout::kHeaderSize + kHeadAndSlot * page_count(page) +
         page_shape(page).ref_size() * index;
}

void store_entry_ref(const TreeShape& shape, std::uint8_t* at, const Ref& ref) {
  shape.multi ? store_multi_ref(at, ref) : store_ref(at, ref);
}

std::uint32_t entry_head(const TreeShape& shape, Bytes rest) {
  return shape.by_comparator ? 0 : key_head(rest.data(), rest.size(), 0);
}

}  // namespace

void BranchEntries::append(const std::uint8_t* page, std::size_t page_size, Bytes first_separator) {
  const BranchView view = private_branch(page, page_size);
  const std::string prefix = to_string(view.prefix());
  for (std::size_t i = 0; i < view.count(); ++i) {
    if (i == 0) {
      entries.push_back({keep(first_separator), view.ref(0)});
    } else {
      owned.emplace_back(prefix).append(as_text(view.separator_rest(i)));
      entries.push_back({as_bytes(owned.back()), view.ref(i)});
    }
  }
}

bool branch_is_bounded(const std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                       std::uint8_t level) {
  if (load32(page + page_layout::kType) != shape.kind(level)) return false;
  const BranchView view(page, page_size, shape.ref_size());
  if (view.count() == 0 || view.count() != page_count(page)) return false;
  unsigned flags = 0;
  for (std::size_t i = 0; i < view.count(); ++i) flags |= view.ref_flags(i);
  return (flags & ~static_cast<unsigned>(kRefStoredFlags)) == 0;
}

bool branch_is_sound(const std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                     std::uint8_t level, bool dirty) {
  if (load32(page + page_layout::kType) != shape.kind(level)) return false;
  const BranchView view(page, page_size, shape.ref_size());
  const std::size_t heap = heap_size(page);
  const std::size_t prefix = page_prefix(page);
  if (view.count() == 0 || view.count() != page_count(page) || prefix > heap ||
      page_layout::kHeaderSize + (kHeadAndSlot + shape.ref_size()) * view.count() + heap >
          page_size ||
      load16(page + page_layout::kHoles) != 0 || (shape.by_comparator && prefix != 0)) {
    return false;
  }
  // Asked of every branch on the way to a page that is changed, so it asks of each entry without
  // branching; see leaf_is_sound().
  const std::size_t longest = max_key_size(static_cast<std::uint32_t>(page_size));
  const std::size_t last = page_size - page_layout::kSeparatorHeader;
  const std::uint8_t* refs = view.refs();
  const std::uint16_t forbidden = dirty ? 0 : static_cast<std::uint16_t>(~kRefStoredFlags);
  std::size_t sum = prefix;
  bool bad = false;
  for (std::size_t i = 0; i < view.count(); ++i) {
    const std::size_t offset = load16(view.slots() + 2 * i);
    const std::size_t rest = load16(page + std::min(offset, last));
    const std::size_t size = page_layout::kSeparatorHeader + rest;
    bad |= (offset < page_size - heap) | (offset + size > page_size) | (prefix + rest > longest);
    const std::uint8_t* ref = refs + shape.ref_size() * i;
    bad |= (load16(ref + ref_layout::kFlags) & forbidden) != 0;
    bad |= !dirty && load48(ref + ref_layout::kPage) == 0;
    sum += size;
  }
  return !bad && sum == heap;
}

std::size_t branch_size(const TreeShape& shape, std::span<const BranchEntry> entries) {
  const std::size_t prefix = shared_prefix(shape, entries);
  const std::size_t overhead = kHeadAndSlot + shape.ref_size() + page_layout::kSeparatorHeader;
  std::size_t size = page_layout::kHeaderSize + overhead * entries.size() + prefix;
  for (std::size_t i = 1; i < entries.size(); ++i) size += entries[i].separator.size() - prefix;
  return size;
}

std::size_t branch_used(const std::uint8_t* page) {
  return page_count(page) * (kHeadAndSlot + page_shape(page).ref_size()) + heap_size(page);
}

void branch_build(std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                  std::uint8_t level, std::span<const BranchEntry> entries) {
  const std::size_t count = entries.size();
  const std::size_t prefix = shared_prefix(shape, entries);
  const std::size_t stride = shape.ref_size();
  const std::size_t arrays_end = page_layout::kHeaderSize + (kHeadAndSlot + stride) * count;
  const std::size_t heap = branch_size(shape, entries) - arrays_end;
  assert(arrays_end + heap <= page_size);
  std::memset(page, 0, page_size - heap);
  store32(page + page_layout::kType, shape.kind(level));
  store16(page + page_layout::kCount, static_cast<std::uint16_t>(count));
  store16(page + page_layout::kPrefix, static_cast<std::uint16_t>(prefix));
  store16(page + page_layout::kHeapSize, static_cast<std::uint16_t>(heap));
  std::uint8_t* heads = page + page_layout::kHeaderSize;
  std::uint8_t* slots = heads + 4 * count;
  std::uint8_t* refs = slots + 2 * count;
  std::size_t at = page_size - heap;
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes rest = i == 0 ? Bytes() : entries[i].separator.subspan(prefix);
    store32(heads + 4 * i, entry_head(shape, rest));
    store16(slots + 2 * i, static_cast<std::uint16_t>(at));
    store_entry_ref(shape, refs + stride * i, entries[i].ref);
    store16(page + at, static_cast<std::uint16_t>(rest.size()));
    if (!rest.empty()) std::memcpy(page + at + 2, rest.data(), rest.size());
    at += page_layout::kSeparatorHeader + rest.size();
  }
  if (prefix != 0) std::memcpy(page + at, entries[1].separator.data(), prefix);
}

bool branch_insert(std::uint8_t* page, std::size_t page_size, std::size_t index,
                   const BranchEntry& entry) {
  const TreeShape shape = page_shape(page);
  const std::size_t stride = shape.ref_size();
  const BranchView view(page, page_size, stride);
  const std::size_t count = view.count();
  const Bytes prefix = view.prefix();
  const std::size_t heap = heap_size(page);
  if (common_prefix(prefix, entry.separator) < prefix.size()) return false;
  const Bytes rest = entry.separator.subspan(prefix.size());
  const std::size_t need = page_layout::kSeparatorHeader + rest.size();
  if (page_layout::kHeaderSize + (kHeadAndSlot + stride) * (count + 1) + heap + need > page_size) {
    return false;
  }

  mark_edited(page);
  const std::size_t offset = page_size - heap - need;
  store16(page + offset, static_cast<std::uint16_t>(rest.size()));
  if (!rest.empty()) std::memcpy(page + offset + 2, rest.data(), rest.size());

  // Three arrays lie one behind the other; each grows by one, so move the last part first.
  std::uint8_t* heads = page + page_layout::kHeaderSize;
  std::uint8_t* slots = heads + 4 * count;
  std::uint8_t* refs = slots + 2 * count;
  const std::size_t after = count - index;
  std::memmove(refs + 6 + stride * (index + 1), refs + stride * index, stride * after);
  std::memmove(refs + 6, refs, stride * index);
  std::memmove(slots + 4 + 2 * (index + 1), slots + 2 * index, 2 * after);
  std::memmove(slots + 4, slots, 2 * index);
  std::memmove(heads + 4 * (index + 1), heads + 4 * index, 4 * after);
  store32(heads + 4 * index, entry_head(shape, rest));
  store16(slots + 4 + 2 * index, static_cast<std::uint16_t>(offset));
  store_entry_ref(shape, refs + 6 + stride * index, entry.ref);
  store16(page + page_layout::kCount, static_cast<std::uint16_t>(count + 1));
  store16(page + page_layout::kHeapSize, static_cast<std::uint16_t>(heap + need));
  return true;
}

void branch_set_ref(std::uint8_t* page, std::size_t index, const Ref& ref) {
  store_entry_ref(page_shape(page), ref_at(page, index), ref);
}

void branch_add_count(std::uint8_t* page, std::size_t index, std::int64_t pairs,
                      std::int64_t keys) {
  std::uint8_t* at = ref_at(page, index);
  const auto add = [](std::uint8_t* field, std::int64_t change) {
    store48(field, load48(field) + static_cast<std::uint64_t>(change));
  };
  add(at + ref_layout::kCount, pairs);
  if (page_shape(page).multi) add(at + ref_layout::kKeys, keys);
}

Bytes shortest_separator(Bytes left, Bytes right) {
  // Keys of a damaged page may be out of order, and `right` a beginning of `left`.
  return right.first(std::min(common_prefix(left, right) + 1, right.size()));
}

}  // namespace kist::engine
