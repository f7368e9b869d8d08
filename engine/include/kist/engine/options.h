#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <kist/engine/log.h>
#include <kist/engine/readers.h>

namespace kist::engine {

namespace os {
class CallObserver;
}

/// How a commit is made to last.
enum class Durability : std::uint8_t {
  kDurable,  ///< On the device before commit() returns, and not seen by readers before that.
             ///< Commits of other threads and processes share the flush, and the next writer does
             ///< not wait for it.
  kRelaxed,  ///< Visible at once, on the device with the next durable commit, sync() or close. The
             ///< end of the process, or of all, loses nothing; a crash of the machine goes back to
             ///< the last flushed commit; the file is never damaged.
};

/// Options of an environment. Those marked "creation" are stored in the file and ignored later,
/// unless given and different: then opening fails with kOptionConflict.
struct Options {
  /// Creation. Bytes a page: a power of two from 256 to 65,536. Default 4,096.
  std::optional<std::uint32_t> page_size = {};
  /// Create the file when it does not exist. Otherwise kNotFound.
  bool create = true;
  /// Open for reading only. Needs no write permission on the data file.
  bool read_only = false;
  /// Have the file alone: no other process may open it meanwhile, and no lock file appears beside
  /// it. A file on a network file system is used so, where it is for the user to see to it that
  /// nobody else has it open, or through a WorkingCopy. Errors of opening: kBusy when somebody has.
  bool exclusive = false;
  /// Open the state that transaction `snapshot` left, instead of the newest, where its meta slot is
  /// still there and every page of it whole; list_snapshots() tells which. With read_only: to look
  /// at it. Else for recovery: newer transactions are forgotten for ever once this has succeeded.
  /// Implies `exclusive`, as nothing else keeps the pages of an old snapshot from being reused.
  /// Errors of opening: kSnapshotGone.
  std::optional<std::uint64_t> snapshot = {};
  /// Creation. Permission bits of new files, lessened by the umask.
  std::uint32_t file_mode = 0600;
  /// Creation. Group (a number) of new files, so that processes of other users can share them.
  std::optional<std::uint32_t> file_group = {};
  /// Version of what the program stores, for the program's own use. Creation: stored, 0 when not
  /// given. Afterwards: transactions fail with kWrongVersion, naming both, when the file has
  /// another. See WriteTxn::set_domain_version().
  std::optional<std::uint64_t> domain_version = {};
  /// Durability of transactions that do not say otherwise.
  Durability durability = Durability::kDurable;
  /// Bytes of changed pages and values that a write transaction keeps in memory. Beyond them it
  /// writes what it can to its final place in the file before the commit; 64 pages are kept however
  /// little is asked for. What a nested transaction, a savepoint or a reader of an uncommitted
  /// state may still need stays in memory and can exceed this.
  std::uint64_t transaction_memory = std::uint64_t{256} << 20;
  /// Bytes by which the file grows at a time, rounded up to whole pages. 0: an eighth of its
  /// length, at least 16 KiB and at most 16 MiB. The file is never longer than its content needs by
  /// more than this and what was free already.
  std::uint64_t growth_step = 0;
  /// Bytes that the file does not grow beyond, at least 65,536; a commit that needs more fails with
  /// kNoSpace, and what makes the content smaller still succeeds. 0: no such bound. Each process
  /// heeds its own; a file that is longer already stays as it is.
  std::uint64_t max_file_size = 0;
  /// Free bytes at the end of the file above which a durable commit gives them back to the file
  /// system (but for some that the next commits will need). 0: 64 pages and a quarter of the file.
  /// The greatest value: never.
  std::uint64_t shrink_threshold = 0;
  /// Reserve address space far beyond the file's length when it is mapped, so that growth maps
  /// nothing anew. Off (the default on 32 bits): maps are as long as the file and are replaced when
  /// it outgrows them; old ones go with the last transaction that uses them.
  bool reserve_address_space = sizeof(void*) >= 8;
  /// Asked when a read transaction holds back pages that a writer of this environment could use:
  /// before the file grows though that many pages are held, at max_file_size, and on a full disk.
  /// Without it the file grows, or the writer fails. What the first to open the environment here
  /// gave counts.
  SlowReaderCallback slow_reader = {};
  /// Relaxed commits are flushed when the newest one has so many bytes of pages that the newest
  /// durable one has not, whichever processes wrote them: by the commit that comes to it, or by the
  /// helper thread. What was written and replaced since does not count. 0: never.
  std::uint64_t flush_bytes = std::uint64_t{64} << 20;
  /// And when the oldest of them is so old: by the next commit, by Database::poll(), or by the
  /// helper thread. Zero: never.
  std::chrono::milliseconds flush_age = std::chrono::seconds(5);
  /// Do both in a thread of the environment's own, so that nobody needs to poll and no relaxed
  /// commit ever waits for a flush.
  bool flush_thread = false;
  /// Verify checksum, identity and birth of each page when this process first touches it. Turning
  /// this off is for measuring its cost; memory safety does not depend on it.
  bool verify = true;
  /// How often beginning a read transaction looks whether the path still names the file; a write
  /// transaction always looks. What was moved, replaced or deleted is refused with kMoved. One
  /// system call each time; nothing: readers never look.
  std::optional<std::chrono::milliseconds> path_check = std::chrono::milliseconds(1000);
  /// Told of what is worth knowing and nobody asked for: recovery, a failed flush, a moved file.
  /// On the thread concerned; must not call Kist, block or throw. Nothing: nobody is told.
  Log log = {};
  /// Tests only: sees, and may fail, every call to the operating system. Borrowed; must outlive the
  /// environment.
  os::CallObserver* observer = nullptr;
};

/// How long to wait for the writer lock: nothing waits for ever, zero does not wait.
using Wait = std::optional<std::chrono::milliseconds>;

}  // namespace kist::engine
