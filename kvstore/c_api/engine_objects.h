#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include <kist/engine/cursor.h>
#include <kist/engine/database.h>
#include <kist/engine/difference.h>
#include <kist/engine/txn.h>
#include <kist/engine/value_stream.h>
#include <kist/engine/write_txn.h>
#include <kist/kist_engine.h>

#include "kvstore/c_api/handle_table.h"
#include "kvstore/c_api/object.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/turn.h"

namespace kist::c_api {

/// A user of an open file.
class DatabaseObject : public Object {
 public:
  static constexpr Kind kKind = Kind::kDatabase;
  using Handle = kist_db;
  /// `owner`: the working copy that it is, or null.
  explicit DatabaseObject(engine::Database opened, std::shared_ptr<Object> owner = nullptr)
      : Object(kKind, std::move(owner)), database_(std::move(opened)) {}

  /// The database, for use during a call, however long: closing does not wait for it. Errors:
  /// kClosed.
  Result<engine::Database> get();
  Result<void> close();

 private:
  std::mutex mutex_;
  std::optional<engine::Database> database_;  // empty when closed
};

/// A transaction of any kind. Destroying it ends it.
class TransactionObject : public Object {
 public:
  static constexpr Kind kKind = Kind::kTransaction;
  using Handle = kist_txn;
  using State = std::variant<std::monostate, engine::ReadTxn, engine::WriteTxn>;

  /// `owner`: the database, or the transaction that it was begun in.
  TransactionObject(std::shared_ptr<Object> owner, std::shared_ptr<DatabaseObject> of,
                    std::shared_ptr<Turn> taking, State begun);
  ~TransactionObject() override;

  const std::shared_ptr<DatabaseObject> database;
  const std::shared_ptr<Turn> turn;

  // The rest is for whoever holds the turn.

  /// Makes this the transaction nested in `parent`.
  void nest_in(TransactionObject& parent);
  bool is_nested() const { return parent_ != nullptr; }
  bool has_nested() const { return nested_ != nullptr; }
  /// Ends it and what is nested in it. Everything else then finds it closed.
  void end();

  /// What it is. Errors: kClosed after the end; kReadOnly (writer()), kMisuse (reader()).
  Result<engine::Txn*> txn();
  Result<engine::ReadTxn*> reader(const char* what);
  Result<engine::WriteTxn*> writer();
  /// Goes on as another transaction.
  void become(State state) { state_ = std::move(state); }

 private:
  State state_;                          // std::monostate after the end
  TransactionObject* parent_ = nullptr;  // of a nested transaction that has not ended; owned by
  TransactionObject* nested_ = nullptr;  // nobody here: a nested one keeps its parent in existence
};

/// Something made from a transaction, which uses it and takes its turn.
template <typename T>
struct Dependent : Object {
  Dependent(Kind kind, std::shared_ptr<DatabaseObject> owner, std::shared_ptr<Turn> taking, T made)
      : Object(kind, std::move(owner)), turn(std::move(taking)), value(std::move(made)) {}
  ~Dependent() override {
    const Hold hold(*turn);
    value.reset();
  }
  std::shared_ptr<Turn> turn;
  std::optional<T> value;  // empty only while it is destroyed
};

struct CursorObject : Dependent<engine::Cursor> {
  static constexpr Kind kKind = Kind::kCursor;
  using Handle = kist_cursor;
  CursorObject(std::shared_ptr<DatabaseObject> of, std::shared_ptr<Turn> taking,
               engine::Cursor made)
      : Dependent(kKind, of, std::move(taking), std::move(made)), database(std::move(of)) {}
  const std::shared_ptr<DatabaseObject> database;
  std::mutex mutex;  // held by whoever uses `turn`, which changes when the cursor is rebound
  std::optional<Error> pending;  // met behind records that were given already; for the next call
};

struct ValueReaderObject : Dependent<engine::ValueReader> {
  static constexpr Kind kKind = Kind::kValueReader;
  using Handle = kist_value_reader;
  ValueReaderObject(std::shared_ptr<DatabaseObject> of, std::shared_ptr<Turn> taking,
                    engine::ValueReader made)
      : Dependent(kKind, std::move(of), std::move(taking), std::move(made)) {}
};

struct ValueWriterObject : Dependent<engine::ValueWriter> {
  static constexpr Kind kKind = Kind::kValueWriter;
  using Handle = kist_value_writer;
  ValueWriterObject(std::shared_ptr<DatabaseObject> of, std::shared_ptr<Turn> taking,
                    engine::ValueWriter made)
      : Dependent(kKind, std::move(of), std::move(taking), std::move(made)) {}
};

struct DifferenceObject : Object {
  static constexpr Kind kKind = Kind::kDifference;
  using Handle = kist_diff;
  DifferenceObject(std::shared_ptr<DatabaseObject> of, std::shared_ptr<Turn> one,
                   std::shared_ptr<Turn> other, engine::Difference made)
      : Object(kKind, std::move(of)),
        before(std::move(one)),
        after(std::move(other)),
        difference(std::move(made)) {}
  ~DifferenceObject() override {
    const Hold hold(*before, *after);
    difference.reset();
  }
  const std::shared_ptr<Turn> before;
  const std::shared_ptr<Turn> after;
  std::optional<engine::Difference> difference;  // empty only while it is destroyed
};

/// Runs a callable (engine::Database&) -> Result<void> on behalf of an exported function.
template <typename Body>
Result<void> with_database(kist_db db, Body&& body) {
  KIST_ASSIGN(const auto object, use<DatabaseObject>(db));
  KIST_ASSIGN(engine::Database database, object->get());
  return body(database);
}

/// Runs a callable (engine::Txn&) -> Result<void> in the turn of a transaction.
template <typename Body>
Result<void> with_txn(kist_txn txn, Body&& body) {
  KIST_ASSIGN(const auto object, use<TransactionObject>(txn));
  const Hold hold(*object->turn);
  KIST_ASSIGN(engine::Txn* const found, object->txn());
  return body(*found);
}

/// The same with an engine::WriteTxn&. Errors: also kReadOnly.
template <typename Body>
Result<void> with_writer(kist_txn txn, Body&& body) {
  KIST_ASSIGN(const auto object, use<TransactionObject>(txn));
  const Hold hold(*object->turn);
  KIST_ASSIGN(engine::WriteTxn* const found, object->writer());
  return body(*found);
}

/// Runs a callable (T::value&) -> Result<void> in the turn of a stream.
template <typename T, typename Body>
Result<void> with_stream(typename T::Handle stream, Body&& body) {
  KIST_ASSIGN(const auto object, use<T>(stream));
  const Hold hold(*object->turn);
  return body(*object->value);
}

}  // namespace kist::c_api
