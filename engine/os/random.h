#pragma once

#include <cstdint>
#include <span>

#include <kist/engine/error.h>

namespace kist::engine::os {

/// Fills the buffer from the system's random source. Errors: kIo, where there is none.
Result<void> fill_random(std::span<std::uint8_t> buffer);

/// 64 random bits.
Result<std::uint64_t> random_u64();

}  // namespace kist::engine::os
