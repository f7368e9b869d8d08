#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <kist/engine/check_options.h>
#include <kist/engine/compact.h>
#include <kist/engine/cursor.h>
#include <kist/engine/error.h>
#include <kist/engine/options.h>
#include <kist/engine/readers.h>
#include <kist/engine/stats.h>
#include <kist/engine/txn.h>
#include <kist/engine/write_txn.h>

namespace kist::engine {

class Environment;

/// A transaction between the two phases of its commit.
struct PreparedTxn {
  std::uint64_t id = 0;
  std::array<std::uint64_t, 3> markers{};  ///< As it would commit them.
};

/// How a file is about to be read.
enum class Access : std::uint8_t {
  kNormal,      ///< The system decides what it reads ahead.
  kRandom,      ///< Here and there: nothing is read ahead.
  kSequential,  ///< From one end to the other: much is read ahead.
  kWillNeed,    ///< All of it soon: reading begins in the background.
};

/// An open environment: one file of ordered byte maps ("tables"), shared by any number of threads
/// and processes. Copies of a Database, and every opening of the same file in this process, are the
/// same environment, counted; the last one to go closes it. Thread-safe.
class Database {
 public:
  /// Opens the file `path`, creating it when asked to. A second file, `path` + "-lock", appears
  /// beside it. Errors: kNotFound, kPermission, kNotAStore, kNewerFormat, kDamaged,
  /// kOptionConflict, kIo.
  static Result<Database> open(const std::string& path, const Options& options = {});

  /// A new, empty environment in memory, which nobody else can open and which is gone with its last
  /// handle. `options`: those of creation, transactions and tests count. Nothing is flushed
  /// anywhere, so durable commits are as fast as relaxed ones.
  static Result<Database> open_in_memory(const Options& options = {});

  /// A handle for the table of that name (any bytes, at least one). Does not create it and does not
  /// look whether it exists. Errors: kInvalidArgument when the name is empty or too long.
  Result<Table> table(std::string_view name) const;

  /// Begins a read transaction on the newest snapshot. Never waits.
  Result<ReadTxn> read() const;
  /// Begins the write transaction. Waits for other writers as long as `wait` says. Errors: kBusy
  /// (zero wait), kTimedOut, kReadOnly, kLatched, kForked; kMisuse instead of waiting for ever for
  /// a transaction that this very thread began, wherever its handle is now.
  Result<WriteTxn> write(Wait wait = std::nullopt) const;

  /// Turns a read transaction into the write transaction on the same snapshot, when that is still
  /// the newest: nothing can have changed since it was read. `txn` ends when this succeeds, and
  /// goes on otherwise. Errors: those of write(); kConflict when a newer commit exists; kMisuse for
  /// a transaction of another Database, or one of read_uncommitted().
  Result<WriteTxn> upgrade(ReadTxn& txn, Wait wait = std::nullopt) const;
  /// Makes `compare` known, in this process, as the comparator `name` (1 to 32 bytes) of tables
  /// that were created with it. Registering a name again is kMisuse. Tables whose comparator is not
  /// registered can be checked, dropped and listed, not read.
  Result<void> register_comparator(std::string_view name, Comparator compare) const;

  /// Makes everything committed so far durable. Does not wait for a write transaction that is under
  /// way; kMisuse when this very thread began it, because what it holds would not be included.
  Result<void> sync() const;
  /// Newest transaction, of any process, that is known to be on the device. Never more than a
  /// moment behind; no system call, but for a flush when nobody has written since the opening.
  Result<std::uint64_t> durable_id() const;
  /// Returns when transaction `id`, as commit() returned it, is on the device; flushes for
  /// everybody who waits unless somebody else does. With a relaxed commit before, this gives both
  /// moments: visible when commit() returns, durable when this does. `wait` limits the waiting for
  /// others, not a flush of its own. Errors: kBusy (zero wait), kTimedOut; kInvalidArgument when
  /// there is no such transaction yet; kReadOnly, kLatched, kForked, kIo.
  Result<void> wait_durable(std::uint64_t id, Wait wait = std::nullopt) const;
  /// Flushes what relaxed commits of any process left when it is due by Options::flush_bytes or
  /// flush_age. Cheap when it is not. Returns in what time to come again; nothing: when there has
  /// been another commit. Errors: kLatched, kForked, kIo.
  Result<std::optional<std::chrono::milliseconds>> poll() const;
  /// Walks the newest snapshot and the space map and returns every violated invariant. A page that
  /// cannot be read is a violation, not an error. Pins what it reads; blocks nobody. Errors:
  /// kStopped.
  Result<CheckReport> check(const CheckOptions& options = {}) const;
  /// Does one step of moving what lies at the end of the file to free places nearer its start, and
  /// finally gives the end back to the file system. Call it until it says that it is done; other
  /// writers go on between the steps, readers all the time. Errors: those of write() and of
  /// commits.
  Result<CompactProgress> compact(const CompactBudget& budget = {}, Wait wait = std::nullopt) const;
  /// Sizes and counters. Does not wait: while a write transaction is under way, what only its
  /// writer knows (free_pages, pending_pages) is reported as 0.
  Result<EnvironmentStats> stats() const;

  /// The transaction that WriteTxn::prepare() prepared and nobody decided yet, if there is one.
  Result<std::optional<PreparedTxn>> prepared() const;
  /// Makes the prepared transaction visible, durably: it is the newest commit afterwards. Waits for
  /// the writer's place as long as `wait` says. Errors: kNotFound when no transaction of that id is
  /// prepared (it may have been decided); those of write().
  Result<void> commit_prepared(std::uint64_t id, Wait wait = std::nullopt) const;
  /// Forgets the prepared transaction for ever. Otherwise like commit_prepared().
  Result<void> roll_back_prepared(std::uint64_t id, Wait wait = std::nullopt) const;

  /// The user's bytes about the environment, as of the newest commit; see WriteTxn::set_metadata().
  Result<std::string> metadata() const;

  /// Reads the file, or its first `bytes`, into memory and enters it into the map, so that the
  /// first reads after it wait for no device. Returns how many bytes that were.
  Result<std::uint64_t> warm_up(std::optional<std::uint64_t> bytes = std::nullopt) const;
  /// Tells the system how the file is about to be read. Advice is for this process and lasts until
  /// other advice.
  Result<void> advise(Access access) const;
  /// Keeps what the file holds now in memory, or (`on` = false) no longer. For this process; called
  /// again after the file has grown, it keeps that, too. Errors: kOutOfMemory, kPermission where
  /// RLIMIT_MEMLOCK is less.
  Result<void> lock_in_memory(bool on) const;
  /// All read transactions that pin a snapshot, in every process, in no order; clones count as one.
  /// Those that cannot write the lock file are listed once a snapshot, without process and age; an
  /// environment that is such a reader itself sees none but its own. What each holds is known when
  /// no write transaction is under way. Does not wait.
  Result<std::vector<Reader>> readers() const;

  /// Bytes a page.
  std::uint32_t page_size() const;
  /// Longest key, in bytes: half a page less 26.
  std::size_t max_key_size() const;
  /// Longest name of a table, in bytes.
  std::size_t max_table_name_size() const;
  /// Absolute path of the data file.
  const std::string& path() const;

  /// Gives up this handle. When it is the last of the environment, flushes and marks the file as
  /// cleanly closed; errors of that are reported here (the destructor cannot). Transactions still
  /// alive keep the environment open. Further calls return kClosed.
  Result<void> close();

 private:
  friend struct DatabaseAccess;
  explicit Database(std::shared_ptr<Environment> environment);
  std::shared_ptr<Environment> environment_;
};

}  // namespace kist::engine
