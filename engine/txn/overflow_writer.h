#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <kist/engine/bytes.h>

#include "engine/format/ref.h"

namespace kist::engine {

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
  const Ref& ref() const { return ref_; }

 private:
  std::vector<std::uint8_t> header_;
  std::vector<std::uint8_t> tail_;  // padding, chunk table, zeros to the end of the last page
  std::array<Bytes, 3> pieces_;
  Ref ref_;
};

}  // namespace kist::engine
