#pragma once

#include <memory>
#include <utility>

#include <kist/engine/database.h>

#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"

namespace kist::engine {

/// Lets functions of the engine reach the environment behind a Database.
struct DatabaseAccess {
  /// The environment of an open handle. Errors: kClosed, kForked.
  static Result<std::shared_ptr<Environment>> environment(const Database& database) {
    if (!database.environment_) return fail(ErrorCode::kClosed, "the database was closed");
    if (database.environment_->stale()) {
      return fail(ErrorCode::kForked, database.environment_->path +
                                          ": was opened before fork(); open it again in this "
                                          "process");
    }
    return database.environment_;
  }
  /// A handle of an environment.
  static Database make(std::shared_ptr<Environment> environment) {
    return Database(std::move(environment));
  }
};

/// Lets them reach the snapshot behind a transaction.
struct TxnAccess {
  /// The snapshot of a transaction that can be read. Errors: those of Snapshot::usable().
  static Result<Snapshot*> snapshot(const Txn& txn) {
    if (!txn.snapshot_) return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
    KIST_TRY(txn.snapshot_->usable());
    return txn.snapshot_.get();
  }
};

}  // namespace kist::engine
