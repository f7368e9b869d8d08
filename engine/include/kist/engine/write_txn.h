#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <kist/engine/stats.h>
#include <kist/engine/txn.h>

namespace kist::engine {

class ValueWriter;

/// A point inside a write transaction that can be returned to. Got from WriteTxn::savepoint(); no
/// more than a number, and good until it is released, rolled back beyond, or the transaction ends.
class Savepoint {
 private:
  friend class WriteTxn;
  std::uint64_t level_ = 0;
};

/// The one transaction that may change an environment at a time, across all processes. It sees its
/// own changes. Destroying it without commit() aborts it.
///
/// Cursors of the transaction keep their place across its writes, whoever makes them: a cursor
/// stands on a key (in a multimap on a pair), not on a place in memory. Keys and values passed in
/// are copied, and may be spans that the transaction returned.
class WriteTxn : public Txn {
 public:
  WriteTxn(WriteTxn&&) noexcept = default;
  WriteTxn& operator=(WriteTxn&&) noexcept;
  ~WriteTxn();

  // Tables.

  /// Creates a table. Errors: kTableExists unless `exist_ok`; kOptionConflict when it exists with
  /// other options, naming the first that differs; kInvalidArgument for options that make no sense.
  Result<void> create_table(Table table, bool exist_ok = false);
  Result<void> create_table(Table table, const TableOptions& options, bool exist_ok = false);
  /// Removes a table and everything in it, in time proportional to its branch pages. Not the
  /// default table.
  Result<void> drop_table(Table table);
  /// Gives the table another name. Errors: kTableExists.
  Result<void> rename_table(Table from, Table to);
  /// Removes every record of the table, as fast. Returns how many there were.
  Result<std::uint64_t> clear(Table table);

  // Records. All of them: kKeyTooLong, kValueTooLong, kInvalidArgument (a key or value of another
  // size than the table's), kNoSpace. An error that leaves the transaction half changed is
  // remembered: then only abort, or rollback to a savepoint, is possible.

  /// Stores `value` under `key`; false when `mode` held it back. Storing what is there already
  /// copies no page. In a multimap: adds the pair, false when it was there.
  Result<bool> put(Table table, Bytes key, Bytes value, PutMode mode = PutMode::kUpsert);
  /// Stores many records; returns how many put() would have returned true for. Fastest when sorted.
  /// Here keys and values must not be spans of the transaction's own memory: see
  /// outlives_writes(). With kAppend, in tables of one value a key: all of them or none.
  Result<std::uint64_t> put_many(Table table, std::span<const Record> records,
                                 PutMode mode = PutMode::kUpsert);
  /// Makes room for a value of `size` zero bytes under `key` and returns it to be filled in, before
  /// the next call on this transaction. kMisuse in a multimap.
  Result<std::span<std::uint8_t>> reserve(Table table, Bytes key, std::size_t size);
  /// Writes a value of exactly `size` bytes piece by piece, straight to its place in the file; it
  /// becomes the value of `key` with ValueWriter::finish(). kMisuse in a multimap.
  Result<ValueWriter> stream_value(Table table, Bytes key, std::uint64_t size);
  /// Removes `key`, in a multimap with all its values; false when it had none.
  Result<bool> erase(Table table, Bytes key);
  /// Removes one pair of a multimap; in other tables, removes `key` only when its value equals
  /// `value`. False otherwise.
  Result<bool> erase_pair(Table table, Bytes key, Bytes value);
  /// The same under the name that single-valued tables know it by.
  Result<bool> erase_if_equal(Table table, Bytes key, Bytes expected);
  /// Stores `value` (nothing: removes the key) only when the present value equals `expected`
  /// (nothing: only when there is none). False, and no change, otherwise. kAmbiguous when a key of
  /// a multimap has several values.
  Result<bool> compare_and_set(Table table, Bytes key, std::optional<Bytes> expected,
                               std::optional<Bytes> value);
  /// Stores `value` and returns a copy of the value it replaced, if any. kAmbiguous likewise.
  Result<std::optional<std::string>> replace(Table table, Bytes key, Bytes value);
  /// Removes `key` and returns a copy of the value it had, if any. kAmbiguous likewise.
  Result<std::optional<std::string>> take(Table table, Bytes key);

  /// Removes the records with keys in [from, to), from the start, or to the end, where that is
  /// nothing. Visits only the
  /// pages at both borders and the branches between them. Returns how many there were.
  Result<std::uint64_t> erase_range(Table table, std::optional<Bytes> from,
                                    std::optional<Bytes> to);
  /// Removes the records whose keys begin with `prefix`. kMisuse unless the table is in byte order.
  Result<std::uint64_t> erase_prefix(Table table, Bytes prefix);

  /// Adds `amount` to the table's persistent sequence and returns what it was: the first of
  /// `amount` numbers that nobody else gets. Starts at 0. kInvalidArgument when it would overflow.
  Result<std::uint64_t> advance_sequence(Table table, std::uint64_t amount = 1);

  // About the whole environment. Committed, or rolled back, with everything else.

  /// Stores three numbers for the user's own purpose: a position in a log that was applied, say, or
  /// the name of a distributed transaction. Read with Txn::markers().
  Result<void> set_markers(const std::array<std::uint64_t, 3>& markers);
  /// Stores bytes about the environment, at most 128, in the place of those before. Read with
  /// Database::metadata(). Errors: kInvalidArgument when there are more.
  Result<void> set_metadata(Bytes metadata);
  /// Says that what the user stores has that version from this transaction on; it may not become
  /// less (kInvalidArgument). Every other process whose Options::domain_version says another gets
  /// kWrongVersion from its next transaction on; this one goes on.
  Result<void> set_domain_version(std::uint64_t version);

  // Transactions within.

  /// Begins a transaction within this one; to any depth. While it lives, this one and its cursors
  /// return kMisuse. Its commit() keeps its changes for this one to commit, its end without commit
  /// undoes them.
  Result<WriteTxn> nested();
  /// Marks the present state. Any number at a time.
  Result<Savepoint> savepoint();
  /// Undoes everything since `savepoint`, which stays, and forgets later ones. Cursors stay where
  /// they are in the order of keys. Mends a transaction whose change failed half-way since.
  Result<void> rollback_to(const Savepoint& savepoint);
  /// Forgets `savepoint` and later ones; keeps the changes.
  Result<void> release(const Savepoint& savepoint);
  /// A read transaction over the present, uncommitted state, usable from another thread while this
  /// one goes on writing, which it does not see. It lives as long as this write transaction;
  /// afterwards its calls return kTransactionEnded. Any number at a time.
  Result<ReadTxn> read_uncommitted();

  // The end.

  /// Makes all changes visible at once and, unless relaxed, durable. Ends the transaction, also
  /// when it fails: then nothing has changed (kNoSpace), or the environment is latched (kIo). A
  /// transaction without changes commits nothing and keeps the snapshot's id. Returns the id of the
  /// new snapshot. Of a nested transaction: hands its changes to the one around it; `durability`
  /// means nothing.
  Result<std::uint64_t> commit(std::optional<Durability> durability = std::nullopt);
  /// Commits and goes on writing, without giving up the writer's place in between. Savepoints end,
  /// spans are dead, cursors stay. kMisuse in a nested transaction, which goes on. When it fails
  /// otherwise, the transaction has ended; so it has (the next call says it) when it was committed
  /// but cannot go on.
  Result<std::uint64_t> commit_and_continue(std::optional<Durability> durability = std::nullopt);
  /// Commits and goes on reading the result, which is pinned before anybody can commit over it.
  /// kMisuse in a nested transaction, which goes on.
  Result<ReadTxn> commit_and_read(std::optional<Durability> durability = std::nullopt);
  /// First half of a two-phase commit: makes the changes last, but not visible, and ends the
  /// transaction. Returns its id. Until Database::commit_prepared() or roll_back_prepared(), which
  /// any process may call, also after a crash of all of them or of the machine, write transactions
  /// fail with kPrepared; readers go on as before. Costs two flushes. Errors: those of commit();
  /// kMisuse in a nested transaction, which goes on.
  Result<std::uint64_t> prepare();
  /// Forgets all changes and ends the transaction.
  void abort();

  /// Bytes of changed pages and values that the transaction holds in memory now.
  std::uint64_t memory_used() const;
  /// Changed tree pages that are in memory and not written yet; 0 after the end.
  std::uint64_t dirty_pages() const;
  /// What this transaction, with those nested in it, did to pages so far; zeros after the end.
  PageOperations page_operations() const;

 private:
  friend class Database;
  friend class Cursor;
  WriteTxn() = default;
};

}  // namespace kist::engine
