#include <utility>

#include <kist/transaction.h>

#include "kvstore/store/access.h"
#include "kvstore/store/begin.h"
#include "kvstore/store/lookup.h"

namespace kist {

struct Batch::Operation {
  Store store;
  std::string key;
  std::optional<std::string> value;  // encoded; nothing deletes
};

Batch::Batch() = default;
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;

Result<void> Batch::put(const Store& store, std::string_view key, const ValueView& value) {
  const StoreState* state = StoreAccess::state(store).get();
  if (state == nullptr) return empty_handle("store");
  codec::ValueEncoder encoder;
  const Result<Bytes> bytes = encoder.encode(value);
  if (!bytes) return at_key(*state, key, bytes.error());
  operations_.push_back({store, std::string(key), engine::to_string(*bytes)});
  return {};
}

Result<void> Batch::erase(const Store& store, std::string_view key) {
  if (StoreAccess::state(store) == nullptr) return empty_handle("store");
  operations_.push_back({store, std::string(key), std::nullopt});
  return {};
}

void Batch::clear() {
  operations_.clear();
}

std::size_t Batch::size() const {
  return operations_.size();
}

Result<void> TransactionAccess::run(const Batch& batch, const SharedProfile& profile,
                                    engine::WriteTxn& txn) {
  for (const Batch::Operation& operation : batch.operations_) {
    KIST_ASSIGN(const StoreState* store, store_in(profile, operation.store));
    const Bytes key = engine::as_bytes(operation.key);
    Result<bool> done = operation.value
                            ? txn.put(store->table, key, engine::as_bytes(*operation.value))
                            : txn.erase(store->table, key);
    if (!done) return of_store(*store, std::move(done).error());
  }
  return {};
}

}  // namespace kist
