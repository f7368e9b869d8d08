// Snapshots that are given up, taken anew, or looked at twice.

#include <fmt/format.h>

#include <kist/engine/txn.h>

#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"

namespace kist::engine {
namespace {

std::unexpected<Error> ended() {
  return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
}

}  // namespace

Result<std::uint64_t> Txn::lag() const {
  if (!snapshot_) return ended();
  KIST_TRY(snapshot_->usable());
  KIST_ASSIGN(const std::uint64_t newest, snapshot_->environment->newest_id());
  return newest > snapshot_->id ? newest - snapshot_->id : 0;
}

bool Txn::outlives_writes(Bytes bytes) const {
  if (!snapshot_ || !snapshot_->usable()) return false;
  if (snapshot_->write == nullptr || bytes.empty()) return true;
  // What this transaction wrote early it may give up and write over.
  const Environment& environment = *snapshot_->environment;
  const std::optional<std::uint64_t> page = environment.pager->page_of(bytes.data());
  return page && !environment.space->took({*page, 1});
}

void ReadTxn::reset() {
  if (snapshot_) snapshot_->reset();
}

Result<bool> ReadTxn::renew() {
  if (!snapshot_ || !snapshot_->environment) return ended();
  Snapshot& snapshot = *snapshot_;
  Environment& environment = *snapshot.environment;
  const std::uint64_t before = snapshot.last_id();
  snapshot.reset();
  snapshot.take_back();
  if (!environment.pin_again(snapshot)) [[unlikely]] {
    if (auto begun = environment.begin_read(snapshot); !begun) {
      environment.end_read(snapshot);
      snapshot.forget();
      return std::unexpected(std::move(begun).error());
    }
  }
  snapshot.revive();
  return snapshot.id != before;
}

Result<void> ReadTxn::park() {
  if (!snapshot_) return ended();
  return snapshot_->park();
}

Result<Unparked> ReadTxn::unpark(IfOusted if_ousted) {
  if (!snapshot_ || !snapshot_->environment) return ended();
  const std::string& path = snapshot_->environment->path;
  if (!snapshot_->parked()) {
    return fail(ErrorCode::kMisuse, path + ": the transaction is not parked");
  }
  if (snapshot_->stale()) {
    return fail(ErrorCode::kForked, path + ": the transaction was begun before fork()");
  }
  if (snapshot_->unpark()) return Unparked::kKept;
  if (if_ousted == IfOusted::kFail) {
    return fail(ErrorCode::kOusted, fmt::format("{}: snapshot {} was needed by a writer while its "
                                                "transaction was parked",
                                                path, snapshot_->last_id()));
  }
  KIST_TRY(renew());
  return Unparked::kRestarted;
}

Result<ReadTxn> ReadTxn::clone() const {
  if (!snapshot_) return ended();
  KIST_TRY(snapshot_->usable());
  ReadTxn copy;
  copy.snapshot_ = std::make_shared<Snapshot>(snapshot_->environment);
  snapshot_->environment->share_read(*snapshot_, *copy.snapshot_);
  return copy;
}

}  // namespace kist::engine
