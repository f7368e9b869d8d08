#include "engine/txn/run_stream.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "engine/base/byte_order.h"
#include "engine/base/checksum.h"
#include "engine/format/page.h"
#include "engine/txn/overflow_writer.h"

namespace kist::engine {

using overflow_layout::kChunk;
using overflow_layout::kValue;

RunStream::RunStream(os::File& file, Run run, std::uint64_t length, std::uint64_t birth,
                     std::uint32_t page_size, std::uint64_t seed)
    : file_(file),
      run_(run),
      length_(length),
      birth_(birth),
      page_size_(page_size),
      seed_(seed),
      block_(kValue) {
  block_.reserve(kValue + kChunk);
  table_.reserve(8 * overflow_chunks(length));
}

Result<void> RunStream::append(Bytes bytes) {
  assert(bytes.size() <= length_ - appended_);
  while (!bytes.empty()) {
    const Bytes piece = bytes.first(std::min(bytes.size(), kValue + kChunk - block_.size()));
    block_.insert(block_.end(), piece.begin(), piece.end());
    appended_ += piece.size();
    bytes = bytes.subspan(piece.size());
    if (block_.size() == kValue + kChunk) {
      end_chunk();
      KIST_TRY(write_block());
    }
  }
  return {};
}

/// Notes the checksum of the chunk in `block_`.
void RunStream::end_chunk() {
  const std::uint64_t index = table_.size() / 8;
  const std::uint64_t key = overflow_chunk_seed(seed_, run_.start, birth_, index);
  table_.resize(table_.size() + 8);
  store64(table_.data() + 8 * index, checksum(block_.data() + kValue, block_.size() - kValue, key));
}

/// Writes a chunk's length of bytes, and keeps what is behind them.
Result<void> RunStream::write_block() {
  const std::uint64_t at = run_.start * page_size_ + (table_.size() / 8 - 1) * kChunk;
  KIST_TRY(file_.write_at(at, Bytes(block_).first(kChunk)));
  std::copy(block_.end() - kValue, block_.end(), block_.begin());
  block_.resize(kValue);
  return {};
}

Result<Ref> RunStream::finish() {
  assert(appended_ == length_);
  const std::uint64_t written = length_ / kChunk * kChunk;
  if (block_.size() > kValue) end_chunk();
  const std::uint64_t table_at = overflow_table_offset(length_);
  const std::uint64_t end = run_.pages * page_size_;
  const std::vector<std::uint8_t> padding(table_at - (kValue + length_));
  const std::vector<std::uint8_t> zeros(end - (table_at + table_.size()));
  const std::array<Bytes, 4> tail{Bytes(block_), Bytes(padding), Bytes(table_), Bytes(zeros)};
  KIST_TRY(file_.write_at(run_.start * page_size_ + written, tail));
  OverflowHeader header(run_.start, birth_, length_, table_, seed_);
  KIST_TRY(file_.write_at(run_.start * page_size_, header.bytes()));
  return header.ref();
}

}  // namespace kist::engine
