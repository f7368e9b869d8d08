#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <kist/engine/error.h>
#include <kist/engine/options.h>

namespace kist::engine {

/// A state of the store that one of the file's four meta slots still names.
struct StoredSnapshot {
  std::uint64_t id = 0;          ///< Transaction that left it.
  bool whole = false;            ///< Every page of it is there and proven by its checksum.
  std::string missing;           ///< When not: what is missing first, and where.
  bool prepared = false;         ///< A prepared transaction, which was never visible.
  std::uint64_t file_pages = 0;  ///< Length of the file that it knows, in pages.
  std::uint64_t tables = 0;      ///< Named tables.
  std::uint64_t records = 0;     ///< Records of the default table.
  std::uint64_t domain_version = 0;
  std::array<std::uint64_t, 3> markers{};
};

/// The states that can be chosen with Options::snapshot, newest first. Reads every page of each,
/// and writes nothing. While others write, what is whole now need not be a moment later. Errors:
/// kNotFound, kPermission, kNotAStore, kNewerFormat, kDamaged when no slot is whole, kIo. Of
/// `options` only `observer` counts.
Result<std::vector<StoredSnapshot>> list_snapshots(const std::string& path,
                                                   const Options& options = {});

}  // namespace kist::engine
