#pragma once

#include <cstdint>

namespace kist::engine::os {

/// Name of the network file system that statfs reports by this number, or nullptr when it is none.
const char* network_file_system(std::uint64_t type);

}  // namespace kist::engine::os
