#pragma once

#include <cstdint>

namespace kist::engine::os {

/// The system's number of this process. For people to read: it is used again after its end, and
/// means nothing in another container.
std::uint64_t process_number();

}  // namespace kist::engine::os
