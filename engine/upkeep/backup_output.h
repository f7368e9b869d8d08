#pragma once

#include <array>
#include <cstdint>

#include <kist/engine/byte_stream.h>
#include <kist/engine/error.h>

#include "engine/os/file.h"

namespace kist::engine {

/// Where a backup goes: a file, or a stream, in which what is left out becomes zeros.
class BackupOutput {
 public:
  explicit BackupOutput(os::File& file) : file_(&file) {}
  explicit BackupOutput(const ByteSink& sink) : sink_(&sink) {}

  /// Writes at `offset`, which is not before the end of what was written last.
  Result<void> write_at(std::uint64_t offset, Bytes bytes) {
    if (file_ != nullptr) return file_->write_at(offset, bytes);
    KIST_TRY(fill_to(offset));
    position_ += bytes.size();
    return (*sink_)(bytes);
  }
  /// Says how long it will be, so that a full disk is noticed before the work.
  Result<void> reserve(std::uint64_t length) {
    return file_ != nullptr ? file_->allocate(0, length) : Result<void>();
  }
  /// Ends it at `length`, which is not before the end of what was written.
  Result<void> end(std::uint64_t length) {
    return file_ != nullptr ? Result<void>() : fill_to(length);
  }

 private:
  Result<void> fill_to(std::uint64_t offset) {
    static constexpr std::array<std::uint8_t, 65'536> kZeros{};
    while (position_ < offset) {
      const std::uint64_t size = std::min<std::uint64_t>(kZeros.size(), offset - position_);
      KIST_TRY((*sink_)(Bytes(kZeros).first(size)));
      position_ += size;
    }
    return {};
  }

  os::File* file_ = nullptr;
  const ByteSink* sink_ = nullptr;
  std::uint64_t position_ = 0;  // bytes that the sink got
};

}  // namespace kist::engine
