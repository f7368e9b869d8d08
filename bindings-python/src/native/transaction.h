#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/pybind11.h>

#include <kist/store.h>
#include <kist/transaction.h>

#include "gil.h"
#include "iterator.h"
#include "process_bound.h"

namespace kist::python {

/// A store as Python names it in calls of a profile, reader or writer.
struct StoreHandle {
  explicit StoreHandle(ProcessBound<Store> opened) : store(std::move(opened)) {}
  StoreHandle(StoreHandle&&) noexcept = default;
  StoreHandle& operator=(StoreHandle&&) = delete;
  // It may be the last handle of its profile, whose close waits for completions, which want the
  // GIL.
  ~StoreHandle() {
    if (store.holds()) without_gil([this] { store.reset(); });
  }
  ProcessBound<Store> store;
};

/// What a store is to be, as Python says it. Throws Failure: kInvalidArgument (no such type of
/// keys).
StoreOptions store_options(bool create, bool multi, const std::string& keys);

/// The life of a reader or writer. The GIL guards everything: each call holds it, and what runs
/// without it (commit and abort) first takes the engine's object away, so that other threads find
/// the transaction ended.
class Transaction : public std::enable_shared_from_this<Transaction> {
 public:
  virtual ~Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Throws Failure: kTransactionEnded, or kClosed when the profile was closed over it.
  void require_open() const;
  /// Whether it has not ended.
  bool open() const { return end_ == End::kNot; }
  /// Ends it; a writer's changes are forgotten. Does nothing when it has ended.
  void end() { end_as(End::kEnded); }
  /// Ends it because its profile closes.
  void end_with_profile() { end_as(End::kProfileClosed); }

 protected:
  enum class End : std::uint8_t { kNot, kEnded, kProfileClosed };
  Transaction() = default;

  /// Notes the end and takes the engine's iterators away.
  void detach(End end);
  /// Gives up the engine's transaction.
  virtual void release() = 0;
  /// Hands the engine's iterator to Python.
  std::shared_ptr<RecordIterator> attach(Iterator iterator, Wanted wanted, KeyType keys,
                                         bool bytes_keys);

 private:
  void end_as(End end);

  End end_ = End::kNot;
  std::vector<std::weak_ptr<RecordIterator>> iterators_;
};

/// The calls that kist::Reader and kist::Writer share, with Python's types. All throw Failure.
template <typename Native>
class TransactionOf : public Transaction {
 public:
  explicit TransactionOf(Native native)
      : native_(std::make_shared<ProcessBound<Native>>(std::move(native))) {}

  /// The value of `key`, or `absent`.
  pybind11::object get(const StoreHandle& store, pybind11::handle key, pybind11::object absent);
  /// Whether `key` has a value.
  bool has(const StoreHandle& store, pybind11::handle key);
  /// A member of a JSON value, or None.
  pybind11::object member(const StoreHandle& store, pybind11::handle key,
                          const std::string& pointer);
  /// Number of records within `bounds`.
  std::uint64_t count(const StoreHandle& store, const Bounds& bounds);
  /// An iterator over the records within `bounds`.
  std::shared_ptr<RecordIterator> iterate(const StoreHandle& store, Wanted wanted, bool bytes_keys,
                                          const Bounds& bounds);

 protected:
  /// The engine's transaction, if it has not ended.
  virtual Native& native() {
    require_open();
    return native_->get();
  }
  void release() override { native_.reset(); }

  std::shared_ptr<ProcessBound<Native>> native_;
};

/// The bytes of a string, JSON document or blob within a snapshot, for Python's buffer protocol.
/// Keeps the snapshot until Python lets go of it, also when its reader has been closed.
struct BorrowedBytes {
  std::shared_ptr<const ProcessBound<Reader>> snapshot;
  Bytes bytes;
};

/// A snapshot for Python.
class ReaderHandle final : public TransactionOf<Reader> {
 public:
  using TransactionOf::TransactionOf;

  /// A read-only memoryview of the text or blob under `key`, or None. Throws Failure: kWrongType.
  pybind11::object view(const StoreHandle& store, pybind11::handle key);
  /// Number of the snapshot.
  std::uint64_t id() { return native().id(); }
};

/// A write transaction for Python.
class WriterHandle final : public TransactionOf<Writer> {
 public:
  /// `profile` is the directory of the profile it writes.
  WriterHandle(Writer writer, std::string profile);
  ~WriterHandle() override;

  void put(const StoreHandle& store, pybind11::handle key, pybind11::handle value);
  bool erase(const StoreHandle& store, pybind11::handle key);
  std::uint64_t clear(const StoreHandle& store);
  bool erase_value(const StoreHandle& store, pybind11::handle key, pybind11::handle value);
  std::uint64_t erase_range(const StoreHandle& store, const Bounds& bounds);
  bool put_if_absent(const StoreHandle& store, pybind11::handle key, pybind11::handle value);
  /// `expected` and `value` may be None: no value.
  bool compare_and_set(const StoreHandle& store, pybind11::handle key, pybind11::handle expected,
                       pybind11::handle value);
  pybind11::object add(const StoreHandle& store, pybind11::handle key, std::int64_t amount);
  pybind11::object merge_patch(const StoreHandle& store, pybind11::handle key,
                               const std::string& patch);
  StoreHandle open_store(const std::string& name, bool create, bool multi, const std::string& keys);
  bool drop_store(const std::string& name);
  /// Commits without the GIL. `relaxed`: None takes the profile's durability.
  std::uint64_t commit(std::optional<bool> relaxed);

  /// Throws Failure (kMisuse) when the calling thread was the last to use a writer of the profile
  /// in that directory which has not ended: to wait for another would be to wait for ever.
  static void require_none_in_this_thread(const std::string& profile);

 protected:
  Writer& native() override;
  void release() override;

 private:
  std::string profile_;
  unsigned long thread_;  // the one that used it last
};

}  // namespace kist::python
