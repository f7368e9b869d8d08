#include <utility>

#include <kist/store.h>
#include <kist/transaction.h>

#include "kvstore/store/access.h"
#include "kvstore/store/begin.h"
#include "kvstore/store/catalog.h"
#include "kvstore/store/lookup.h"
#include "kvstore/store/records.h"

namespace kist {

namespace {

/// The state of a writer that can be used. Errors: kTransactionEnded.
Result<WriteState*> live(const std::shared_ptr<WriteState>& state) {
  if (!state) [[unlikely]]
    return empty_handle("writer");
  if (state->ended) [[unlikely]]
    return fail(ErrorCode::kTransactionEnded, "the writer was committed or aborted before");
  return state.get();
}

/// The same for what may change something.
Result<WriteState*> changing(const std::shared_ptr<WriteState>& state) {
  KIST_ASSIGN(WriteState * usable, live(state));
  ++usable->writes;
  return usable;
}

}  // namespace

Writer::Writer(std::shared_ptr<WriteState> state) : state_(std::move(state)) {}
Writer::Writer(Writer&&) noexcept = default;

Writer& Writer::operator=(Writer&& other) noexcept {
  if (this != &other) {
    abort();
    state_ = std::move(other.state_);
  }
  return *this;
}

// Iterators may still hold the state: the writer lock must not wait for them.
Writer::~Writer() {
  abort();
}

Result<std::optional<ValueView>> Writer::get(const Store& store, const Key& key) const {
  KIST_ASSIGN(const WriteState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  return find_value(state->txn, *in, key);
}

template <typename T>
Result<std::optional<T>> Writer::get(const Store& store, const Key& key) const {
  KIST_ASSIGN(const WriteState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  return find_as<T>(state->txn, *in, key);
}

template Result<std::optional<bool>> Writer::get(const Store&, const Key&) const;
template Result<std::optional<std::uint64_t>> Writer::get(const Store&, const Key&) const;
template Result<std::optional<std::int64_t>> Writer::get(const Store&, const Key&) const;
template Result<std::optional<double>> Writer::get(const Store&, const Key&) const;
template Result<std::optional<Instant>> Writer::get(const Store&, const Key&) const;
template Result<std::optional<Uuid>> Writer::get(const Store&, const Key&) const;
template Result<std::optional<std::string_view>> Writer::get(const Store&, const Key&) const;
template Result<std::optional<JsonView>> Writer::get(const Store&, const Key&) const;
template Result<std::optional<BlobView>> Writer::get(const Store&, const Key&) const;
template Result<std::optional<std::string>> Writer::get(const Store&, const Key&) const;
template Result<std::optional<Json>> Writer::get(const Store&, const Key&) const;
template Result<std::optional<Blob>> Writer::get(const Store&, const Key&) const;

Result<bool> Writer::has(const Store& store, const Key& key) const {
  KIST_ASSIGN(const WriteState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  return records::has(state->txn, *in, key);
}

Result<std::uint64_t> Writer::count(const Store& store, const Range& range) const {
  KIST_ASSIGN(const WriteState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  return records::count(state->txn, *in, range);
}

Result<Iterator> Writer::iterate(const Store& store, const Range& range) const {
  KIST_ASSIGN(const WriteState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  return TransactionAccess::iterate(nullptr, state_, *in, range);
}

Result<void> Writer::put(const Store& store, const Key& key, const ValueView& value) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  KIST_ASSIGN(const Bytes bytes, records::encode(state->encoder, *in, key, value));
  return records::put(state->txn, *in, key, bytes);
}

Result<bool> Writer::put_if_absent(const Store& store, const Key& key, const ValueView& value) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  KIST_ASSIGN(const Bytes bytes, records::encode(state->encoder, *in, key, value));
  return records::put_if_absent(state->txn, *in, key, bytes);
}

Result<bool> Writer::erase(const Store& store, const Key& key) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  return records::erase(state->txn, *in, key);
}

Result<bool> Writer::erase(const Store& store, const Key& key, const ValueView& value) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  KIST_ASSIGN(const Bytes bytes, records::encode(state->encoder, *in, key, value));
  return records::erase(state->txn, *in, key, bytes);
}

Result<std::uint64_t> Writer::erase_range(const Store& store, const Range& range) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  return records::erase_range(state->txn, *in, range);
}

Result<std::uint64_t> Writer::clear(const Store& store) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  return records::clear(state->txn, *in);
}

Result<bool> Writer::compare_and_set(const Store& store, const Key& key,
                                     const std::optional<ValueView>& expected,
                                     const std::optional<ValueView>& value) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  return records::compare_and_set(state->txn, *in, key, expected, value);
}

Result<Value> Writer::add(const Store& store, const Key& key, std::int64_t amount) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  return records::add(state->txn, *in, key, amount);
}

Result<std::optional<Value>> Writer::update(const Store& store, const Key& key,
                                            const Update& change) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  return records::update(state->txn, *in, key, change);
}

namespace {

/// A handle of its own: a shutdown may close the profile's meanwhile. It stops the queue before
/// that, so what the queue runs may use the profile's.
Result<engine::Database> database_for(const WriteState& state) {
  if (state.lent) return state.profile->database;
  return database_of(*state.use);
}

}  // namespace

Result<Store> Writer::open_store(std::string_view name, const StoreOptions& options) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const engine::Database database, database_for(*state));
  KIST_TRY(catalog::check_name(database, name));
  if (!state->use) return empty_handle("profile");
  const catalog::StoreType type{options.multi, options.keys};
  KIST_ASSIGN(auto store, state_of_store(state->use, database, name, type));
  KIST_ASSIGN(const bool exists, catalog::open(state->txn, name, type));
  if (!exists && !options.create) return no_such_store(*store);
  if (!exists) KIST_TRY(catalog::create(state->txn, store->table, name, type));
  return StoreAccess::make(std::move(store));
}

Result<Store> Writer::open_store(std::string_view name, bool create) {
  return open_store(name, StoreOptions{.create = create});
}

Result<bool> Writer::drop_store(std::string_view name) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const engine::Database database, database_for(*state));
  KIST_TRY(catalog::check_name(database, name));
  return catalog::drop(state->txn, database, name);
}

Result<std::uint64_t> Writer::commit(std::optional<Durability> durability) {
  KIST_ASSIGN(WriteState * state, live(state_));
  if (state->lent) return fail(ErrorCode::kMisuse, "a queued write is committed by its queue");
  state->ended = true;
  return state->profile->events.commit(state->txn, durability);
}

void Writer::abort() {
  if (!state_ || state_->ended || state_->lent) return;
  state_->ended = true;
  state_->txn.abort();
}

}  // namespace kist
