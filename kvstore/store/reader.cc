#include <utility>

#include <kist/transaction.h>

#include "kvstore/store/access.h"
#include "kvstore/store/begin.h"
#include "kvstore/store/lookup.h"
#include "kvstore/store/records.h"

namespace kist {

namespace {

/// The state of a reader that can be used. Errors: kTransactionEnded.
Result<ReadState*> live(const std::shared_ptr<ReadState>& state) {
  if (!state) [[unlikely]]
    return empty_handle("reader");
  if (state->ended) [[unlikely]]
    return fail(ErrorCode::kTransactionEnded, "the reader was ended before");
  if (state->interrupted()) [[unlikely]]
    return interrupted_read();
  return state.get();
}

}  // namespace

Reader::Reader(std::shared_ptr<ReadState> state) : state_(std::move(state)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<std::optional<ValueView>> Reader::get(const Store& store, const Key& key) const {
  KIST_ASSIGN(const ReadState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  Result<std::optional<ValueView>> found = find_value(state->txn, *in, key);
  if (taken_away(*state->profile, state->txn)) [[unlikely]]
    return snapshot_gone(*state->profile);
  return found;
}

template <typename T>
Result<std::optional<T>> Reader::get(const Store& store, const Key& key) const {
  KIST_ASSIGN(const ReadState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  Result<std::optional<T>> found = find_as<T>(state->txn, *in, key);
  if (taken_away(*state->profile, state->txn)) [[unlikely]]
    return snapshot_gone(*state->profile);
  return found;
}

template Result<std::optional<bool>> Reader::get(const Store&, const Key&) const;
template Result<std::optional<std::uint64_t>> Reader::get(const Store&, const Key&) const;
template Result<std::optional<std::int64_t>> Reader::get(const Store&, const Key&) const;
template Result<std::optional<double>> Reader::get(const Store&, const Key&) const;
template Result<std::optional<Instant>> Reader::get(const Store&, const Key&) const;
template Result<std::optional<Uuid>> Reader::get(const Store&, const Key&) const;
template Result<std::optional<std::string_view>> Reader::get(const Store&, const Key&) const;
template Result<std::optional<JsonView>> Reader::get(const Store&, const Key&) const;
template Result<std::optional<BlobView>> Reader::get(const Store&, const Key&) const;
template Result<std::optional<std::string>> Reader::get(const Store&, const Key&) const;
template Result<std::optional<Json>> Reader::get(const Store&, const Key&) const;
template Result<std::optional<Blob>> Reader::get(const Store&, const Key&) const;

Result<bool> Reader::has(const Store& store, const Key& key) const {
  KIST_ASSIGN(const ReadState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  const Result<bool> found = records::has(state->txn, *in, key);
  if (taken_away(*state->profile, state->txn)) return snapshot_gone(*state->profile);
  return found;
}

Result<std::uint64_t> Reader::count(const Store& store, const Range& range) const {
  KIST_ASSIGN(const ReadState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  const Result<std::uint64_t> counted = records::count(state->txn, *in, range);
  if (taken_away(*state->profile, state->txn)) return snapshot_gone(*state->profile);
  return counted;
}

Result<Iterator> Reader::iterate(const Store& store, const Range& range) const {
  KIST_ASSIGN(const ReadState* state, live(state_));
  KIST_ASSIGN(const StoreState* in, store_in(*state->profile, store));
  return TransactionAccess::iterate(state_, nullptr, *in, range);
}

std::uint64_t Reader::id() const {
  return state_ && !state_->ended ? state_->txn.id() : 0;
}

Result<SnapshotMark> Reader::mark() const {
  KIST_ASSIGN(const ReadState* state, live(state_));
  return engine::mark_of(state->txn);
}

Result<ReadState*> TransactionAccess::live(const Reader& reader) {
  return kist::live(reader.state_);
}

void Reader::end() {
  if (!state_ || state_->ended) return;
  state_->ended = true;
  state_->txn.end();
}

}  // namespace kist
