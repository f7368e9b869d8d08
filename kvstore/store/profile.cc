#include <utility>

#include <kist/store.h>

#include "kvstore/store/access.h"
#include "kvstore/store/begin.h"
#include "kvstore/store/catalog.h"
#include "kvstore/store/lookup.h"
#include "kvstore/store/store_check.h"

namespace kist {

Profile::Profile(std::shared_ptr<ProfileUse> use) : use_(std::move(use)) {}

Result<Store> Profile::open_store(std::string_view name, bool create) const {
  if (!use_) return empty_handle("profile");
  KIST_ASSIGN(const engine::Database database, database_of(*use_));
  KIST_TRY(catalog::check_name(database, name));
  {
    KIST_ASSIGN(const engine::ReadTxn txn, database.read());
    KIST_ASSIGN(const bool exists, catalog::open_single(txn, name));
    if (exists || !create) {
      KIST_ASSIGN(const engine::Table table, database.table(catalog::table_name(name)));
      auto store = std::make_shared<StoreState>(StoreState{use_, table, std::string(name)});
      if (exists) return StoreAccess::make(std::move(store));
      return of_store(*store, Error{ErrorCode::kTableNotFound, std::string()});
    }
  }
  KIST_ASSIGN(Writer writer, write());
  KIST_ASSIGN(Store store, writer.open_store(name, create));
  KIST_TRY(writer.commit());
  return store;
}

Result<std::vector<StoreInfo>> Profile::stores() const {
  if (!use_) return empty_handle("profile");
  KIST_ASSIGN(const engine::ReadTxn txn, begin_read(*use_));
  return catalog::list(txn);
}

Result<bool> Profile::drop_store(std::string_view name) const {
  KIST_ASSIGN(Writer writer, write());
  KIST_ASSIGN(const bool dropped, writer.drop_store(name));
  if (dropped) KIST_TRY(writer.commit());
  return dropped;
}

Result<Reader> Profile::read() const {
  if (!use_) return empty_handle("profile");
  KIST_ASSIGN(engine::ReadTxn txn, begin_read(*use_));
  return TransactionAccess::make(
      std::make_shared<ReadState>(ReadState{use_->shared, std::move(txn)}));
}

Result<Writer> Profile::write(Wait wait) const {
  if (!use_) return empty_handle("profile");
  KIST_ASSIGN(engine::WriteTxn txn, begin_write(*use_, wait));
  return TransactionAccess::make(
      std::make_shared<WriteState>(WriteState{use_, std::move(txn), codec::ValueEncoder()}));
}

Result<void> Profile::apply(const Batch& batch, std::optional<Durability> durability) const {
  if (!use_) return empty_handle("profile");
  KIST_ASSIGN(engine::WriteTxn txn, begin_write(*use_));
  KIST_TRY(TransactionAccess::run(batch, *use_->shared, txn));
  KIST_TRY(txn.commit(durability));
  return {};
}

Result<void> Profile::sync() const {
  if (!use_) return empty_handle("profile");
  KIST_ASSIGN(const engine::Database database, database_of(*use_));
  return database.sync();
}

Result<engine::CheckReport> Profile::check(const engine::CheckOptions& options) const {
  if (!use_) return empty_handle("profile");
  KIST_ASSIGN(const engine::Database database, database_of(*use_));
  KIST_ASSIGN(engine::CheckReport report, database.check(options));
  // A snapshot that the engine found broken would only be reported again in other words.
  const bool values = options.level == engine::CheckLevel::kEverything;
  if (values && report.clean()) KIST_TRY(check_stores(database, report));
  return report;
}

Result<engine::EnvironmentStats> Profile::stats() const {
  if (!use_) return empty_handle("profile");
  KIST_ASSIGN(const engine::Database database, database_of(*use_));
  return database.stats();
}

Result<engine::TableStats> Profile::store_stats(std::string_view name) const {
  KIST_ASSIGN(const Store store, open_store(name, false));
  KIST_ASSIGN(const engine::ReadTxn txn, begin_read(*use_));
  const StoreState& state = *StoreAccess::state(store);
  Result<engine::TableStats> stats = txn.table_stats(state.table);
  if (!stats) return of_store(state, std::move(stats).error());
  return stats;
}

std::filesystem::path Profile::directory() const {
  return use_ ? use_->shared->directory : std::filesystem::path();
}

bool Profile::is_open() const {
  return use_ && !use_->gate.closed();
}

Result<void> Profile::close() const {
  if (!use_) return empty_handle("profile");
  return ProfileRegistry::close(*use_);
}

Result<void> Profile::close_and_delete() const {
  if (!use_) return empty_handle("profile");
  return ProfileRegistry::close_and_delete(*use_);
}

}  // namespace kist
