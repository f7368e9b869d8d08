#include <utility>

#include <kist/transaction.h>

#include "kvstore/store/access.h"
#include "kvstore/store/batch_operation.h"
#include "kvstore/store/begin.h"
#include "kvstore/store/lookup.h"
#include "kvstore/store/records.h"

namespace kist {

Batch::Batch() = default;
Batch::Batch(const Batch&) = default;
Batch& Batch::operator=(const Batch&) = default;
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;

Result<void> Batch::put(const Store& store, const Key& key, const ValueView& value) {
  return add(OperationKind::kPut, store, key, &value);
}

Result<void> Batch::erase(const Store& store, const Key& key) {
  return add(OperationKind::kErase, store, key, nullptr);
}

Result<void> Batch::erase(const Store& store, const Key& key, const ValueView& value) {
  return add(OperationKind::kErasePair, store, key, &value);
}

Result<void> Batch::erase_range(const Store& store, const Range& range) {
  const StoreState* state = StoreAccess::state(store).get();
  if (state == nullptr) return empty_handle("store");
  if (range.limit) {
    return fail(ErrorCode::kInvalidArgument, "a range to be erased cannot have a limit");
  }
  KIST_ASSIGN(records::Bounds bounds, records::bounds_of(*state, range));
  operations_.push_back(
      {OperationKind::kEraseRange, store, std::move(bounds.lower), std::move(bounds.upper)});
  return {};
}

Result<void> Batch::clear(const Store& store) {
  if (StoreAccess::state(store) == nullptr) return empty_handle("store");
  operations_.push_back({OperationKind::kClear, store});
  return {};
}

Result<void> Batch::add(OperationKind kind, const Store& store, const Key& key,
                        const ValueView* value) {
  const StoreState* state = StoreAccess::state(store).get();
  if (state == nullptr) return empty_handle("store");
  codec::KeyBuffer buffer;
  KIST_ASSIGN(const Bytes at, key_in(*state, key, buffer));
  Operation operation{kind, store, engine::to_string(at)};
  if (value != nullptr) {
    codec::ValueEncoder encoder;
    KIST_ASSIGN(const Bytes bytes, records::encode(encoder, *state, key, *value));
    operation.value = engine::to_string(bytes);
  }
  operations_.push_back(std::move(operation));
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
  using Kind = Batch::OperationKind;
  const auto bytes_of = [](const std::optional<std::string>& text) -> std::optional<Bytes> {
    if (!text) return std::nullopt;
    return engine::as_bytes(*text);
  };
  for (const Batch::Operation& operation : batch.operations_) {
    KIST_ASSIGN(const StoreState* store, store_in(profile, operation.store));
    const engine::Table table = store->table;
    const std::optional<Bytes> key = bytes_of(operation.key);
    const std::optional<Bytes> value = bytes_of(operation.value);
    Result<void> done;
    const auto note = [&done](auto result) {
      if (!result) done = std::unexpected(std::move(result).error());
    };
    switch (operation.kind) {
      case Kind::kPut:
        note(txn.put(table, *key, *value));
        break;
      case Kind::kErase:
        note(txn.erase(table, *key));
        break;
      case Kind::kErasePair:
        note(txn.erase_pair(table, *key, *value));
        break;
      case Kind::kEraseRange:
        if (!key || !value || *operation.key < *operation.value) {
          note(txn.erase_range(table, key, value));
        }
        break;
      case Kind::kClear:
        note(txn.clear(table));
        break;
    }
    if (!done) return of_store(*store, std::move(done).error());
  }
  return {};
}

Result<void> TransactionAccess::run(const Batch& batch, Writer& writer) {
  ++writer.state_->writes;
  return run(batch, *writer.state_->profile, writer.state_->txn);
}

std::size_t TransactionAccess::bytes(const Batch& batch) {
  std::size_t bytes = 0;
  for (const Batch::Operation& operation : batch.operations_) {
    bytes += sizeof operation + (operation.key ? operation.key->size() : 0) +
             (operation.value ? operation.value->size() : 0);
  }
  return bytes;
}

}  // namespace kist
