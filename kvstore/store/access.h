#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <kist/engine/cursor.h>
#include <kist/engine/database.h>
#include <kist/engine/txn.h>
#include <kist/store.h>
#include <kist/transaction.h>

#include "kvstore/codec/value_codec.h"
#include "kvstore/store/registry.h"

namespace kist {

/// What a Store refers to. Immutable.
struct StoreState {
  std::shared_ptr<ProfileUse> use;
  engine::Table table;
  std::string name;
  bool multi = false;
  KeyType keys = KeyType::kBytes;
};

/// Counts a transaction as live, for who waits for all of them to end.
class Live {
 public:
  explicit Live(std::shared_ptr<SharedProfile> profile) : profile_(std::move(profile)) {
    profile_->transactions.fetch_add(1, std::memory_order_relaxed);
  }
  ~Live() { profile_->transactions.fetch_sub(1, std::memory_order_release); }
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;
  SharedProfile& operator*() const { return *profile_; }
  SharedProfile* operator->() const { return profile_.get(); }

 private:
  std::shared_ptr<SharedProfile> profile_;
};

/// What a Reader refers to, shared with its iterators.
struct ReadState {
  ReadState(std::shared_ptr<SharedProfile> of, engine::ReadTxn begun)
      : profile(std::move(of)), txn(std::move(begun)) {}
  /// Whether it must not go on although nobody has ended it.
  bool interrupted() const { return profile->interrupted.load(std::memory_order_relaxed); }
  Live profile;
  engine::ReadTxn txn;
  bool ended = false;
};

/// What a Writer refers to, shared with its iterators.
struct WriteState {
  WriteState(std::shared_ptr<SharedProfile> of, std::shared_ptr<ProfileUse> user,
             engine::WriteTxn begun)
      : profile(std::move(of)), use(std::move(user)), txn(std::move(begun)) {}
  Live profile;
  std::shared_ptr<ProfileUse> use;  // null when the user went while its queued write waited
  engine::WriteTxn txn;
  codec::ValueEncoder encoder = {};
  bool ended = false;
  bool lent = false;         // by the queue, which ends it
  std::uint64_t writes = 0;  // calls that may have changed something; they end iterations
};

/// Lets the layer's own functions reach into Store.
struct StoreAccess {
  static Store make(std::shared_ptr<const StoreState> state) { return Store(std::move(state)); }
  static const std::shared_ptr<const StoreState>& state(const Store& store) { return store.state_; }
};

/// Lets the layer's own functions make a Profile.
struct ProfileAccess {
  static Profile make(std::shared_ptr<ProfileUse> use) { return Profile(std::move(use)); }
  static const std::shared_ptr<ProfileUse>& use(const Profile& profile) { return profile.use_; }
};

/// Lets the layer's own functions make transactions and look into a Batch.
struct TransactionAccess {
  static Reader make(std::shared_ptr<ReadState> state) { return Reader(std::move(state)); }
  /// The state of a reader that can be used. Errors: kClosed, kTransactionEnded.
  static Result<ReadState*> live(const Reader& reader);
  static Writer make(std::shared_ptr<WriteState> state) { return Writer(std::move(state)); }
  /// An iterator over a store within a transaction, of which exactly one is given.
  static Result<Iterator> iterate(std::shared_ptr<ReadState> read,
                                  std::shared_ptr<WriteState> write, const StoreState& store,
                                  const Range& range);
  /// Runs the operations of a batch in `txn`.
  static Result<void> run(const Batch& batch, const SharedProfile& profile, engine::WriteTxn& txn);
  static Result<void> run(const Batch& batch, Writer& writer);
  /// See kist/sandbox.h.
  static std::string to_bytes(const Batch& batch);
  static Result<Batch> from_bytes(const Profile& profile, Bytes bytes);
  static std::vector<std::string> stores(const Batch& batch);
  /// Memory that a batch takes, about.
  static std::size_t bytes(const Batch& batch);
};

}  // namespace kist
