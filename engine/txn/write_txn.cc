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
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  auto result = state->commit(durability.value_or(snapshot_->environment->options.durability));
  abort();
  return result;
}

}  // namespace kist::engine
