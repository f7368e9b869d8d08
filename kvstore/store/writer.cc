#include <utility>

#include <kist/store.h>
#include <kist/transaction.h>

#include "kvstore/store/access.h"
#include "kvstore/store/begin.h"
#include "kvstore/store/catalog.h"
#include "kvstore/store/lookup.h"

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

/// What the engine answered about a store, in the words of the layer.
template <typename T>
Result<T> about(const StoreState& store, Result<T> result) {
  if (!result) [[unlikely]]
    return of_store(store, std::move(result).error());
  return result;
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

Result<std::optional<ValueView>> Writer::get(const Store& store, std::string_view key) const {
  KIST_ASSIGN(const WriteState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->use->shared, store));
  return find_value(state->txn, *in, key);
}

template <typename T>
Result<std::optional<T>> Writer::get(const Store& store, std::string_view key) const {
  KIST_ASSIGN(const WriteState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->use->shared, store));
  return find_as<T>(state->txn, *in, key);
}

template Result<std::optional<bool>> Writer::get(const Store&, std::string_view) const;
template Result<std::optional<std::uint64_t>> Writer::get(const Store&, std::string_view) const;
template Result<std::optional<std::int64_t>> Writer::get(const Store&, std::string_view) const;
template Result<std::optional<double>> Writer::get(const Store&, std::string_view) const;
template Result<std::optional<Instant>> Writer::get(const Store&, std::string_view) const;
template Result<std::optional<Uuid>> Writer::get(const Store&, std::string_view) const;
template Result<std::optional<std::string_view>> Writer::get(const Store&, std::string_view) const;
template Result<std::optional<JsonView>> Writer::get(const Store&, std::string_view) const;
template Result<std::optional<BlobView>> Writer::get(const Store&, std::string_view) const;
template Result<std::optional<std::string>> Writer::get(const Store&, std::string_view) const;
template Result<std::optional<Json>> Writer::get(const Store&, std::string_view) const;
template Result<std::optional<Blob>> Writer::get(const Store&, std::string_view) const;

Result<bool> Writer::has(const Store& store, std::string_view key) const {
  KIST_ASSIGN(const WriteState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->use->shared, store));
  return about(*in, state->txn.contains(in->table, engine::as_bytes(key)));
}

Result<std::uint64_t> Writer::count(const Store& store) const {
  KIST_ASSIGN(const WriteState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->use->shared, store));
  return about(*in, state->txn.count(in->table));
}

Result<Iterator> Writer::iterate(const Store& store, const Range& range) const {
  KIST_ASSIGN(const WriteState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->use->shared, store));
  return TransactionAccess::iterate(nullptr, state_, *in, range);
}

Result<void> Writer::put(const Store& store, std::string_view key, const ValueView& value) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->use->shared, store));
  Result<Bytes> bytes = state->encoder.encode(value);
  if (!bytes) [[unlikely]]
    return at_key(*in, key, bytes.error());
  KIST_TRY(about(*in, state->txn.put(in->table, engine::as_bytes(key), *bytes)));
  return {};
}

Result<bool> Writer::erase(const Store& store, std::string_view key) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->use->shared, store));
  return about(*in, state->txn.erase(in->table, engine::as_bytes(key)));
}

Result<std::uint64_t> Writer::clear(const Store& store) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->use->shared, store));
  return about(*in, state->txn.clear(in->table));
}

Result<Store> Writer::open_store(std::string_view name, bool create) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const engine::Database database, database_of(*state->use));
  KIST_TRY(catalog::check_name(database, name));
  KIST_ASSIGN(const engine::Table table, database.table(catalog::table_name(name)));
  auto store = std::make_shared<StoreState>(StoreState{state->use, table, std::string(name)});
  KIST_ASSIGN(const bool exists, catalog::open_single(state->txn, name));
  if (!exists && !create) {
    return of_store(*store, Error{ErrorCode::kTableNotFound, std::string()});
  }
  if (!exists) KIST_TRY(catalog::create_single(state->txn, table, name));
  return StoreAccess::make(std::move(store));
}

Result<bool> Writer::drop_store(std::string_view name) {
  KIST_ASSIGN(WriteState * state, changing(state_));
  KIST_ASSIGN(const engine::Database database, database_of(*state->use));
  KIST_TRY(catalog::check_name(database, name));
  KIST_ASSIGN(const engine::Table table, database.table(catalog::table_name(name)));
  return catalog::drop_single(state->txn, table, name);
}

Result<std::uint64_t> Writer::commit(std::optional<Durability> durability) {
  KIST_ASSIGN(WriteState * state, live(state_));
  state->ended = true;
  return state->txn.commit(durability);
}

void Writer::abort() {
  if (!state_ || state_->ended) return;
  state_->ended = true;
  state_->txn.abort();
}

}  // namespace kist
