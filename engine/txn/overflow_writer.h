#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include <kist/engine/bytes.h>

#include "engine/format/overflow.h"
#include "engine/format/ref.h"

namespace kist::engine {

/// The header of an overflow run.
class OverflowHeader {
 public:
  /// `table`: the checksums of all chunks of the value.
  OverflowHeader(std::uint64_t page, std::uint64_t birth, std::uint64_t length, Bytes table,
                 std::uint64_t seed);

  Bytes bytes() const { return bytes_; }
  /// What the leaf record has to say.
  const Ref& ref() const { return ref_; }

 private:
  std::array<std::uint8_t, overflow_layout::kValue> bytes_{};
  Ref ref_;
};

/// The bytes of an overflow run around a value, which is not copied.
class OverflowImage {
 public:
  /// `value` must outlive the image.
  OverflowImage(Bytes value, std::uint64_t page, std::uint64_t birth, std::uint32_t page_size,
                std::uint64_t seed);
  OverflowImage(const OverflowImage&) = delete;
  OverflowImage& operator=(const OverflowImage&) = delete;

  /// Everything to be written from the start of the run on: header, value, chunk table, zeros.
  std::span<const Bytes> pieces() const { return pieces_; }
  /// What the leaf record has to say.
  const Ref& ref() const { return header_->ref(); }

 private:
  std::vector<std::uint8_t> tail_;  // padding, chunk table, zeros to the end of the last page
  std::optional<OverflowHeader> header_;
  std::array<Bytes, 3> pieces_;
};

}  // namespace kist::engine
