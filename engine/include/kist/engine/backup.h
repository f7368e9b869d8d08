#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <kist/engine/byte_stream.h>
#include <kist/engine/database.h>
#include <kist/engine/error.h>
#include <kist/engine/progress.h>

namespace kist::engine {

/// Names one state of one environment: what a backup holds, and what an incremental one builds on.
struct BackupPoint {
  std::uint64_t environment_high = 0;  ///< Identity of the environment.
  std::uint64_t environment_low = 0;
  std::uint64_t transaction = 0;   ///< Id of the snapshot.
  std::uint64_t commit_nonce = 0;  ///< Random number of its commit.
  friend bool operator==(const BackupPoint&, const BackupPoint&) = default;
};

/// How a backup is made.
struct BackupOptions {
  /// Rebuild the environment in key order, without free space, instead of copying its pages. Takes
  /// longer, and is an environment of its own: incremental backups of the original do not fit it.
  bool compacted = false;
  /// At most so many bytes a second on average; 0: as fast as possible.
  std::uint64_t bytes_per_second = 0;
  /// Counts pages; compacted, records.
  ProgressCallback progress = {};
  /// Permission bits of the new file, lessened by the umask.
  std::uint32_t file_mode = 0600;
  /// Tests only, restore() only: sees, and may fail, every call to the operating system. A backup
  /// is seen by the observer of its environment. Borrowed for the call.
  os::CallObserver* observer = nullptr;
};

/// What a backup wrote.
struct BackupReport {
  BackupPoint point;        ///< The state it holds. Compacted: that of the original.
  std::uint64_t bytes = 0;  ///< Length of the backup.
  std::uint64_t pages = 0;  ///< Pages in use that it holds.
};

/// Hot backups. The newest snapshot is pinned and copied while others go on reading and writing; it
/// is flushed when it was not on the device yet, so that no crash takes back what a backup has.
/// Every page is held against its checksum before it is copied: a damaged page fails the backup
/// (kDamaged), and salvage() is for what is left.
///
/// The backup of an environment is an environment: it can be opened as it is. A backup to a path
/// appears there when it is complete and on the device. Errors: kAlreadyExists, kStopped (by the
/// callback), kDamaged, kNoSpace, kPermission, kIo, and what `sink` returns. Nothing is left at the
/// path then; of a sink, whatever it took, which no one takes for a whole backup.
Result<BackupReport> backup(const Database& database, const std::string& path,
                            const BackupOptions& options = {});
/// To a stream. Compacted, it is first built beside the environment, and removed again.
Result<BackupReport> backup(const Database& database, const ByteSink& sink,
                            const BackupOptions& options = {});

/// Incremental backups: the pages that were written between the state `since` and the newest
/// snapshot, in time proportional to them. `since` is what an earlier backup reported, plain or
/// incremental, of this environment; it need not be pinned, nor the earlier backup be there. The
/// result is no environment: restore() puts it on top of those before it. The errors of backup();
/// kWrongBase when `since` is of another environment or of no state that the newest grew from;
/// kInvalidArgument with BackupOptions::compacted.
Result<BackupReport> backup_since(const Database& database, const BackupPoint& since,
                                  const std::string& path, const BackupOptions& options = {});
Result<BackupReport> backup_since(const Database& database, const BackupPoint& since,
                                  const ByteSink& sink, const BackupOptions& options = {});

/// The state that a backup file of either kind holds. Errors: kNotAStore, kNewerFormat, kDamaged,
/// kNotFound, kPermission, kIo.
Result<BackupPoint> backup_point(const std::string& path);

/// Makes the environment `path` of a plain (or compacted) backup `full` and the incremental ones
/// that follow it, each beginning where the one before ended; no more are needed than one of each
/// state. Everything is verified before it appears at `path`. Progress counts bytes. Errors:
/// kWrongBase, naming the file that does not follow; kDamaged, also for a `full` that was written
/// to since and not closed cleanly; those of backup_point() and of creating a file.
Result<BackupReport> restore(const std::string& full, std::span<const std::string> increments,
                             const std::string& path, const BackupOptions& options = {});

}  // namespace kist::engine
