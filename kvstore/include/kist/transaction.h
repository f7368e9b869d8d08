#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <kist/engine/error.h>
#include <kist/observer.h>
#include <kist/options.h>
#include <kist/value.h>

namespace kist {

class Store;
struct StoreState;
struct ProfileUse;
struct ReadState;
struct WriteState;
struct IteratorState;

/// Makes the new value of a key from the present one (nothing: there is none), which is borrowed
/// until it returns; nothing removes the key. An error is passed on, and changes nothing. Must not
/// use the transaction.
using Update = std::function<Result<std::optional<Value>>(const std::optional<ValueView>& present)>;

/// Walks the records of one store in key order. Got from Store, Reader or Writer; move-only; used
/// from one thread at a time, together with the transaction it came from. It may outlive the Reader
/// object, whose snapshot it then keeps; after Reader::end(), Writer::commit() or Writer::abort()
/// its calls return kTransactionEnded.
///
///     while (true) {
///       KIST_ASSIGN(const bool more, iterator.next());
///       if (!more) break;
///       use(iterator.key(), iterator.value());
///     }
class Iterator {
 public:
  Iterator(Iterator&&) noexcept;
  Iterator& operator=(Iterator&&) noexcept;
  ~Iterator();

  /// Moves to the next record of the range (the first, at first); false when there is none, and
  /// from then on. Errors: kTransactionEnded, kDamaged; kCursorInvalid after a write of its Writer.
  Result<bool> next();
  /// Key of the record, borrowed until the next move or, in a Writer, the next write. Empty before
  /// the first next() and after the last. In a store of integers encoded: see number().
  std::string_view key() const;
  /// Key of the record in a store of integers. T: std::int64_t or std::uint64_t. Errors: kWrongKind
  /// where keys are bytes, kOutOfRange when it is no T, kBadValue (a key of another width),
  /// kCursorInvalid when there is no record here.
  template <typename T>
  Result<T> number() const;
  /// Value of the record, borrowed until the transaction ends or, in a Writer, until its next
  /// write. A bad value does not end the iteration. Errors: kBadValue and kNewerFormat, naming the
  /// key; kCursorInvalid when there is no record here; kTransactionEnded, kDamaged.
  Result<ValueView> value() const;

 private:
  friend struct TransactionAccess;
  explicit Iterator(std::unique_ptr<IteratorState> state);
  std::unique_ptr<IteratorState> state_;
};

/// A consistent snapshot of all stores of a profile: what was committed when it began. Never blocks
/// a writer. Got from Profile::read(); move-only; used from any one thread at a time. Destroying it
/// ends it. Stores passed to it must be of the same profile (kMisuse).
class Reader {
 public:
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  /// The value of `key`, or nothing; strings, JSON and blobs point into the map and live as long as
  /// the Reader (and its iterators). Errors: kBadValue, kNewerFormat, kTableNotFound,
  /// kTransactionEnded, kDamaged.
  Result<std::optional<ValueView>> get(const Store& store, const Key& key) const;
  /// The value of `key` as a T, or nothing. T: what ValueView::as() takes; borrowed ones live as
  /// long as the Reader. Errors: also kWrongType, naming the key, the type wanted and the type
  /// found.
  template <typename T>
  Result<std::optional<T>> get(const Store& store, const Key& key) const;
  /// The same, or `absent` where there is no value.
  template <typename T>
  Result<T> get_or(const Store& store, const Key& key, T absent) const {
    Result<std::optional<T>> found = get<T>(store, key);
    if (!found) return std::unexpected(std::move(found).error());
    return (*std::move(found)).value_or(std::move(absent));
  }
  /// Whether `key` has a value.
  Result<bool> has(const Store& store, const Key& key) const;
  /// Number of records within `range`, in O(log n); in a multi store, of values.
  Result<std::uint64_t> count(const Store& store, const Range& range = {}) const;
  /// An iteration over part of a store.
  Result<Iterator> iterate(const Store& store, const Range& range = {}) const;
  /// Number of the snapshot: grows with every commit. 0 after end().
  std::uint64_t id() const;
  /// What the snapshot can be recognised by later; see ObserveOptions::since.
  Result<SnapshotMark> mark() const;
  /// Gives up the snapshot. Views got from it are dead; further calls return kTransactionEnded.
  void end();

 private:
  friend struct TransactionAccess;
  explicit Reader(std::shared_ptr<ReadState> state);
  std::shared_ptr<ReadState> state_;
};

/// The one transaction that may change a profile at a time, across all processes; over all its
/// stores. It sees its own changes. Got from Profile::write(); move-only; used from any one thread
/// at a time. Destroying it without commit() aborts it. A call that fails has changed nothing and
/// leaves the transaction usable, unless the error is the engine's (kIo, kNoSpace, kDamaged).
/// Stores passed to it must be of the same profile (kMisuse). While a Writer has not ended, the
/// thread that began it gets kMisuse where it would wait for it for ever: when it writes through a
/// Store or Profile, or begins another Writer without a time limit.
class Writer {
 public:
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  ~Writer();

  /// As in Reader; borrowed values live until the next write or the end of the transaction.
  Result<std::optional<ValueView>> get(const Store& store, const Key& key) const;
  /// As in Reader; borrowed values live until the next write or the end of the transaction.
  template <typename T>
  Result<std::optional<T>> get(const Store& store, const Key& key) const;
  /// The same, or `absent` where there is no value.
  template <typename T>
  Result<T> get_or(const Store& store, const Key& key, T absent) const {
    Result<std::optional<T>> found = get<T>(store, key);
    if (!found) return std::unexpected(std::move(found).error());
    return (*std::move(found)).value_or(std::move(absent));
  }
  /// Whether `key` has a value.
  Result<bool> has(const Store& store, const Key& key) const;
  /// Number of records within `range`, in O(log n); in a multi store, of values.
  Result<std::uint64_t> count(const Store& store, const Range& range = {}) const;
  /// An iteration over part of a store. A write makes it invalid (kCursorInvalid).
  Result<Iterator> iterate(const Store& store, const Range& range = {}) const;

  // As in Store, within this transaction. Errors also: kTransactionEnded.

  Result<void> put(const Store& store, const Key& key, const ValueView& value);
  Result<bool> put_if_absent(const Store& store, const Key& key, const ValueView& value);
  Result<bool> erase(const Store& store, const Key& key);
  Result<bool> erase(const Store& store, const Key& key, const ValueView& value);
  Result<std::uint64_t> erase_range(const Store& store, const Range& range);
  Result<std::uint64_t> clear(const Store& store);
  Result<bool> compare_and_set(const Store& store, const Key& key,
                               const std::optional<ValueView>& expected,
                               const std::optional<ValueView>& value);
  Result<Value> add(const Store& store, const Key& key, std::int64_t amount = 1);
  Result<std::optional<Value>> update(const Store& store, const Key& key, const Update& change);

  /// As Profile::open_store(), within this transaction: a store that is created here exists once
  /// the transaction is committed.
  Result<Store> open_store(std::string_view name, const StoreOptions& options);
  Result<Store> open_store(std::string_view name, bool create = true);
  /// As Profile::drop_store(), within this transaction.
  Result<bool> drop_store(std::string_view name);

  /// Makes all changes visible at once and, unless relaxed, durable. Ends the transaction, also
  /// when it fails. Returns the number of the new snapshot. Nothing for `durability` takes the
  /// profile's.
  Result<std::uint64_t> commit(std::optional<Durability> durability = std::nullopt);
  /// Forgets all changes and ends the transaction.
  void abort();

 private:
  friend struct TransactionAccess;
  explicit Writer(std::shared_ptr<WriteState> state);
  std::shared_ptr<WriteState> state_;
};

/// Puts and deletes of several stores, gathered without a transaction and applied at once by
/// Profile::apply(), in the order given. Owns copies of keys and values. Used from one thread at a
/// time.
class Batch {
 public:
  Batch();
  Batch(const Batch&);
  Batch& operator=(const Batch&);
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;
  ~Batch();

  // Each adds an operation, and checks key and value at once; on an error the batch is as before.
  // Errors: those of keys and values, kClosed for an empty store handle. Deleting what is not there
  // is fine.

  Result<void> put(const Store& store, const Key& key, const ValueView& value);
  Result<void> erase(const Store& store, const Key& key);
  Result<void> erase(const Store& store, const Key& key, const ValueView& value);
  Result<void> erase_range(const Store& store, const Range& range);
  Result<void> clear(const Store& store);
  /// Removes all operations.
  void clear();
  /// Number of operations.
  std::size_t size() const;

 private:
  friend struct TransactionAccess;
  enum class OperationKind : std::uint8_t;
  struct Operation;
  Result<void> add(OperationKind kind, const Store& store, const Key& key, const ValueView* value);
  std::vector<Operation> operations_;
};

}  // namespace kist
