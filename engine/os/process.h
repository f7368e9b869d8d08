#pragma once

#include <cstdint>

namespace kist::engine::os {

/// The system's number of this process. For people to read: it is used again after its end, and
/// means nothing in another container.
std::uint64_t process_number();

/// Milliseconds of a clock that all processes share and that only goes forward; exact to some of
/// them, and without a system call.
std::uint64_t coarse_milliseconds();

}  // namespace kist::engine::os
