#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>
#include <kist/engine/options.h>
#include <kist/engine/stats.h>

namespace kist::engine {

class Cursor;
class Environment;
class Snapshot;

/// Names a table inside one Database for the life of that Database, whether or not the table exists
/// in a given snapshot. Got from Database::table(); cheap to copy; valid in every transaction and
/// after aborted ones.
class Table {
 public:
  /// The unnamed default table, which always exists.
  constexpr Table() = default;
  constexpr std::uint32_t index() const { return index_; }

 private:
  friend class Environment;
  friend class Cursor;
  constexpr explicit Table(std::uint32_t index) : index_(index) {}
  std::uint32_t index_ = 0;
};

/// What both kinds of transaction can do: read one snapshot of every table.
///
/// A transaction belongs to its handle, not to a thread: it may be used from any one thread at a
/// time. Spans returned by a read transaction point into the map and live as long as the
/// transaction; those of a write transaction live until its next write or its end.
class Txn {
 public:
  Txn(const Txn&) = delete;
  Txn& operator=(const Txn&) = delete;

  /// Id of the snapshot: the transaction that committed it. In a write transaction, the snapshot it
  /// started from.
  std::uint64_t id() const;
  /// The value of `key`, or nothing. Errors: kTableNotFound, kTransactionEnded, kForked, kDamaged.
  Result<std::optional<Bytes>> get(Table table, Bytes key) const;
  /// Whether `key` has a value.
  Result<bool> contains(Table table, Bytes key) const;
  /// Number of records of the table.
  Result<std::uint64_t> count(Table table) const;
  /// Whether the table exists in this snapshot.
  Result<bool> exists(Table table) const;
  /// Names of all named tables, in byte order.
  Result<std::vector<std::string>> table_names() const;
  /// A cursor over the table, standing before its first record. It must not outlive the
  /// transaction.
  Result<Cursor> cursor(Table table) const;
  /// Depth and pages of the table. Visits every branch page and every leaf that holds large values.
  Result<TableStats> table_stats(Table table) const;

 protected:
  Txn();
  ~Txn();
  Txn(Txn&&) noexcept;
  Txn& operator=(Txn&&) noexcept;
  friend class Cursor;
  std::unique_ptr<Snapshot> snapshot_;
};

/// A read-only view of the newest commit at the time it began. Never waits and never blocks a
/// writer. Destroying it ends it.
class ReadTxn : public Txn {
 public:
  ReadTxn(ReadTxn&&) noexcept = default;
  ReadTxn& operator=(ReadTxn&&) noexcept;
  ~ReadTxn();
  /// Ends the transaction and gives up its snapshot. Spans and cursors got from it are dead.
  void end();

 private:
  friend class Database;
  ReadTxn() = default;
};

/// When put() writes.
enum class PutMode : std::uint8_t {
  kUpsert,     ///< Always.
  kIfAbsent,   ///< Only when the key has no value yet.
  kIfPresent,  ///< Only when the key has a value.
};

/// The one transaction that may change an environment at a time, across all processes. It sees its
/// own changes. Destroying it without commit() aborts it.
class WriteTxn : public Txn {
 public:
  WriteTxn(WriteTxn&&) noexcept = default;
  WriteTxn& operator=(WriteTxn&&) noexcept;
  ~WriteTxn();

  /// Creates a table. Errors: kTableExists unless `exist_ok`.
  Result<void> create_table(Table table, bool exist_ok = false);
  /// Removes a table and everything in it. Not the default table. Errors: kTableNotFound.
  Result<void> drop_table(Table table);
  /// Gives the table another name. Errors: kTableNotFound, kTableExists.
  Result<void> rename_table(Table from, Table to);
  /// Removes every record of the table. Returns how many there were.
  Result<std::uint64_t> clear(Table table);

  /// Stores `value` under `key`; false when `mode` held it back. Both are copied. Errors:
  /// kTableNotFound, kKeyTooLong, kValueTooLong, kNoSpace, kTransactionEnded.
  Result<bool> put(Table table, Bytes key, Bytes value, PutMode mode = PutMode::kUpsert);
  /// Removes `key`; false when it had no value.
  Result<bool> erase(Table table, Bytes key);
  /// Stores `value` (nothing: removes the key) only when the present value equals `expected`
  /// (nothing: only when there is none). False, and no change, otherwise.
  Result<bool> compare_and_set(Table table, Bytes key, std::optional<Bytes> expected,
                               std::optional<Bytes> value);
  /// Stores `value` and returns a copy of the value it replaced, if any.
  Result<std::optional<std::string>> replace(Table table, Bytes key, Bytes value);
  /// Removes `key` only when its value equals `expected`; false otherwise.
  Result<bool> erase_if_equal(Table table, Bytes key, Bytes expected);
  /// Removes `key` and returns a copy of the value it had, if any.
  Result<std::optional<std::string>> take(Table table, Bytes key);

  /// Makes all changes visible at once and, unless relaxed, durable. Ends the transaction, also
  /// when it fails: then nothing has changed (kNoSpace), or the environment is latched (kIo). A
  /// transaction without changes commits nothing and keeps the snapshot's id. Returns the id of the
  /// new snapshot.
  Result<std::uint64_t> commit(std::optional<Durability> durability = std::nullopt);
  /// Forgets all changes and ends the transaction.
  void abort();

 private:
  friend class Database;
  WriteTxn() = default;
};

}  // namespace kist::engine
