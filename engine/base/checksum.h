#pragma once

#include <cstddef>
#include <cstdint>

namespace kist::engine {

/// XXH3, 64 bits, keyed by `seed` (xxHash by Yann Collet, the library's run-time dispatch to the
/// widest vector unit). Not cryptographic: it finds accidents, not forgers.
std::uint64_t checksum(const void* data, std::size_t size, std::uint64_t seed);

}  // namespace kist::engine
