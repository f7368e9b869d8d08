// Transactions: how they begin, go on and end.

#include <chrono>
#include <memory>
#include <utility>

#include <kist/engine/database.h>
#include <kist/kist_engine.h>

#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/errors.h"

namespace kist::c_api {
namespace {

using std::chrono::milliseconds;

/// Publishes a transaction that was begun through a database handle.
Result<void> begun(const Use<DatabaseObject>& owner, TransactionObject::State state,
                   kist_txn* txn) {
  const auto object = std::make_shared<TransactionObject>(
      owner.shared(), owner.shared(), std::make_shared<Turn>(), std::move(state));
  return publish(object, &*owner, txn);
}

/// Whether the transaction may commit now.
Result<void> check_committable(const TransactionObject& object) {
  if (!object.has_nested()) return {};
  return fail(ErrorCode::kMisuse, "a transaction nested in this one is open");
}

/// Makes a read transaction the write transaction if nobody else writes, else kBusy.
Result<void> upgrade_now(TransactionObject& object, const engine::Database& database) {
  const Hold hold(*object.turn);
  KIST_ASSIGN(engine::ReadTxn* const read, object.reader("kist_txn_upgrade"));
  KIST_ASSIGN(engine::WriteTxn write, database.upgrade(*read, milliseconds::zero()));
  object.become(std::move(write));
  return {};
}

/// Closes the handle of a transaction that has ended, and what was begun in it. Another thread may
/// have closed it meanwhile, which is as good.
void close_ended(kist_txn txn) {
  static_cast<void>(close_simply<TransactionObject>(txn));
}

/// Commits the outermost transaction and goes on as `go_on`, a callable (WriteTxn&) ->
/// Result<void>, says; where that fails, the transaction has ended.
template <typename GoOn>
Result<void> commit_and(kist_txn txn, const GoOn& go_on) {
  KIST_ASSIGN(const auto object, use<TransactionObject>(txn));
  Result<void> done;
  {
    const Hold hold(*object->turn, Hold::For::kEnd);
    KIST_ASSIGN(engine::WriteTxn* const writer, object->writer());
    KIST_TRY(check_committable(*object));
    if (object->is_nested()) {
      return fail(ErrorCode::kMisuse, "only the outermost transaction can commit and go on");
    }
    done = go_on(*object, *writer);
    if (!done) object->end();
  }
  if (!done) close_ended(txn);
  return done;
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_txn_begin_read(kist_db db, kist_txn* txn, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(txn, "txn"));
    KIST_ASSIGN(const auto owner, use<DatabaseObject>(db));
    KIST_ASSIGN(const engine::Database database, owner->get());
    KIST_ASSIGN(engine::ReadTxn read, database.read());
    return begun(owner, std::move(read), txn);
  });
}

kist_code kist_txn_begin_write(kist_db db, int64_t timeout_ms, kist_txn* txn,
                               kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(txn, "txn"));
    KIST_ASSIGN(const auto owner, use<DatabaseObject>(db));
    KIST_ASSIGN(const engine::Database database, owner->get());
    KIST_ASSIGN(engine::WriteTxn write, database.write(wait_of(timeout_ms)));
    return begun(owner, std::move(write), txn);
  });
}

kist_code kist_txn_begin_nested(kist_txn parent, kist_txn* txn, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(txn, "txn"));
    KIST_ASSIGN(const auto owner, use<TransactionObject>(parent));
    std::shared_ptr<TransactionObject> object;
    {
      const Hold hold(*owner->turn);
      KIST_ASSIGN(engine::WriteTxn* const writer, owner->writer());
      KIST_ASSIGN(engine::WriteTxn nested, writer->nested());
      object = std::make_shared<TransactionObject>(owner.shared(), owner->database, owner->turn,
                                                   std::move(nested));
      object->nest_in(*owner);
    }
    return publish(object, &*owner, txn);
  });
}

kist_code kist_txn_begin_uncommitted(kist_txn writer, kist_txn* txn, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(txn, "txn"));
    KIST_ASSIGN(const auto owner, use<TransactionObject>(writer));
    std::shared_ptr<TransactionObject> object;
    {
      const Hold hold(*owner->turn);
      KIST_ASSIGN(engine::WriteTxn* const write, owner->writer());
      KIST_ASSIGN(engine::ReadTxn read, write->read_uncommitted());
      object = std::make_shared<TransactionObject>(
          owner.shared(), owner->database, std::make_shared<Turn>(owner->turn), std::move(read));
    }
    return publish(object, &*owner, txn);
  });
}

kist_code kist_txn_clone(kist_txn txn, kist_txn* clone, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(clone, "clone"));
    KIST_ASSIGN(const auto source, use<TransactionObject>(txn));
    std::shared_ptr<TransactionObject> object;
    {
      const Hold hold(*source->turn);
      KIST_ASSIGN(const engine::ReadTxn* const read, source->reader("kist_txn_clone"));
      KIST_ASSIGN(engine::ReadTxn another, read->clone());
      object = std::make_shared<TransactionObject>(source->owner(), source->database,
                                                   std::make_shared<Turn>(source->turn->around()),
                                                   std::move(another));
    }
    return publish(object, source->owner().get(), clone);
  });
}

kist_code kist_txn_commit(kist_txn txn, uint32_t durability, uint64_t* id,
                          kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (id != nullptr) *id = 0;
    KIST_ASSIGN(const auto how, durability_of(durability));
    KIST_ASSIGN(const auto object, use<TransactionObject>(txn));
    Result<std::uint64_t> committed = 0;
    {
      const Hold hold(*object->turn, Hold::For::kEnd);
      KIST_ASSIGN(const engine::Txn* const any, object->txn());
      KIST_TRY(check_committable(*object));
      committed = any->id();
      if (const auto writer = object->writer()) committed = (*writer)->commit(how);
      object->end();
    }
    close_ended(txn);
    KIST_TRY(committed);
    if (id != nullptr) *id = *committed;
    return {};
  });
}

kist_code kist_txn_commit_and_continue(kist_txn txn, uint32_t durability, uint64_t* id,
                                       kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (id != nullptr) *id = 0;
    KIST_ASSIGN(const auto how, durability_of(durability));
    return commit_and(txn, [&](TransactionObject&, engine::WriteTxn& writer) -> Result<void> {
      KIST_ASSIGN(const std::uint64_t committed, writer.commit_and_continue(how));
      if (id != nullptr) *id = committed;
      return {};
    });
  });
}

kist_code kist_txn_commit_and_read(kist_txn txn, uint32_t durability, uint64_t* id,
                                   kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (id != nullptr) *id = 0;
    KIST_ASSIGN(const auto how, durability_of(durability));
    return commit_and(txn,
                      [&](TransactionObject& object, engine::WriteTxn& writer) -> Result<void> {
                        KIST_ASSIGN(engine::ReadTxn read, writer.commit_and_read(how));
                        if (id != nullptr) *id = read.id();
                        object.become(std::move(read));
                        return {};
                      });
  });
}

kist_code kist_txn_prepare(kist_txn txn, uint64_t* id, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (id != nullptr) *id = 0;
    KIST_TRY(
        commit_and(txn, [&](TransactionObject& object, engine::WriteTxn& writer) -> Result<void> {
          KIST_ASSIGN(const std::uint64_t prepared, writer.prepare());
          if (id != nullptr) *id = prepared;
          object.end();
          return {};
        }));
    close_ended(txn);
    return {};
  });
}

kist_code kist_txn_abort(kist_txn txn, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    {
      const auto object = use<TransactionObject>(txn);
      // One that was inherited through fork can still be closed.
      if (!object && object.error().code != ErrorCode::kForked) {
        return std::unexpected(object.error());
      }
      if (object) {
        // At once, though calls of other threads may keep the object.
        const Hold hold(*(*object)->turn, Hold::For::kEnd);
        KIST_TRY((*object)->txn());
        (*object)->end();
      }
    }
    close_ended(txn);
    return {};
  });
}

kist_code kist_txn_reset(kist_txn txn, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<TransactionObject>(txn));
    const Hold hold(*object->turn);
    KIST_ASSIGN(engine::ReadTxn* const read, object->reader("kist_txn_reset"));
    read->reset();
    return {};
  });
}

kist_code kist_txn_renew(kist_txn txn, bool* changed, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (changed != nullptr) *changed = false;
    KIST_ASSIGN(const auto object, use<TransactionObject>(txn));
    const Hold hold(*object->turn);
    KIST_ASSIGN(engine::ReadTxn* const read, object->reader("kist_txn_renew"));
    KIST_ASSIGN(const bool another, read->renew());
    if (changed != nullptr) *changed = another;
    return {};
  });
}

kist_code kist_txn_upgrade(kist_txn txn, int64_t timeout_ms, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    const auto begin = std::chrono::steady_clock::now();
    engine::Wait wait = wait_of(timeout_ms);
    KIST_ASSIGN(const auto object, use<TransactionObject>(txn));
    KIST_ASSIGN(const engine::Database database, object->database->get());
    while (true) {
      const Result<void> upgraded = upgrade_now(*object, database);
      if (upgraded || upgraded.error().code != ErrorCode::kBusy) return upgraded;
      if (wait) {
        wait = milliseconds(timeout_ms) -
               duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
        if (*wait <= milliseconds::zero()) return upgraded;
      }
      // For the other writer, and not in the turn, which whoever closes a cursor would wait for.
      KIST_TRY(database.write(wait));
    }
  });
}
