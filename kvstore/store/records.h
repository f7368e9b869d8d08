#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <kist/engine/write_txn.h>
#include <kist/transaction.h>

#include "kvstore/store/access.h"

/// What Store, Reader, Writer and Batch do with the records of a store, within a transaction of the
/// engine. Errors name the store and, where one is concerned, the key.
namespace kist::records {

/// A range as the engine takes it: keys in [lower, upper), from the start or to the end where one
/// is nothing.
struct Bounds {
  std::optional<std::string> lower;
  std::optional<std::string> upper;
};

/// Errors: kWrongKind, kOutOfRange (keys of another type).
Result<Bounds> bounds_of(const StoreState& store, const Range& range);

Result<bool> has(const engine::Txn& txn, const StoreState& store, const Key& key);
Result<std::uint64_t> count(const engine::Txn& txn, const StoreState& store, const Range& range);

Result<void> put(engine::WriteTxn& txn, const StoreState& store, const Key& key, Bytes value);
Result<bool> put_if_absent(engine::WriteTxn& txn, const StoreState& store, const Key& key,
                           Bytes value);
Result<bool> erase(engine::WriteTxn& txn, const StoreState& store, const Key& key);
Result<bool> erase(engine::WriteTxn& txn, const StoreState& store, const Key& key, Bytes value);
Result<std::uint64_t> erase_range(engine::WriteTxn& txn, const StoreState& store,
                                  const Range& range);
Result<std::uint64_t> clear(engine::WriteTxn& txn, const StoreState& store);
Result<bool> compare_and_set(engine::WriteTxn& txn, const StoreState& store, const Key& key,
                             const std::optional<ValueView>& expected,
                             const std::optional<ValueView>& value);
Result<Value> add(engine::WriteTxn& txn, const StoreState& store, const Key& key,
                  std::int64_t amount);
Result<std::optional<Value>> update(engine::WriteTxn& txn, const StoreState& store, const Key& key,
                                    const Update& change);

/// The encoding of a value that is to stand under `key`. Errors: kInvalidText, kInvalidJson,
/// kOutOfMemory.
Result<Bytes> encode(codec::ValueEncoder& encoder, const StoreState& store, const Key& key,
                     const ValueView& value);

}  // namespace kist::records
