#include "engine/txn/overflow_writer.h"

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/format/overflow.h"

namespace kist::engine {

OverflowHeader::OverflowHeader(std::uint64_t page, std::uint64_t birth, std::uint64_t length,
                               Bytes table, std::uint64_t seed) {
  std::uint8_t* header = bytes_.data();
  store48(header + page_layout::kNumber, page);
  store48(header + page_layout::kBirth, birth);
  store32(header + page_layout::kType, page_kind(PageType::kOverflow, 0));
  store64(header + overflow_layout::kLength, length);
  store64(header + overflow_layout::kTableChecksum, checksum(table.data(), table.size(), seed));
  const std::uint64_t sum =
      checksum(header + page_layout::kNumber, overflow_layout::kValue - page_layout::kNumber, seed);
  store64(header + page_layout::kChecksum, sum);
  ref_ = {.page = page,
          .birth = birth,
          .count = length,
          .checksum = static_cast<std::uint32_t>(sum),
          .flags = 0};
}

OverflowImage::OverflowImage(Bytes value, std::uint64_t page, std::uint64_t birth,
                             std::uint32_t page_size, std::uint64_t seed) {
  const std::uint64_t chunks = overflow_chunks(value.size());
  const std::uint64_t table_at = overflow_table_offset(value.size());
  const std::uint64_t value_end = overflow_layout::kValue + value.size();
  tail_.resize(overflow_pages(value.size(), page_size) * page_size - value_end);
  std::uint8_t* table = tail_.data() + (table_at - value_end);
  for (std::uint64_t i = 0; i < chunks; ++i) {
    const std::uint64_t at = i * overflow_layout::kChunk;
    const Bytes chunk =
        value.subspan(at, std::min<std::uint64_t>(overflow_layout::kChunk, value.size() - at));
    store64(table + 8 * i,
            checksum(chunk.data(), chunk.size(), overflow_chunk_seed(seed, page, birth, i)));
  }
  header_.emplace(page, birth, value.size(), Bytes(table, 8 * chunks), seed);
  pieces_ = {header_->bytes(), value, Bytes(tail_)};
}

}  // namespace kist::engine
