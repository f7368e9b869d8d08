#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

#include "engine/os/file.h"

namespace kist::engine {

/// Gathers pages with consecutive numbers and writes each such stretch with one vectored call.
class PageWriter {
 public:
  /// With `map`, a map of the file that reaches beyond all pages given, they are stored there.
  PageWriter(os::File& file, std::uint32_t page_size, os::SharedMemory* map = nullptr)
      : file_(file),
        map_(map),
        page_size_(page_size),
        most_chunks_(std::clamp<std::size_t>(kMostBytes / kChunkPages / page_size, 1, 16)) {}

  /// Room for page `page`, to be filled before the next call of any function but this one.
  Result<std::uint8_t*> add_page(std::uint64_t page) {
    if (chunks_.empty() || used_ == kChunkPages) {
      if (chunks_.size() == most_chunks_) KIST_TRY(write());
      chunks_.push_back(
          std::make_unique_for_overwrite<std::uint8_t[]>(std::size_t{kChunkPages} * page_size_));
      used_ = 0;
    }
    std::uint8_t* room = chunks_.back().get() + std::size_t{used_++} * page_size_;
    KIST_TRY(add(page, {room, page_size_}));
    return room;
  }
  /// Page `page` as it lies at `bytes`, to be made ready before the next call of any function but
  /// add_page(). Borrowed until write().
  Result<void> add_own_page(std::uint64_t page, const std::uint8_t* bytes) {
    return add(page, {bytes, page_size_});
  }
  /// Borrows `pieces`, which begin at the start of page `page`, until write().
  Result<void> add_pieces(std::uint64_t page, std::span<const Bytes> pieces) {
    for (const Bytes& piece : pieces) {
      if (piece.empty()) continue;
      KIST_TRY(add_at(page * page_size_, piece));
      page = 0;
    }
    return {};
  }
  /// Writes what was gathered.
  Result<void> write();
  /// Nanoseconds spent in writing so far.
  std::uint64_t time_in_writes() const { return time_in_writes_; }

 private:
  static constexpr std::size_t kChunkPages = 64;
  static constexpr std::size_t kMostBytes = std::size_t{4} << 20;  // held back before a write

  Result<void> add(std::uint64_t page, Bytes bytes) { return add_at(page * page_size_, bytes); }
  /// `offset` 0 continues where the last piece ended.
  Result<void> add_at(std::uint64_t offset, Bytes bytes);

  os::File& file_;
  os::SharedMemory* map_;
  std::uint32_t page_size_;
  std::size_t most_chunks_;
  std::vector<std::unique_ptr<std::uint8_t[]>> chunks_;
  std::size_t used_ = 0;
  std::vector<Bytes> pieces_;
  Result<void> write_pieces();

  std::uint64_t time_in_writes_ = 0;
  std::uint64_t start_ = 0;  // offset of the first piece
  std::uint64_t end_ = 0;    // offset behind the last piece
};

}  // namespace kist::engine
