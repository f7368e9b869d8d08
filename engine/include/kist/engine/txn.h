#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>
#include <kist/engine/options.h>
#include <kist/engine/readers.h>
#include <kist/engine/stats.h>
#include <kist/engine/table.h>

namespace kist::engine {

class Cursor;
class Environment;
class Range;
class Snapshot;
class ValueReader;
struct RangeOptions;

/// What every transaction can do: read one snapshot of every table.
///
/// A transaction belongs to its handle, not to a thread: it may be used from any one thread at a
/// time. Spans returned by a read transaction point into the map and live as long as the
/// transaction; those of a write transaction live until its next write or its end.
///
/// Every call can fail with kTransactionEnded, kForked, kDamaged, kMisuse (a handle of another
/// Database; a transaction whose nested one is open), kTableNotFound, and kNoComparator when
/// the table is ordered by a comparator that was not registered.
class Txn {
 public:
  Txn(const Txn&) = delete;
  Txn& operator=(const Txn&) = delete;

  /// Id of the snapshot: the transaction that committed it. In a write transaction, the snapshot it
  /// started from.
  std::uint64_t id() const;
  /// Three numbers of the user that were committed with the snapshot; see
  /// WriteTxn::set_markers(). All 0 in a new store, and after the end of the transaction.
  std::array<std::uint64_t, 3> markers() const;
  /// Version of what the user stores, as of the snapshot; see Options::domain_version.
  std::uint64_t domain_version() const;
  /// How many transactions were committed since the snapshot, in all processes; an upper bound,
  /// because ids of given up transactions count.
  Result<std::uint64_t> lag() const;

  // Records.

  /// The value of `key`, or nothing. In a multimap the first value.
  Result<std::optional<Bytes>> get(Table table, Bytes key) const;
  /// Whether `key` has a value.
  Result<bool> contains(Table table, Bytes key) const;
  /// Looks up many keys, in any order, faster than one by one: `values[i]` becomes the value of
  /// `keys[i]`. Both have the same length, else kInvalidArgument.
  Result<void> get_many(Table table, std::span<const Bytes> keys,
                        std::span<std::optional<Bytes>> values) const;
  /// Whether a multimap has this very pair; in other tables, whether the value of `key` is `value`.
  Result<bool> contains_pair(Table table, Bytes key, Bytes value) const;
  /// Number of values of `key`, in O(log n).
  Result<std::uint64_t> count_values(Table table, Bytes key) const;
  /// The value of `key` as a stream, or nothing; for values larger than memory should hold.
  Result<std::optional<ValueReader>> open_value(Table table, Bytes key) const;
  /// A cursor over the table, standing before its first record.
  Result<Cursor> cursor(Table table) const;
  /// Part of the table as a C++ range; see range.h.
  Result<Range> range(Table table, const RangeOptions& options) const;

  // Order statistics: exact, O(log n), and true of uncommitted changes, too. Bounds are half open:
  // [from, to); nothing means from the start, or to the end. In multimaps keys are counted where
  // asked.

  /// Number of records of the table; in a multimap, of pairs.
  Result<std::uint64_t> count(Table table, CountOf what = CountOf::kPairs) const;
  /// Number of records with keys less than `key`.
  Result<std::uint64_t> rank(Table table, Bytes key, CountOf what = CountOf::kPairs) const;
  /// Number of records with keys in [from, to).
  Result<std::uint64_t> count_range(Table table, std::optional<Bytes> from, std::optional<Bytes> to,
                                    CountOf what = CountOf::kPairs) const;
  /// Number of records whose keys begin with `prefix`. kMisuse unless the table is in byte order.
  Result<std::uint64_t> count_prefix(Table table, Bytes prefix,
                                     CountOf what = CountOf::kPairs) const;
  /// Record number `n` from 0 in order, or nothing behind the last. With kKeys: key number `n` with
  /// its first value.
  Result<std::optional<Record>> nth(Table table, std::uint64_t n,
                                    CountOf what = CountOf::kPairs) const;
  /// Keys that cut [from, to) into at most `parts` ranges of as equal numbers of records as whole
  /// keys allow: the first key of each part but the first. Fewer where there are fewer keys.
  Result<std::vector<std::string>> split(Table table, std::size_t parts,
                                         std::optional<Bytes> from = std::nullopt,
                                         std::optional<Bytes> to = std::nullopt) const;
  /// `n` records drawn at random, each record of the table with equal chance each time (so one may
  /// come twice); the same for the same seed and content. Empty for an empty table.
  Result<std::vector<Record>> sample(Table table, std::size_t n, std::uint64_t seed) const;

  // Tables.

  /// Whether the table exists in this snapshot.
  Result<bool> exists(Table table) const;
  /// What the table was created with.
  Result<TableOptions> table_options(Table table) const;
  /// How the table orders two keys, or two values of one key: negative, zero or positive. Values of
  /// tables that are no multimaps compare byte by byte.
  Result<int> compare_keys(Table table, Bytes a, Bytes b) const;
  Result<int> compare_values(Table table, Bytes a, Bytes b) const;
  /// Names of all named tables, in byte order.
  Result<std::vector<std::string>> table_names() const;
  /// The next number of the table's persistent sequence; see WriteTxn::advance_sequence().
  Result<std::uint64_t> sequence(Table table) const;
  /// Depth and pages of the table. Visits every branch page and every leaf that holds large values
  /// or groups of their own.
  Result<TableStats> table_stats(Table table) const;

  /// Whether bytes that this transaction returned stay as they are across its writes, because they
  /// lie in the map, where a commit before it put them, and not in its own memory. Always true of
  /// read transactions. (After commit_and_continue() they are dead.)
  bool outlives_writes(Bytes bytes) const;

 protected:
  Txn() = default;
  ~Txn() = default;
  Txn(Txn&&) noexcept = default;
  Txn& operator=(Txn&&) noexcept = default;
  friend class Cursor;
  friend class Database;
  friend class Difference;
  friend struct TxnAccess;
  std::shared_ptr<Snapshot> snapshot_;
};

/// A read-only view of one commit. Never waits and never blocks a writer. Destroying it ends it.
class ReadTxn : public Txn {
 public:
  ReadTxn(ReadTxn&&) noexcept = default;
  ReadTxn& operator=(ReadTxn&&) noexcept;
  ~ReadTxn() { end(); }

  /// Ends the transaction and gives up its snapshot. Spans got from it are dead; cursors return
  /// kTransactionEnded.
  void end() {
    if (snapshot_) give_up();
  }
  /// Gives up the snapshot but keeps what a renew() needs. Until then calls return
  /// kTransactionEnded.
  void reset();
  /// Pins the newest commit, after reset() or in place of the present snapshot. Cursors stay, stand
  /// nowhere, and can be placed again. Returns whether the snapshot is another than before.
  Result<bool> renew();
  /// Lets writers end this transaction while it is not used, if they need the pages that it holds
  /// back (Options::slow_reader). Until unpark() or renew() calls return kMisuse; spans got before
  /// are dead, and cursors can be placed again afterwards. kMisuse when it is parked already, when
  /// clones share its snapshot, and for a transaction of read_uncommitted(). A transaction that is
  /// pinned without a reader slot can be parked and is never ousted. Costs no system call.
  Result<void> park();
  /// Goes on. Errors: kOusted, after which renew() is possible; those of renew() where it restarts;
  /// kMisuse when it was not parked.
  Result<Unparked> unpark(IfOusted if_ousted = IfOusted::kFail);
  /// Another transaction on the same snapshot, for another thread say.
  Result<ReadTxn> clone() const;

 private:
  friend class Database;
  friend class WriteTxn;
  ReadTxn() = default;
  void give_up();
};

}  // namespace kist::engine
