#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

#include "engine/os/call_observer.h"

namespace kist::engine::os {

enum class Access : std::uint8_t { kRead, kReadWrite };

enum class LockKind : std::uint8_t {
  kShared,     ///< Any number of holders. Possible on a file opened for reading.
  kExclusive,  ///< One holder. Needs Access::kReadWrite.
};

/// What the file system takes for the identity of a file, whatever its name.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

/// Whether the path that a file was opened by still leads to it.
enum class PathState : std::uint8_t {
  kHere,      ///< It does.
  kReplaced,  ///< It names another file now.
  kMoved,     ///< It names nothing; the file has another name.
  kDeleted,   ///< It names nothing; the file has no name at all.
};

/// A run of locked bytes.
struct LockRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// What this process did to one open file since it opened it.
struct FileCounters {
  std::atomic<std::uint64_t> flushes{0};
  std::atomic<std::uint64_t> write_calls{0};
  std::atomic<std::uint64_t> bytes_written{0};
};

class SharedMemory;

/// A descriptor for another process. Move-only; closes on destruction. Unlike a File it stays open
/// in a forked child.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();
  /// The system's number of it.
  int number() const { return number_; }

 private:
  int number_;
};

/// An open regular file. Move-only; closes on destruction. All functions may be called from several
/// threads at once. Every Error names the call, the path, the offset and the system's reason; its
/// code is kNoSpace, kPermission, kNotFound, kOutOfMemory or kForked where that is the reason, else
/// kIo. Interrupted and short calls are continued inside.
///
/// Locks belong to the File (the open file description), not to the process or thread: two Files of
/// the same path conflict with each other, and the death of the process releases them at once. They
/// are advisory and may lie beyond the end of the file. A child made by fork() inherits none: its
/// copies of all Files are closed before fork() returns there, and fail with kForked.
class File {
 public:
  /// Opens an existing regular file, close-on-exec, never through a symbolic link in the last
  /// component. Errors: kNotFound; kPermission; kNotAStore when it is no regular file. `observer`
  /// is borrowed (may be null) and must outlive the File.
  static Result<File> open(const std::string& path, Access access,
                           CallObserver* observer = nullptr);

  /// Creates and opens a file that does not exist yet, with these permission bits less the umask.
  /// Errors: kBusy when the path exists.
  static Result<File> create_new(const std::string& path, std::uint32_t mode,
                                 CallObserver* observer = nullptr);

  /// A file without a name, in memory, empty, gone with its last user. `name` is what path() gives.
  static Result<File> create_in_memory(const std::string& name, CallObserver* observer = nullptr);

  /// Takes over a descriptor that another process has opened for reading, of a regular file or of
  /// one in memory; it is closed also when this fails. `name` is what path() gives. Without a name
  /// to the system: named() is false. Errors: kInvalidArgument (no descriptor), kNotAStore.
  static Result<File> take_over(int descriptor, const std::string& name);
  /// Opens this very file once more, for reading: a description of its own, which shares no locks
  /// with this one, to be passed to another process. Finds it whatever its name is now.
  Result<Descriptor> reopen_to_read() const;

  File(File&&) noexcept;
  File& operator=(File&&) noexcept;
  ~File();

  /// Reads up to buffer.size() bytes; fewer only at the end of the file. Returns how many.
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> buffer) const;
  /// Writes all pieces one after the other from `offset` on, in one vectored call for each 1,024
  /// pieces; all or an Error (then any part may have been written).
  Result<void> write_at(std::uint64_t offset, std::span<const Bytes> pieces);
  /// Writes one piece.
  Result<void> write_at(std::uint64_t offset, Bytes piece) { return write_at(offset, {&piece, 1}); }

  /// The same by storing through `map`, a map of this file, without a system call. The bytes must
  /// lie in blocks that were allocated, and inside the map. Fails, for ever, once `map` is damaged:
  /// then some store went nowhere.
  Result<void> store_at(SharedMemory& map, std::uint64_t offset, std::span<const Bytes> pieces);
  /// Whether what was allocated stays so on this kind of file system, whatever is written there: a
  /// store through a map then never finds the disk full. Only of a few it is known.
  Result<bool> keeps_allocated_blocks() const;

  /// Length of the file in bytes.
  Result<std::uint64_t> size() const;
  /// Cuts the file or extends it with a hole.
  Result<void> resize(std::uint64_t bytes);
  /// Reserves blocks for [offset, offset + bytes), extending the file when it is shorter. Bytes
  /// that exist keep their content, new ones are zero. Errors: kNoSpace.
  Result<void> allocate(std::uint64_t offset, std::uint64_t bytes);
  /// Returns when everything written before, and the length, is on the device.
  Result<void> flush();

  /// Device and inode.
  Result<FileIdentity> identity() const;
  /// What has become of the path it was opened by: one system call while the file is there. A file
  /// without a name is always kHere.
  Result<PathState> path_state() const;
  /// Whether any path names this file, as far as the system tells.
  Result<bool> has_name() const;
  /// Whether the path it was opened by still names this file.
  Result<bool> matches_path() const;
  /// Gives the file to another group. Errors: kPermission where the process may not.
  Result<void> set_group(std::uint32_t group);
  /// The kind of network file system that the file lies on, where locks and shared maps cannot be
  /// relied on; nothing when it is local.
  Result<std::optional<std::string>> network_file_system() const;
  /// Fails on such a one. Errors: kUnsupported, naming it.
  Result<void> check_file_system() const;

  /// Takes a lock on [offset, offset + length) without waiting; false when another File holds a
  /// conflicting one. Locking bytes that this File holds already changes their kind.
  Result<bool> try_lock(std::uint64_t offset, std::uint64_t length, LockKind kind);
  /// Takes the lock, waiting for ever.
  Result<void> lock(std::uint64_t offset, std::uint64_t length, LockKind kind);
  /// Gives up what this File holds of the range; fine when it holds nothing.
  Result<void> unlock(std::uint64_t offset, std::uint64_t length);
  /// Some lock of another File inside the range that would keep a lock of that kind from being
  /// taken (not necessarily the lowest), cut to the range; nothing when there is none.
  Result<std::optional<LockRange>> first_conflict(std::uint64_t offset, std::uint64_t length,
                                                  LockKind kind) const;

  const std::string& path() const;
  Access access() const;
  /// Whether it has a path; false for those in memory.
  bool named() const;
  CallObserver* observer() const;
  const FileCounters& counters() const;
  /// The system's descriptor, for engine/os only; -1 after a fork.
  int descriptor() const;

 private:
  struct State;
  explicit File(std::unique_ptr<State> state);
  static Result<File> adopt(const std::string& path, int flags, std::uint32_t mode, Access access,
                            CallObserver* observer);

  std::unique_ptr<State> state_;
};

}  // namespace kist::engine::os
