#include "engine/tree/dense_edit.h"

#include <cassert>

namespace kist::engine {
namespace {

std::uint8_t* key_at(std::uint8_t* page, std::size_t index) {
  return page + page_layout::kHeaderSize + page_prefix(page) * index;
}

}  // namespace

bool dense_is_sound(const std::uint8_t* page, std::size_t page_size, std::size_t key_size) {
  const DenseView view(page, page_size, key_size);
  return page_prefix(page) == key_size && view.count() == page_count(page) &&
         load16(page + page_layout::kHeapSize) == 0 && load16(page + page_layout::kHoles) == 0;
}

void dense_build(std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                 std::span<const LeafRecord> records) {
  const std::size_t size = shape.dense;
  assert(page_layout::kHeaderSize + size * records.size() <= page_size);
  std::memset(page, 0, page_layout::kHeaderSize);
  store32(page + page_layout::kType, shape.kind(0));
  store16(page + page_layout::kCount, static_cast<std::uint16_t>(records.size()));
  store16(page + page_layout::kPrefix, shape.dense);
  std::uint8_t* at = page + page_layout::kHeaderSize;
  for (const LeafRecord& record : records) {
    assert(record.key_size == size && record.value_size == 0);
    std::memcpy(at, record.key, size);
    at += size;
  }
  std::memset(at, 0, static_cast<std::size_t>(page + page_size - at));
}

bool dense_insert(std::uint8_t* page, std::size_t page_size, std::size_t index, Bytes key) {
  const std::size_t count = page_count(page);
  const std::size_t size = page_prefix(page);
  assert(key.size() == size);
  if (page_layout::kHeaderSize + size * (count + 1) > page_size) return false;
  std::uint8_t* at = key_at(page, index);
  std::memmove(at + size, at, size * (count - index));
  std::memcpy(at, key.data(), size);
  store16(page + page_layout::kCount, static_cast<std::uint16_t>(count + 1));
  return true;
}

void dense_erase(std::uint8_t* page, std::size_t index) {
  const std::size_t count = page_count(page);
  const std::size_t size = page_prefix(page);
  std::uint8_t* at = key_at(page, index);
  std::memmove(at, at + size, size * (count - index - 1));
  std::memset(key_at(page, count - 1), 0, size);
  store16(page + page_layout::kCount, static_cast<std::uint16_t>(count - 1));
}

}  // namespace kist::engine
