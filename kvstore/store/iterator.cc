#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include <kist/engine/cursor.h>
#include <kist/transaction.h>

#include "kvstore/store/access.h"
#include "kvstore/store/begin.h"
#include "kvstore/store/lookup.h"
#include "kvstore/store/records.h"

namespace kist {

/// Keeps its transaction's state alive, so that a late call finds it ended rather than gone.
struct IteratorState {
  enum class Stage : std::uint8_t { kBefore, kOn, kAfter };

  std::shared_ptr<ReadState> read;    // exactly one of
  std::shared_ptr<WriteState> write;  // these two
  StoreState store;
  engine::Cursor cursor;
  std::string lower;                 // first key of the range
  std::optional<std::string> upper;  // first key after it
  bool reverse = false;
  std::uint64_t remaining = 0;
  std::uint64_t writes = 0;  // of the writer, when the iterator was made
  Stage stage = Stage::kBefore;
  std::optional<Error> failed = {};  // what ended the iteration before its time

  bool ended() const { return read ? read->ended : write->ended; }
  bool written() const { return write && write->writes != writes; }
  bool contains(std::string_view key) const { return key >= lower && (!upper || key < *upper); }
};

namespace {

std::unexpected<Error> transaction_ended() {
  return fail(ErrorCode::kTransactionEnded, "the iterator's transaction has ended");
}

std::unexpected<Error> written_since() {
  return fail(ErrorCode::kCursorInvalid, "the writer has written since the iterator was made");
}

/// Moves the cursor to where the iteration starts, or one on.
Result<bool> step(IteratorState& state) {
  engine::Cursor& cursor = state.cursor;
  if (state.stage == IteratorState::Stage::kOn) {
    return state.reverse ? cursor.prev() : cursor.next();
  }
  if (!state.reverse) {
    return state.lower.empty() ? cursor.first() : cursor.seek(engine::as_bytes(state.lower));
  }
  return state.upper ? cursor.seek_before(engine::as_bytes(*state.upper)) : cursor.last();
}

}  // namespace

Result<Iterator> TransactionAccess::iterate(std::shared_ptr<ReadState> read,
                                            std::shared_ptr<WriteState> write,
                                            const StoreState& store, const Range& range) {
  const engine::Txn& txn = read ? static_cast<const engine::Txn&>(read->txn) : write->txn;
  Result<engine::Cursor> cursor = txn.cursor(store.table);
  if (!cursor) return of_store(store, std::move(cursor).error());
  KIST_ASSIGN(records::Bounds bounds, records::bounds_of(store, range));
  const std::uint64_t writes = write ? write->writes : 0;
  auto state = std::make_unique<IteratorState>(IteratorState{
      std::move(read), std::move(write), store, *std::move(cursor),
      std::move(bounds.lower).value_or(std::string()), std::move(bounds.upper), range.reverse,
      range.limit.value_or(std::numeric_limits<std::uint64_t>::max()), writes});
  return Iterator(std::move(state));
}

Iterator::Iterator(std::unique_ptr<IteratorState> state) : state_(std::move(state)) {}
Iterator::Iterator(Iterator&&) noexcept = default;
Iterator& Iterator::operator=(Iterator&&) noexcept = default;
Iterator::~Iterator() = default;

Result<bool> Iterator::next() {
  if (!state_) return empty_handle("iterator");
  IteratorState& state = *state_;
  if (state.ended()) return transaction_ended();
  if (state.read && state.read->interrupted()) return interrupted_read();
  if (state.failed) return std::unexpected(*state.failed);
  if (state.written()) return written_since();
  if (state.stage == IteratorState::Stage::kAfter) return false;
  const bool left = state.remaining > 0;
  Result<bool> moved = left ? step(state) : Result<bool>(false);
  if (state.read && taken_away(*state.read->profile, state.read->txn)) [[unlikely]]
    moved = snapshot_gone(*state.read->profile);
  const bool on = moved && *moved && state.contains(engine::as_text(state.cursor.key()));
  state.stage = on ? IteratorState::Stage::kOn : IteratorState::Stage::kAfter;
  if (!moved) {
    state.failed = moved.error();
    return of_store(state.store, moved.error());
  }
  if (on) --state.remaining;
  return on;
}

std::string_view Iterator::key() const {
  if (!state_ || state_->ended() || state_->written() ||
      state_->stage != IteratorState::Stage::kOn) {
    return {};
  }
  return engine::as_text(state_->cursor.key());
}

Result<ValueView> Iterator::value() const {
  if (!state_) return empty_handle("iterator");
  if (state_->ended()) return transaction_ended();
  if (state_->read && state_->read->interrupted()) return interrupted_read();
  if (state_->written()) return written_since();
  if (state_->stage != IteratorState::Stage::kOn) {
    return fail(ErrorCode::kCursorInvalid, "the iterator stands on no record");
  }
  const Result<Bytes> bytes = state_->cursor.value();
  Result<ValueView> value = bytes ? decode_at(state_->store, state_->cursor.key(), *bytes)
                                  : std::unexpected(bytes.error());
  if (state_->read && taken_away(*state_->read->profile, state_->read->txn)) [[unlikely]]
    return snapshot_gone(*state_->read->profile);
  return value;
}

template <typename T>
Result<T> Iterator::number() const {
  if (!state_) return empty_handle("iterator");
  const std::string_view bytes = key();
  const StoreState& store = state_->store;
  if (store.keys == KeyType::kBytes) {
    return fail(ErrorCode::kWrongKind,
                fmt::format("store '{}' has keys of bytes, not integers", store.name));
  }
  if (state_->stage != IteratorState::Stage::kOn || state_->ended() || state_->written()) {
    return fail(ErrorCode::kCursorInvalid, "the iterator stands on no record");
  }
  const auto number = codec::decode_number_key(engine::as_bytes(bytes), store.keys);
  if (!number) {
    return fail(
        ErrorCode::kBadValue,
        fmt::format("store '{}' has a key of {} bytes, those of type {} have {}", store.name,
                    bytes.size(), type_name(store.keys), codec::key_width(store.keys)));
  }
  // Beyond here, one type takes for negative what the other takes for large.
  const bool same_sign = codec::is_signed(store.keys) == std::is_signed_v<T>;
  if (!same_sign && static_cast<std::int64_t>(*number) < 0) {
    return fail(ErrorCode::kOutOfRange, fmt::format("a key of store '{}' is no {}", store.name,
                                                    std::is_signed_v<T> ? "i64" : "u64"));
  }
  return static_cast<T>(*number);
}

template Result<std::int64_t> Iterator::number() const;
template Result<std::uint64_t> Iterator::number() const;

}  // namespace kist
