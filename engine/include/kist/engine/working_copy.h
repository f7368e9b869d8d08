#pragma once

#include <string>

#include <kist/engine/database.h>
#include <kist/engine/error.h>
#include <kist/engine/options.h>
#include <kist/engine/progress.h>

namespace kist::engine {

/// How a working copy is kept.
struct WorkingCopyOptions {
  /// A directory on a local file system, which exists: the working copy and what is known of its
  /// original lie there, under names that are made of the original's path.
  std::string directory;
  /// Work on a copy wherever the original lies. Otherwise only where that is a network file system;
  /// elsewhere the database is the original itself.
  bool always = false;
  /// What to do when the original was changed by somebody else, and the copy, too.
  enum class Conflict : std::uint8_t {
    kRefuse,       ///< Fail with kConflict.
    kUseOriginal,  ///< Take the original; the copy is set aside under another name.
    kUseCopy,      ///< Keep the copy; the original is replaced when the copy is copied back.
  } conflict = Conflict::kRefuse;
  /// Of the database. `create` also when the original does not exist; `file_mode` and `file_group`
  /// also for the file that takes the original's place. Not `exclusive` nor `snapshot`.
  Options options = {};
  /// Counts pages that are copied, in either direction.
  ProgressCallback progress = {};
};

/// A local copy of an environment whose file lies where locks and shared maps cannot be relied on:
/// a network file system. All work is done in the copy; whole snapshots of it are copied back and
/// put in the original's place at once, so that whoever reads that sees one state or another, never
/// a mixture. Any number of processes of this machine may share the copy; other machines have to
/// leave the original alone meanwhile. When they do not, that is noticed, and nothing is
/// overwritten.
///
/// What a durable commit acknowledges is durable in the working copy. In the original it is when
/// copy_back() or close() returned. What was not copied back, because the process ended or the
/// network was away, is found and used by the next opening with the same directory.
///
/// Move-only. Destroyed without close() it copies nothing back. Thread-safe but for close().
class WorkingCopy {
 public:
  /// Opens the environment `original` through a copy, which is made first unless one is there that
  /// is as new or newer. Errors: kConflict (see WorkingCopyOptions::conflict; the message names
  /// both files); kBusy (the copy has to be made anew, but others have it open; or somebody has the
  /// original open); kNotFound, also for the directory; kInvalidArgument; those of
  /// Database::open() and backup().
  static Result<WorkingCopy> open(const std::string& original, const WorkingCopyOptions& options);

  WorkingCopy(WorkingCopy&&) noexcept = default;
  WorkingCopy& operator=(WorkingCopy&&) noexcept = default;

  /// The environment to work with.
  const Database& database() const { return database_; }
  /// Whether that is a copy, and not the original itself.
  bool separate() const { return !local_.empty(); }

  /// Copies the newest snapshot over the original: written aside, flushed, renamed. False when the
  /// original has it already. Others go on reading and writing the copy. Where the database is the
  /// original itself, only makes it durable. Errors: kConflict when somebody else changed, made or
  /// removed the original since it was copied, kBusy when somebody has it open: it stays as it is;
  /// kReadOnly; kStopped; those of backup(). The copy is unharmed by all of them.
  Result<bool> copy_back();

  /// Copies back, unless opened for reading only, and gives up the database, also when that
  /// fails. Errors: those of copy_back() and Database::close(); kClosed.
  Result<void> close();

 private:
  WorkingCopy(Database database, std::string original, std::string local,
              WorkingCopyOptions options);

  Database database_;
  std::string original_;  // canonical paths
  std::string local_;     // empty: the database is the original
  WorkingCopyOptions options_;
};

}  // namespace kist::engine
