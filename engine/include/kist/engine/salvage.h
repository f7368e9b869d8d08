#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <kist/engine/error.h>
#include <kist/engine/progress.h>
#include <kist/engine/table.h>

namespace kist::engine {

/// How a damaged file is salvaged.
struct SalvageOptions {
  /// Comparators of the file's tables, by name. A table whose comparator is missing is salvaged
  /// all the same, but for what would have to be put in its place by comparing keys.
  std::map<std::string, Comparator> comparators = {};
  /// Where pages are lost, also take older versions of them from space that is not in use any more:
  /// records may come back that were removed, or older values than the last.
  bool older_versions = false;
  /// Counts pages of the damaged file, then records.
  ProgressCallback progress = {};
  /// Permission bits of the new file, lessened by the umask.
  std::uint32_t file_mode = 0600;
};

/// Something that could not be read.
struct SalvageLoss {
  std::string table;       ///< Name; empty: the default table, or the catalog.
  std::uint64_t page = 0;  ///< Page that could not be read.
  std::uint64_t records =
      0;             ///< Records that are missing for it, as far as its parent counts them.
  std::string what;  ///< In words, with the key where one is known.
};

/// What salvage() found.
struct SalvageReport {
  std::uint64_t transaction = 0;  ///< Of the state that was salvaged; 0: no slot tells.
  std::uint64_t newest = 0;  ///< Newest transaction that a slot names: later than the other where
                             ///< its commit was not finished, or is too damaged.
  bool slots_lost = false;   ///< No meta slot was whole; roots were found by what pages say.
  bool seed_lost = false;  ///< Not even the key of the checksums is known: contents are unverified.
  bool space_lost = false;          ///< Which pages were in use is not known.
  std::uint64_t pages = 0;          ///< Of the damaged file.
  std::uint64_t records = 0;        ///< In the new file.
  std::uint64_t recovered = 0;      ///< Of them, records in pages to which no way led any more.
  std::uint64_t older = 0;          ///< Of those, records in pages that were not in use any more.
  std::uint64_t lost = 0;           ///< Sum over the losses.
  std::vector<SalvageLoss> losses;  ///< At most 10,000.
  /// Whether it is all of the newest state, and nothing else.
  bool complete() const {
    return losses.empty() && older == 0 && !slots_lost && transaction == newest;
  }
};

/// Makes a new environment at `path` with everything that can be read of the damaged file
/// `damaged`, which is not changed. Nothing that fails its checksum is taken. Of the states in the
/// meta slots the newest is taken that was closed cleanly or is whole, else the one that lost
/// least. Where branches, roots, the catalog or all slots are lost, leaves are found by looking at
/// every page. A table whose name is lost becomes "salvaged/" and the number of its root page, in
/// byte order.
///
/// Errors: kBusy when an environment has the file open; kNotAStore when nothing in it looks like a
/// page; kNewerFormat; kAlreadyExists; kNotFound, kPermission, kNoSpace, kIo; kStopped.
Result<SalvageReport> salvage(const std::string& damaged, const std::string& path,
                              const SalvageOptions& options = {});

}  // namespace kist::engine
