#include <utility>

#include <kist/observer.h>
#include <kist/store.h>

#include "kvstore/observe/watcher.h"
#include "kvstore/store/access.h"
#include "kvstore/store/begin.h"
#include "kvstore/store/lookup.h"

namespace kist {

namespace {

/// The snapshot that an observer begins with.
Result<std::shared_ptr<observe::Base>> begin_with(const StoreState& store,
                                                  const ObserveOptions& options) {
  auto base = std::make_shared<observe::Base>();
  if (options.from != nullptr) {
    if (options.since) {
      return fail(ErrorCode::kMisuse, "an observer begins from a reader or since a mark, not both");
    }
    KIST_ASSIGN(const ReadState* reader, TransactionAccess::live(*options.from));
    if (&*reader->profile != store.use->shared.get()) {
      return fail(ErrorCode::kMisuse, "the reader is of another profile than the store");
    }
    KIST_ASSIGN(engine::ReadTxn txn, reader->txn.clone());
    base->txn.emplace(std::move(txn));
  } else {
    KIST_ASSIGN(engine::ReadTxn txn, begin_read(*store.use));
    base->txn.emplace(std::move(txn));
  }
  KIST_ASSIGN(base->mark, engine::mark_of(*base->txn));
  if (options.since && *options.since != base->mark) {
    base->mark = *options.since;
    base->txn.reset();
  }
  base->park();
  return base;
}

}  // namespace

Result<Observer> Store::observe(const Range& range, ObserverCallback callback,
                                const ObserveOptions& options) const {
  if (!state_) return empty_handle("store");
  if (!callback) return fail(ErrorCode::kInvalidArgument, "an observer needs a callback");
  if (range.reverse || range.limit) {
    return fail(ErrorCode::kInvalidArgument, "a range to be observed has no order and no limit");
  }
  auto observed = std::make_shared<observe::Observed>();
  observed->user = state_->use.get();
  observed->table = state_->table;
  observed->multi = state_->multi;
  observed->keys = state_->keys;
  observed->max_bytes = options.max_bytes;
  observed->callback = std::move(callback);
  KIST_ASSIGN(observed->bounds, records::bounds_of(*state_, range));
  if (range.key) {
    codec::KeyBuffer buffer{};
    KIST_ASSIGN(const engine::Bytes key, key_in(*state_, *range.key, buffer));
    observed->key = engine::to_string(key);
  }
  KIST_ASSIGN(observed->base, begin_with(*state_, options));
  observed->seen = observed->base->mark;
  // Within the gate, so that a close of the profile finds it.
  const Gate::Pass pass(state_->use->gate);
  if (!pass) return closed_profile(*state_->use);
  KIST_TRY(state_->use->shared->watcher->add(state_->use->shared->database, observed));
  return Observer(state_, std::move(observed));
}

Observer::Observer(std::shared_ptr<const StoreState> store,
                   std::shared_ptr<observe::Observed> observed)
    : store_(std::move(store)), observed_(std::move(observed)) {}

Observer& Observer::operator=(Observer&& other) noexcept {
  if (this == &other) return *this;
  stop();
  store_ = std::move(other.store_);
  observed_ = std::move(other.observed_);
  return *this;
}

void Observer::stop() {
  if (observed_) store_->use->shared->watcher->remove(*observed_);
}

bool Observer::active() const {
  return observed_ && store_->use->shared->watcher->active(*observed_);
}

SnapshotMark Observer::seen() const {
  return observed_ ? store_->use->shared->watcher->seen(*observed_) : SnapshotMark{};
}

}  // namespace kist
