#include <fmt/format.h>

#include <kist/engine/write_txn.h>

#include "engine/txn/write_access.h"

namespace kist::engine {

WriteTxn& WriteTxn::operator=(WriteTxn&& other) noexcept {
  if (this != &other) {
    abort();
    Txn::operator=(std::move(other));
  }
  return *this;
}

WriteTxn::~WriteTxn() {
  abort();
}

void WriteTxn::abort() {
  if (snapshot_) snapshot_->end();
  snapshot_.reset();
}

Result<std::uint64_t> WriteTxn::commit(std::optional<Durability> durability) {
  auto state = writable(snapshot_);
  if (!state) {
    if (snapshot_ && snapshot_->usable()) abort();  // a change failed: nothing else is left to do
    return std::unexpected(std::move(state).error());
  }
  if (snapshot_->nested()) {
    const std::uint64_t id = snapshot_->id;
    snapshot_->end_keeping_changes();
    abort();
    return id;
  }
  const std::shared_ptr<Environment> environment = snapshot_->environment;
  const Durability how = durability.value_or(environment->options.durability);
  auto committed = (*state)->commit(how);
  abort();  // lets the next writer work while this commit is flushed
  if (committed) KIST_TRY(environment->finish_commit(*committed, how));
  return committed;
}

}  // namespace kist::engine
