// Environments on network file systems, through a local copy; engine/docs/working-copy.md.

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <kist/engine/backup.h>
#include <kist/engine/delete_environment.h>
#include <kist/engine/working_copy.h>

#include "engine/base/checksum.h"
#include "engine/os/directory.h"
#include "engine/os/random.h"
#include "engine/txn/database_access.h"
#include "engine/txn/lock_bytes.h"
#include "engine/upkeep/pinned_state.h"
#include "engine/upkeep/working_copy_record.h"

namespace kist::engine {
namespace {

using Conflict = WorkingCopyOptions::Conflict;

std::string directory_of(const std::string& path) {
  return path.substr(0, path.find_last_of('/') + 1);
}

/// Named like the original, and different for originals of one name in different places.
std::string name_of_copy(const std::string& original) {
  return fmt::format("{}-{:016x}", original.substr(original.find_last_of('/') + 1),
                     checksum(original.data(), original.size(), 0));
}

Result<bool> lies_on_network(const std::string& path, os::CallObserver* observer) {
  const auto file = os::File::open(path, os::Access::kRead, observer);
  if (!file && file.error().code == ErrorCode::kNotFound) {
    KIST_ASSIGN(const std::uint64_t random, os::random_u64());
    const std::string probe = fmt::format("{}-new-{:016x}", path, random);
    const auto made = os::File::create_new(probe, 0600, observer);
    KIST_TRY(made);
    const auto name = made->network_file_system();
    KIST_TRY(os::unlink_file(probe, observer));
    KIST_TRY(name);
    return name->has_value();
  }
  KIST_TRY(file);
  KIST_ASSIGN(const auto name, file->network_file_system());
  return name.has_value();
}

/// Lets one thread or process at a time look at or change what a working copy and its original
/// have to do with each other. Gone with the File.
Result<os::File> lock_copying(const std::string& local, os::CallObserver* observer) {
  const std::string path = local + "-copying";
  for (;;) {
    auto file = os::File::open(path, os::Access::kReadWrite, observer);
    if (!file && file.error().code == ErrorCode::kNotFound) {
      file = os::File::create_new(path, 0600, observer);
      if (!file && file.error().code == ErrorCode::kBusy) continue;  // somebody just made it
    }
    KIST_TRY(file);
    KIST_TRY(file->lock(0, 1, os::LockKind::kExclusive));
    return std::move(*file);
  }
}

/// Keeps the original, where there is one, from being opened for as long as what is returned lives;
/// where the file system has no locks it is for the user to see to that. Errors: kBusy.
Result<std::optional<os::File>> keep_closed(const std::string& original,
                                            os::CallObserver* observer) {
  auto file = os::File::open(original, os::Access::kReadWrite, observer);
  if (!file && file.error().code == ErrorCode::kPermission) {
    file = os::File::open(original, os::Access::kRead, observer);
  }
  if (!file && file.error().code == ErrorCode::kNotFound) return std::nullopt;
  KIST_TRY(file);
  if (file->access() == os::Access::kReadWrite) {
    const auto locked = file->try_lock(kOpeningByte, 1, os::LockKind::kExclusive);
    if (locked && !*locked) return fail(ErrorCode::kBusy, original + ": somebody has it open");
  }
  const auto user = file->first_conflict(kOpeningByte, kAllLockBytes, os::LockKind::kExclusive);
  if (user && *user) return fail(ErrorCode::kBusy, original + ": somebody has it open");
  return std::optional(std::move(*file));
}

Result<BackupPoint> newest_state(const Database& database) {
  KIST_ASSIGN(auto environment, DatabaseAccess::environment(database));
  KIST_ASSIGN(const auto state, pin_newest_state(std::move(environment)));
  return point_of(state->slot);
}

BackupOptions how_to_copy(const WorkingCopyOptions& options) {
  BackupOptions how;
  how.progress = options.progress;
  how.file_mode = options.options.file_mode;
  return how;
}

/// Makes the working copy agree with its original as far as that is possible, at an opening. Holds
/// the lock of copying meanwhile.
class Arrival {
 public:
  Arrival(const std::string& original, const std::string& local, const WorkingCopyOptions& options)
      : original_(original),
        local_(local),
        options_(options),
        observer_(options.options.observer) {}

  Result<void> run() {
    KIST_ASSIGN(now_, look_at(original_, observer_));
    KIST_ASSIGN(const WorkingCopyRecord record,
                read_record(local_ + "-origin", original_, observer_));
    KIST_ASSIGN(const bool leftover, os::path_exists(local_));
    if (!leftover) return make();
    if (std::ranges::find(record, now_, &KnownOriginal::look) != record.end()) return {};
    KIST_ASSIGN(const bool changed, has_changes(record));
    if (!changed && now_.there) return make_anew();
    switch (options_.conflict) {
      case Conflict::kRefuse:
        return fail(ErrorCode::kConflict,
                    fmt::format("{}: was {} by somebody else since it was copied to {}, which {}",
                                original_, now_.there ? "changed" : "removed", local_,
                                changed ? "was changed, too" : "still holds its content"));
      case Conflict::kUseOriginal:
        KIST_TRY(set_aside());
        return make_anew();
      case Conflict::kUseCopy:
        return write_record(local_ + "-origin", original_, {{now_, {}}}, observer_);
    }
    return fail(ErrorCode::kInvalidArgument, "conflict is none of WorkingCopyOptions::Conflict");
  }

 private:
  Options options_of_existing() const {
    Options options = options_.options;
    options.create = false;
    return options;
  }

  /// Whether the copy holds what no original that is known of had.
  Result<bool> has_changes(const WorkingCopyRecord& record) const {
    KIST_ASSIGN(const Database copy, Database::open(local_, options_of_existing()));
    KIST_ASSIGN(const BackupPoint state, newest_state(copy));
    return std::ranges::find(record, state, &KnownOriginal::state) == record.end();
  }

  /// Copies the original to where nothing is. Without an original the record alone is made.
  Result<void> make() {
    if (!now_.there) {
      if (!options_.options.create || options_.options.read_only) {
        return fail(ErrorCode::kNotFound, original_ + ": does not exist");
      }
      return write_record(local_ + "-origin", original_, {{now_, {}}}, observer_);
    }
    Options reading;
    reading.create = false;
    reading.read_only = true;
    reading.exclusive = true;
    reading.log = options_.options.log;
    reading.observer = observer_;
    KIST_ASSIGN(const Database from, Database::open(original_, reading));
    const std::string aside = local_ + "-new";
    KIST_TRY(os::unlink_file(aside, observer_));  // of a process that ended before its renaming
    KIST_ASSIGN(const BackupReport copied, backup(from, aside, how_to_copy(options_)));
    KIST_TRY(write_record(local_ + "-origin", original_, {{now_, copied.point}}, observer_));
    KIST_TRY(os::replace_file(aside, local_, observer_));
    return os::flush_directory(directory_of(local_), observer_);
  }

  Result<void> make_anew() {
    KIST_TRY(delete_environment(local_));
    return make();
  }

  /// Keeps what the copy holds under another name.
  Result<void> set_aside() const {
    KIST_ASSIGN(const Database copy, Database::open(local_, options_of_existing()));
    KIST_ASSIGN(const std::uint64_t random, os::random_u64());
    const std::string aside = fmt::format("{}-aside-{:016x}", local_, random);
    KIST_TRY(backup(copy, aside));
    if (options_.options.log) {
      options_.options.log(LogLevel::kWarning, local_ + ": was set aside as " + aside);
    }
    return {};
  }

  const std::string& original_;
  const std::string& local_;
  const WorkingCopyOptions& options_;
  os::CallObserver* const observer_;
  OriginalLook now_;
};

/// Puts the newest snapshot in the original's place. Holds the lock of copying meanwhile.
class Return {
 public:
  Return(const Database& database, const std::string& original, const std::string& local,
         const WorkingCopyOptions& options)
      : database_(database),
        original_(original),
        record_path_(local + "-origin"),
        options_(options),
        observer_(options.options.observer) {}

  Result<bool> run() {
    KIST_ASSIGN(const WorkingCopyRecord record, read_record(record_path_, original_, observer_));
    KIST_ASSIGN(const KnownOriginal known, find(record));
    KIST_ASSIGN(const BackupPoint state, newest_state(database_));
    if (known.look.there && known.state == state) return false;
    KIST_ASSIGN(const std::uint64_t random, os::random_u64());
    const std::string aside = fmt::format("{}-new-{:016x}", original_, random);
    if (auto done = replace(record, aside); !done) {
      (void)os::unlink_file(aside, observer_);
      return std::unexpected(std::move(done).error());
    }
    return true;
  }

 private:
  Result<KnownOriginal> find(const WorkingCopyRecord& record) const {
    KIST_ASSIGN(const OriginalLook now, look_at(original_, observer_));
    const auto found = std::ranges::find(record, now, &KnownOriginal::look);
    if (found != record.end()) return *found;
    return fail(ErrorCode::kConflict, original_ +
                                          ": was changed, made or removed by somebody else "
                                          "since it was copied, and is left as it is");
  }

  Result<void> replace(const WorkingCopyRecord& record, const std::string& aside) {
    KnownOriginal next;
    KIST_ASSIGN(next.state, write(aside));
    KIST_ASSIGN(next.look, look_at(aside, observer_));
    KIST_ASSIGN(const auto closed, keep_closed(original_, observer_));
    KIST_ASSIGN(const KnownOriginal still, find(record));
    KIST_TRY(write_record(record_path_, original_, {still, next}, observer_));
    KIST_TRY(os::replace_file(aside, original_, observer_));
    KIST_TRY(os::flush_directory(directory_of(original_), observer_));
    return write_record(record_path_, original_, {next}, observer_);
  }

  /// As a stream into a file of our own: some network file systems have no hard links.
  Result<BackupPoint> write(const std::string& aside) {
    KIST_ASSIGN(os::File file, os::File::create_new(aside, options_.options.file_mode, observer_));
    if (options_.options.file_group) KIST_TRY(file.set_group(*options_.options.file_group));
    std::uint64_t at = 0;
    const ByteSink sink = [&](Bytes bytes) -> Result<void> {
      KIST_TRY(file.write_at(at, bytes));
      at += bytes.size();
      return {};
    };
    KIST_ASSIGN(const BackupReport copied, backup(database_, sink, how_to_copy(options_)));
    KIST_TRY(file.flush());
    return copied.point;
  }

  const Database& database_;
  const std::string& original_;
  const std::string record_path_;
  const WorkingCopyOptions& options_;
  os::CallObserver* const observer_;
};

}  // namespace

WorkingCopy::WorkingCopy(Database database, std::string original, std::string local,
                         WorkingCopyOptions options)
    : database_(std::move(database)),
      original_(std::move(original)),
      local_(std::move(local)),
      options_(std::move(options)) {}

Result<WorkingCopy> WorkingCopy::open(const std::string& original,
                                      const WorkingCopyOptions& options) {
  if (options.options.exclusive || options.options.snapshot) {
    return fail(ErrorCode::kInvalidArgument,
                "a working copy cannot be opened exclusively or at an older snapshot");
  }
  os::CallObserver* const observer = options.options.observer;
  KIST_ASSIGN(std::string canonical, os::canonical_path(original));
  bool separate = options.always;
  if (!separate) {
    KIST_ASSIGN(separate, lies_on_network(canonical, observer));
  }
  if (!separate) {
    KIST_ASSIGN(Database database, Database::open(canonical, options.options));
    return WorkingCopy(std::move(database), std::move(canonical), {}, options);
  }
  if (options.directory.empty()) {
    return fail(ErrorCode::kInvalidArgument, canonical + ": no directory for its working copy");
  }
  KIST_ASSIGN(std::string local,
              os::canonical_path(options.directory + "/" + name_of_copy(canonical)));
  KIST_ASSIGN(const os::File lock, lock_copying(local, observer));
  KIST_TRY(lock.check_file_system());
  KIST_TRY(Arrival(canonical, local, options).run());
  KIST_ASSIGN(Database database, Database::open(local, options.options));
  return WorkingCopy(std::move(database), std::move(canonical), std::move(local), options);
}

Result<bool> WorkingCopy::copy_back() {
  if (options_.options.read_only) {
    return fail(ErrorCode::kReadOnly, original_ + ": is open for reading only");
  }
  KIST_TRY(database_.sync());
  if (!separate()) return false;
  KIST_ASSIGN(const os::File lock, lock_copying(local_, options_.options.observer));
  return Return(database_, original_, local_, options_).run();
}

Result<void> WorkingCopy::close() {
  Result<bool> copied = false;
  if (!options_.options.read_only && !database_.path().empty()) copied = copy_back();
  KIST_TRY(database_.close());
  KIST_TRY(copied);
  return {};
}

}  // namespace kist::engine
