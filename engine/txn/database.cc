#include <fmt/format.h>

#include <kist/engine/database.h>

#include "engine/format/page.h"
#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"
#include "engine/txn/write_state.h"
#include "engine/upkeep/check.h"
#include "engine/upkeep/compact.h"

namespace kist::engine {
namespace {

Result<void> check_open(const std::shared_ptr<Environment>& environment) {
  if (!environment) return fail(ErrorCode::kClosed, "the database was closed");
  if (environment->stale()) {
    return fail(ErrorCode::kForked,
                environment->path + ": was opened before fork(); open it again in this process");
  }
  return {};
}

}  // namespace

Database::Database(std::shared_ptr<Environment> environment)
    : environment_(std::move(environment)) {}

Result<Database> Database::open(const std::string& path, const Options& options) {
  KIST_ASSIGN(auto environment, Environment::open(path, options));
  return Database(std::move(environment));
}

Result<Database> Database::open_in_memory(const Options& options) {
  KIST_ASSIGN(auto environment, Environment::open_in_memory(options));
  return Database(std::move(environment));
}

Result<Table> Database::table(std::string_view name) const {
  KIST_TRY(check_open(environment_));
  return environment_->intern(name);
}

Result<ReadTxn> Database::read() const {
  Result<ReadTxn> txn{ReadTxn()};
  if (!environment_ || !Environment::begin_again(environment_, txn->snapshot_)) [[unlikely]] {
    Result<void> begun = check_open(environment_);
    if (begun) begun = Environment::begin_read(environment_, txn->snapshot_);
    if (!begun) txn = std::unexpected(std::move(begun).error());
  }
  return txn;  // made where the caller wants it: nothing else is returned
}

Result<WriteTxn> Database::write(Wait wait) const {
  KIST_TRY(check_open(environment_));
  WriteTxn txn;
  txn.snapshot_ = std::make_shared<Snapshot>(environment_);
  KIST_TRY(environment_->begin_write(*txn.snapshot_, wait));
  txn.snapshot_->write = std::make_unique<WriteState>(*environment_, *txn.snapshot_);
  return txn;
}

Result<void> Database::register_comparator(std::string_view name, Comparator compare) const {
  KIST_TRY(check_open(environment_));
  return environment_->comparators.add(name, std::move(compare));
}

Result<void> Database::sync() const {
  KIST_TRY(check_open(environment_));
  return environment_->sync();
}

Result<std::uint64_t> Database::durable_id() const {
  KIST_TRY(check_open(environment_));
  return environment_->durable_id();
}

Result<void> Database::wait_durable(std::uint64_t id, Wait wait) const {
  KIST_TRY(check_open(environment_));
  return environment_->wait_durable(id, wait);
}

Result<std::optional<std::chrono::milliseconds>> Database::poll() const {
  KIST_TRY(check_open(environment_));
  return environment_->poll();
}

Result<CheckReport> Database::check(const CheckOptions& options) const {
  KIST_TRY(check_open(environment_));
  return check_environment(environment_, options);
}

Result<CompactProgress> Database::compact(const CompactBudget& budget, Wait wait) const {
  KIST_TRY(check_open(environment_));
  return compact_environment(environment_, budget, wait);
}

Result<EnvironmentStats> Database::stats() const {
  KIST_TRY(check_open(environment_));
  return environment_->stats();
}

Result<std::vector<Reader>> Database::readers() const {
  KIST_TRY(check_open(environment_));
  return environment_->readers();
}

std::uint32_t Database::page_size() const {
  return environment_ ? environment_->page_size : 0;
}

std::size_t Database::max_key_size() const {
  return environment_ ? engine::max_key_size(environment_->page_size) : 0;
}

std::size_t Database::max_table_name_size() const {
  return environment_ ? engine::max_table_name_size(environment_->page_size) : 0;
}

const std::string& Database::path() const {
  static const std::string closed;
  return environment_ ? environment_->path : closed;
}

Result<void> Database::close() {
  if (!environment_) return fail(ErrorCode::kClosed, "the database was closed");
  return Environment::let_go(std::move(environment_));
}

}  // namespace kist::engine
