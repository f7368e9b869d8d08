#include <exception>
#include <utility>

#include <fmt/format.h>

#include <kist/store.h>

#include "kvstore/store/access.h"
#include "kvstore/store/begin.h"
#include "kvstore/store/lookup.h"
#include "kvstore/store/records.h"

namespace kist {

namespace {

/// A copy that owns its bytes, which may be more than there is memory for.
Result<Value> copy_at(const StoreState& store, const Key& key, const ValueView& value) {
  try {
    return value.to_value();
  } catch (const std::exception&) {
    return at_key_given(store, key, Error{ErrorCode::kOutOfMemory, "no memory to copy the value"});
  }
}

/// Does one change of the store in a transaction of its own.
template <typename Change>
auto commit(const std::shared_ptr<const StoreState>& state, const Change& change)
    -> decltype(change(std::declval<engine::WriteTxn&>(), *state)) {
  if (!state) return empty_handle("store");
  KIST_ASSIGN(engine::WriteTxn txn, begin_write(*state->use));
  auto changed = change(txn, *state);
  if (changed) KIST_TRY(state->use->shared->events.commit(txn));
  return changed;
}

}  // namespace

Store::Store(std::shared_ptr<const StoreState> state) : state_(std::move(state)) {}

Result<std::optional<Value>> Store::get(const Key& key) const {
  if (!state_) return empty_handle("store");
  KIST_ASSIGN(const engine::ReadTxn txn, begin_read(*state_->use));
  SharedProfile& profile = *state_->use->shared;
  const Result<std::optional<ValueView>> found = find_value(txn, *state_, key);
  if (!found || !*found) {
    if (taken_away(profile, txn)) return snapshot_gone(profile);
    if (!found) return std::unexpected(found.error());
    return std::nullopt;
  }
  Result<Value> copy = copy_at(*state_, key, **found);
  if (taken_away(profile, txn)) [[unlikely]]
    return snapshot_gone(profile);
  return copy;
}

template <typename T>
Result<std::optional<T>> Store::get(const Key& key) const {
  if (!state_) return empty_handle("store");
  KIST_ASSIGN(const engine::ReadTxn txn, begin_read(*state_->use));
  try {
    Result<std::optional<T>> found = find_as<T>(txn, *state_, key);
    if (taken_away(*state_->use->shared, txn)) [[unlikely]]
      return snapshot_gone(*state_->use->shared);
    return found;
  } catch (const std::exception&) {
    return at_key_given(*state_, key,
                        Error{ErrorCode::kOutOfMemory, "no memory to copy the value"});
  }
}

template Result<std::optional<bool>> Store::get(const Key&) const;
template Result<std::optional<std::uint64_t>> Store::get(const Key&) const;
template Result<std::optional<std::int64_t>> Store::get(const Key&) const;
template Result<std::optional<double>> Store::get(const Key&) const;
template Result<std::optional<Instant>> Store::get(const Key&) const;
template Result<std::optional<Uuid>> Store::get(const Key&) const;
template Result<std::optional<std::string>> Store::get(const Key&) const;
template Result<std::optional<Json>> Store::get(const Key&) const;
template Result<std::optional<Blob>> Store::get(const Key&) const;

Result<bool> Store::has(const Key& key) const {
  if (!state_) return empty_handle("store");
  KIST_ASSIGN(const engine::ReadTxn txn, begin_read(*state_->use));
  const Result<bool> found = records::has(txn, *state_, key);
  if (taken_away(*state_->use->shared, txn)) return snapshot_gone(*state_->use->shared);
  return found;
}

Result<std::uint64_t> Store::count(const Range& range) const {
  if (!state_) return empty_handle("store");
  KIST_ASSIGN(const engine::ReadTxn txn, begin_read(*state_->use));
  const Result<std::uint64_t> counted = records::count(txn, *state_, range);
  if (taken_away(*state_->use->shared, txn)) return snapshot_gone(*state_->use->shared);
  return counted;
}

Result<Iterator> Store::iterate(const Range& range) const {
  if (!state_) return empty_handle("store");
  KIST_ASSIGN(engine::ReadTxn txn, begin_read(*state_->use));
  auto read = std::make_shared<ReadState>(state_->use->shared, std::move(txn));
  return TransactionAccess::iterate(std::move(read), nullptr, *state_, range);
}

Result<void> Store::put(const Key& key, const ValueView& value) const {
  if (!state_) return empty_handle("store");
  codec::ValueEncoder encoder;  // before the writer lock is taken
  KIST_ASSIGN(const Bytes bytes, records::encode(encoder, *state_, key, value));
  return commit(state_, [&](engine::WriteTxn& txn, const StoreState& store) {
    return records::put(txn, store, key, bytes);
  });
}

Result<bool> Store::put_if_absent(const Key& key, const ValueView& value) const {
  if (!state_) return empty_handle("store");
  codec::ValueEncoder encoder;  // before the writer lock is taken
  KIST_ASSIGN(const Bytes bytes, records::encode(encoder, *state_, key, value));
  return commit(state_, [&](engine::WriteTxn& txn, const StoreState& store) {
    return records::put_if_absent(txn, store, key, bytes);
  });
}

Result<bool> Store::erase(const Key& key) const {
  return commit(state_, [&](engine::WriteTxn& txn, const StoreState& store) {
    return records::erase(txn, store, key);
  });
}

Result<bool> Store::erase(const Key& key, const ValueView& value) const {
  if (!state_) return empty_handle("store");
  codec::ValueEncoder encoder;  // before the writer lock is taken
  KIST_ASSIGN(const Bytes bytes, records::encode(encoder, *state_, key, value));
  return commit(state_, [&](engine::WriteTxn& txn, const StoreState& store) {
    return records::erase(txn, store, key, bytes);
  });
}

Result<std::uint64_t> Store::erase_range(const Range& range) const {
  return commit(state_, [&](engine::WriteTxn& txn, const StoreState& store) {
    return records::erase_range(txn, store, range);
  });
}

Result<std::uint64_t> Store::clear() const {
  return commit(state_, [&](engine::WriteTxn& txn, const StoreState& store) {
    return records::clear(txn, store);
  });
}

Result<bool> Store::compare_and_set(const Key& key, const std::optional<ValueView>& expected,
                                    const std::optional<ValueView>& value) const {
  return commit(state_, [&](engine::WriteTxn& txn, const StoreState& store) {
    return records::compare_and_set(txn, store, key, expected, value);
  });
}

Result<Value> Store::add(const Key& key, std::int64_t amount) const {
  return commit(state_, [&](engine::WriteTxn& txn, const StoreState& store) {
    return records::add(txn, store, key, amount);
  });
}

Result<std::optional<Value>> Store::update(const Key& key, const Update& change) const {
  return commit(state_, [&](engine::WriteTxn& txn, const StoreState& store) {
    return records::update(txn, store, key, change);
  });
}

std::string_view Store::name() const {
  return state_ ? std::string_view(state_->name) : std::string_view();
}

bool Store::multi() const {
  return state_ && state_->multi;
}

KeyType Store::keys() const {
  return state_ ? state_->keys : KeyType::kBytes;
}

}  // namespace kist
