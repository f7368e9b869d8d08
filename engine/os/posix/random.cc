#include "engine/os/random.h"

#include <algorithm>

#include <sys/random.h>
#include <unistd.h>

#include "engine/os/posix/system_error.h"

namespace kist::engine::os {

Result<void> fill_random(std::span<std::uint8_t> buffer) {
  constexpr std::size_t kMaxPiece = 256;  // what getentropy gives at most
  while (!buffer.empty()) {
    const std::size_t piece = std::min(buffer.size(), kMaxPiece);
    if (::getentropy(buffer.data(), piece) != 0) {
      return system_error("getentropy", "the system's random source", errno);
    }
    buffer = buffer.subspan(piece);
  }
  return {};
}

Result<std::uint64_t> random_u64() {
  std::uint64_t value = 0;
  KIST_TRY(fill_random({reinterpret_cast<std::uint8_t*>(&value), sizeof value}));
  return value;
}

}  // namespace kist::engine::os
