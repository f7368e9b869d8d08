#include <exception>
#include <utility>

#include <fmt/format.h>

#include <kist/store.h>

#include "kvstore/store/access.h"
#include "kvstore/store/begin.h"
#include "kvstore/store/lookup.h"

namespace kist {

namespace {

/// A copy that owns its bytes, which may be more than there is memory for.
Result<Value> copy_at(const StoreState& store, std::string_view key, const ValueView& value) {
  try {
    return value.to_value();
  } catch (const std::exception&) {
    return at_key(store, key, Error{ErrorCode::kOutOfMemory, "no memory to copy the value"});
  }
}

/// Commits one change of `store`, or passes its error on.
template <typename T>
Result<T> commit(engine::WriteTxn& txn, const StoreState& store, Result<T> changed) {
  if (!changed) return of_store(store, std::move(changed).error());
  KIST_TRY(txn.commit());
  return changed;
}

}  // namespace

Store::Store(std::shared_ptr<const StoreState> state) : state_(std::move(state)) {}

Result<std::optional<Value>> Store::get(std::string_view key) const {
  if (!state_) return empty_handle("store");
  KIST_ASSIGN(const engine::ReadTxn txn, begin_read(*state_->use));
  KIST_ASSIGN(const std::optional<ValueView> found, find_value(txn, *state_, key));
  if (!found) return std::nullopt;
  return copy_at(*state_, key, *found);
}

template <typename T>
Result<std::optional<T>> Store::get(std::string_view key) const {
  if (!state_) return empty_handle("store");
  KIST_ASSIGN(const engine::ReadTxn txn, begin_read(*state_->use));
  try {
    return find_as<T>(txn, *state_, key);
  } catch (const std::exception&) {
    return at_key(*state_, key, Error{ErrorCode::kOutOfMemory, "no memory to copy the value"});
  }
}

template Result<std::optional<bool>> Store::get(std::string_view) const;
template Result<std::optional<std::uint64_t>> Store::get(std::string_view) const;
template Result<std::optional<std::int64_t>> Store::get(std::string_view) const;
template Result<std::optional<double>> Store::get(std::string_view) const;
template Result<std::optional<Instant>> Store::get(std::string_view) const;
template Result<std::optional<Uuid>> Store::get(std::string_view) const;
template Result<std::optional<std::string>> Store::get(std::string_view) const;
template Result<std::optional<Json>> Store::get(std::string_view) const;
template Result<std::optional<Blob>> Store::get(std::string_view) const;

Result<bool> Store::has(std::string_view key) const {
  if (!state_) return empty_handle("store");
  KIST_ASSIGN(const engine::ReadTxn txn, begin_read(*state_->use));
  Result<bool> found = txn.contains(state_->table, engine::as_bytes(key));
  if (!found) return of_store(*state_, std::move(found).error());
  return found;
}

Result<std::uint64_t> Store::count() const {
  if (!state_) return empty_handle("store");
  KIST_ASSIGN(const engine::ReadTxn txn, begin_read(*state_->use));
  Result<std::uint64_t> records = txn.count(state_->table);
  if (!records) return of_store(*state_, std::move(records).error());
  return records;
}

Result<Iterator> Store::iterate(const Range& range) const {
  if (!state_) return empty_handle("store");
  KIST_ASSIGN(engine::ReadTxn txn, begin_read(*state_->use));
  auto read = std::make_shared<ReadState>(ReadState{state_->use->shared, std::move(txn)});
  return TransactionAccess::iterate(std::move(read), nullptr, *state_, range);
}

Result<void> Store::put(std::string_view key, const ValueView& value) const {
  if (!state_) return empty_handle("store");
  codec::ValueEncoder encoder;
  Result<Bytes> bytes = encoder.encode(value);  // before the writer lock is taken
  if (!bytes) return at_key(*state_, key, bytes.error());
  KIST_ASSIGN(engine::WriteTxn txn, begin_write(*state_->use));
  KIST_TRY(commit(txn, *state_, txn.put(state_->table, engine::as_bytes(key), *bytes)));
  return {};
}

Result<bool> Store::erase(std::string_view key) const {
  if (!state_) return empty_handle("store");
  KIST_ASSIGN(engine::WriteTxn txn, begin_write(*state_->use));
  return commit(txn, *state_, txn.erase(state_->table, engine::as_bytes(key)));
}

Result<std::uint64_t> Store::clear() const {
  if (!state_) return empty_handle("store");
  KIST_ASSIGN(engine::WriteTxn txn, begin_write(*state_->use));
  return commit(txn, *state_, txn.clear(state_->table));
}

std::string_view Store::name() const {
  return state_ ? std::string_view(state_->name) : std::string_view();
}

}  // namespace kist
