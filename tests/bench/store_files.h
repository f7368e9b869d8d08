#pragma once

#include <cstdint>
#include <string>

namespace kist::bench {

/// An empty folder, whatever was there.
void make_empty(const std::string& directory);
/// Copies the files of a closed store, holes as holes and lock files left out, and flushes the copy
/// so that no write of it is still to come. `to` is made empty first.
void copy_store(const std::string& from, const std::string& to);
/// Writes everything back to the device.
void flush_store(const std::string& directory);
/// Takes the files out of the page cache, flushed ones of a closed store. Throws Skipped where the
/// system keeps them.
void evict_store(const std::string& directory);
/// Blocks that the files have, in bytes.
std::uint64_t store_bytes(const std::string& directory);

}  // namespace kist::bench
