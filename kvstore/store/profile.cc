#include <utility>

#include <kist/queue.h>
#include <kist/store.h>

#include "kvstore/async/commit_queue.h"
#include "kvstore/async/queue_access.h"
#include "kvstore/store/access.h"
#include "kvstore/store/begin.h"
#include "kvstore/store/catalog.h"
#include "kvstore/store/lookup.h"
#include "kvstore/store/store_check.h"

namespace kist {

Profile::Profile(std::shared_ptr<ProfileUse> use) : use_(std::move(use)) {}

Result<Store> Profile::open_store(std::string_view name, const StoreOptions& options) const {
  if (!use_) return empty_handle("profile");
  KIST_ASSIGN(const engine::Database database, database_of(*use_));
  KIST_TRY(catalog::check_name(database, name));
  const catalog::StoreType type{options.multi, options.keys};
  {
    KIST_ASSIGN(const engine::ReadTxn txn, begin_read(*use_));
    const Result<bool> found = catalog::open(txn, name, type);
    if (taken_away(*use_->shared, txn)) return snapshot_gone(*use_->shared);
    KIST_ASSIGN(const bool exists, found);
    if (exists || !options.create) {
      KIST_ASSIGN(auto store, state_of_store(use_, database, name, type));
      if (!exists) return no_such_store(*store);
      return StoreAccess::make(std::move(store));
    }
  }
  KIST_ASSIGN(Writer writer, write());
  KIST_ASSIGN(Store store, writer.open_store(name, options));
  KIST_TRY(writer.commit());
  return store;
}

Result<std::vector<StoreInfo>> Profile::stores() const {
  if (!use_) return empty_handle("profile");
  KIST_ASSIGN(const engine::ReadTxn txn, begin_read(*use_));
  Result<std::vector<StoreInfo>> stores = catalog::list(txn);
  if (taken_away(*use_->shared, txn)) return snapshot_gone(*use_->shared);
  return stores;
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
  return TransactionAccess::make(std::make_shared<ReadState>(use_->shared, std::move(txn)));
}

Result<Writer> Profile::write(Wait wait) const {
  if (!use_) return empty_handle("profile");
  KIST_ASSIGN(engine::WriteTxn txn, begin_write(*use_, wait));
  return TransactionAccess::make(std::make_shared<WriteState>(use_->shared, use_, std::move(txn)));
}

Result<void> Profile::apply(const Batch& batch, std::optional<Durability> durability) const {
  if (!use_) return empty_handle("profile");
  KIST_ASSIGN(engine::WriteTxn txn, begin_write(*use_));
  KIST_TRY(TransactionAccess::run(batch, *use_->shared, txn));
  KIST_TRY(use_->shared->events.commit(txn, durability));
  return {};
}

Queue Profile::queue(Wait wait) const {
  return QueueAccess::make(use_, wait);
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

Result<Metrics> Profile::metrics() const {
  KIST_ASSIGN(Metrics metrics, environment_metrics());
  KIST_ASSIGN(const engine::Database database, database_of(*use_));
  KIST_ASSIGN(const engine::ReadTxn txn, begin_read(*use_));
  KIST_ASSIGN(const std::vector<StoreInfo> stores, catalog::list(txn));
  for (const StoreInfo& store : stores) {
    if (store.kind == StoreKind::kUnknown) continue;
    KIST_ASSIGN(const auto type, catalog::find(txn, store.name));
    KIST_ASSIGN(const engine::Table table, database.table(catalog::table_name(store.name, *type)));
    KIST_ASSIGN(const engine::TableStats stats, txn.table_stats(table));
    const std::uint64_t pages = stats.branch_pages + stats.leaf_pages + stats.overflow_pages;
    metrics.stores.push_back({store.name, stats.records, pages * metrics.environment.page_size});
  }
  return metrics;
}

Result<Metrics> Profile::environment_metrics() const {
  if (!use_) return empty_handle("profile");
  KIST_ASSIGN(const engine::Database database, database_of(*use_));
  Metrics metrics;
  KIST_ASSIGN(metrics.environment, database.stats());
  use_->shared->events.add_to(metrics);
  metrics.queue = use_->shared->queue->stats();
  metrics.transactions = use_->shared->transactions.load(std::memory_order_relaxed);
  // A word for each page that was read, and what transactions and the queue hold.
  constexpr std::uint64_t kOfPage = 8;
  constexpr std::uint64_t kOfTransaction = 1500;
  metrics.memory = kOfPage * metrics.environment.file_pages +
                   kOfTransaction * metrics.transactions + metrics.queue.waiting_bytes;
  return metrics;
}

Result<void> Profile::listen(Listener listener) const {
  if (!use_) return empty_handle("profile");
  const Gate::Pass pass(use_->gate);
  if (!pass) return closed_profile(*use_);
  use_->shared->events.listen(use_.get(), std::move(listener));
  return {};
}

Result<engine::TableStats> Profile::store_stats(std::string_view name) const {
  if (!use_) return empty_handle("profile");
  KIST_ASSIGN(const engine::Database database, database_of(*use_));
  KIST_TRY(catalog::check_name(database, name));
  KIST_ASSIGN(const engine::ReadTxn txn, database.read());
  KIST_ASSIGN(const std::optional<catalog::StoreType> type, catalog::find(txn, name));
  KIST_ASSIGN(const auto store,
              state_of_store(use_, database, name, type.value_or(catalog::StoreType{})));
  Result<engine::TableStats> stats = txn.table_stats(store->table);
  if (!stats) return of_store(*store, std::move(stats).error());
  return stats;
}

std::filesystem::path Profile::directory() const {
  return use_ ? use_->directory : std::filesystem::path();
}

std::filesystem::path Profile::environment() const {
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
