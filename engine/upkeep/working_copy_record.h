#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <kist/engine/backup.h>
#include <kist/engine/error.h>

#include "engine/os/call_observer.h"
#include "engine/os/file.h"

namespace kist::engine {

/// What the original of a working copy looks like from outside. Every commit changes it, and so
/// does whoever puts another file in its place.
struct OriginalLook {
  bool there = false;
  std::uint64_t slots = 0;  ///< Checksum of its meta slots; 0 where there is no file.
  friend bool operator==(const OriginalLook&, const OriginalLook&) = default;
};
/// Errors: kPermission, kNotAStore (no regular file), kIo.
Result<OriginalLook> look_at(const std::string& path, os::CallObserver* observer);

/// A look of the original, and the state of the working copy that has the same content; a state of
/// zeros, which none is, where there is no such state.
struct KnownOriginal {
  OriginalLook look;
  BackupPoint state;
};

/// What is stored beside a working copy: how the original may look for it to be the one that was
/// copied, or copied back. Two while it is being replaced, so that a crash in the middle leaves no
/// doubt.
using WorkingCopyRecord = std::vector<KnownOriginal>;

/// Nothing known, an empty record, when there is no such file. Errors: kDamaged; kConflict when it
/// belongs to another original.
Result<WorkingCopyRecord> read_record(const std::string& path, const std::string& original,
                                      os::CallObserver* observer);
/// Puts the record in place, on the device. Only by who holds the lock of the working copy.
Result<void> write_record(const std::string& path, const std::string& original,
                          const WorkingCopyRecord& record, os::CallObserver* observer);

}  // namespace kist::engine
