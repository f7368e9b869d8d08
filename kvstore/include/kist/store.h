#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <kist/engine/check_options.h>
#include <kist/engine/error.h>
#include <kist/engine/stats.h>
#include <kist/metrics.h>
#include <kist/observer.h>
#include <kist/options.h>
#include <kist/transaction.h>
#include <kist/value.h>

namespace kist {

class Queue;

/// What a store is, as listed.
enum class StoreKind : std::uint8_t {
  kUnknown = 0,       ///< Recorded by a newer version, or unreadable.
  kSingle = 1,        ///< One value a key; keys are bytes.
  kMulti = 2,         ///< Several sorted values a key; keys are bytes.
  kInteger = 3,       ///< One value a key; keys are integers.
  kMultiInteger = 4,  ///< Several sorted values a key; keys are integers.
};

/// Name and kind of a store, as listed.
struct StoreInfo {
  std::string name;
  StoreKind kind = StoreKind::kSingle;
  KeyType keys = KeyType::kBytes;
};

/// A named map from keys to typed values, within a profile: one value a key, or any number of them
/// (`multi`), under bytes or under integers; see StoreOptions.
///
/// A handle: cheap to copy, may be used from any thread, keeps the profile open. Each call below is
/// a transaction of its own; Reader and Writer (transaction.h) do several things in one. After the
/// profile was closed every call returns kClosed; so does every call on an empty handle (one made
/// by the default constructor, or moved from). Every call may return what the engine reports:
/// kDamaged, kIo, kLatched, kForked; kTableNotFound when the store was dropped; and for a key of
/// another type than the store's kWrongKind or kOutOfRange (kist/key.h).
class Store {
 public:
  Store() = default;

  /// The value of `key`, copied, or nothing; in a multi store the first. Errors: kBadValue,
  /// kNewerFormat.
  Result<std::optional<Value>> get(const Key& key) const;
  /// The value of `key` as a T, or nothing. T: bool, uint64_t, int64_t, double, Instant, Uuid,
  /// std::string, Json, Blob; converted as ValueView::as() does. Errors: kWrongType, naming the
  /// key, the type wanted and the type found; kBadValue, kNewerFormat.
  template <typename T>
  Result<std::optional<T>> get(const Key& key) const;
  /// The same, or `absent` where there is no value. A value of another type is still an error.
  template <typename T>
  Result<T> get_or(const Key& key, T absent) const {
    Result<std::optional<T>> found = get<T>(key);
    if (!found) return std::unexpected(std::move(found).error());
    return (*std::move(found)).value_or(std::move(absent));
  }
  /// Whether `key` has a value.
  Result<bool> has(const Key& key) const;
  /// Number of records within `range`, in O(log n); in a multi store, of values.
  Result<std::uint64_t> count(const Range& range = {}) const;
  /// An iteration over a snapshot of its own, which the Iterator keeps.
  Result<Iterator> iterate(const Range& range = {}) const;

  /// Stores `value` under `key` and commits; in a multi store, adds it to the values of the key.
  /// Errors: kInvalidText, kInvalidJson (with the position), kKeyTooLong, kValueTooLong, kReadOnly,
  /// kNoSpace.
  Result<void> put(const Key& key, const ValueView& value) const;
  /// The same, only when `key` has no value yet; false, and no change, otherwise.
  Result<bool> put_if_absent(const Key& key, const ValueView& value) const;
  /// Removes `key`, with all its values, and commits; false when it had none.
  Result<bool> erase(const Key& key) const;
  /// Removes this value of `key` only; false when it is not there. In a store of one value a key:
  /// removes the key when its value is this one.
  Result<bool> erase(const Key& key, const ValueView& value) const;
  /// Removes all records within `range`, in the time that its borders take, and commits. Returns
  /// how many there were. kInvalidArgument for a range with a limit.
  Result<std::uint64_t> erase_range(const Range& range) const;
  /// Removes every record and commits. Returns how many there were.
  Result<std::uint64_t> clear() const;

  /// Gives `key` the value `value` (nothing: removes it) when it has the value `expected` (nothing:
  /// when it has none); false, and no change, otherwise. kAmbiguous for a key with several values.
  Result<bool> compare_and_set(const Key& key, const std::optional<ValueView>& expected,
                               const std::optional<ValueView>& value) const;
  /// Adds `amount` to the integer under `key`, which stays a u64 or i64; an absent one is the i64
  /// 0. Returns the new value. Errors: kOutOfRange when it leaves its type, kWrongType for another
  /// value, kWrongKind in a multi store.
  Result<Value> add(const Key& key, std::int64_t amount = 1) const;
  /// Replaces the value of `key` by what `change` makes of it, in one transaction. Returns the new
  /// value. kWrongKind in a multi store.
  Result<std::optional<Value>> update(const Key& key, const Update& change) const;

  /// Calls `callback` after each change within `range` (a key, a prefix, from and to, or
  /// everything), by whatever process, until the Observer goes; see kist/observer.h. The store need
  /// not exist. Errors: kInvalidArgument for a range with an order or a limit, kMisuse, kClosed,
  /// kOutOfMemory (no thread could be started).
  Result<Observer> observe(const Range& range, ObserverCallback callback,
                           const ObserveOptions& options = {}) const;

  /// Name of the store; empty for an empty handle.
  std::string_view name() const;
  /// Whether a key may have several values.
  bool multi() const;
  /// What its keys are.
  KeyType keys() const;

 private:
  friend struct StoreAccess;
  explicit Store(std::shared_ptr<const StoreState> state);
  std::shared_ptr<const StoreState> state_;
};

/// A user of an open profile directory: a set of stores that are written together, in one file,
/// `data.kist`, shared by all threads and processes. Got from Manager::open().
///
/// A handle: copies are the same user, and so are the stores opened through it; it may be used from
/// any thread. The user goes when close() is called, or with the last of these handles. Every call
/// on a closed or empty handle returns kClosed. Transactions that are under way when the profile is
/// closed stay valid, and keep the file open, until they end.
class Profile {
 public:
  Profile() = default;

  /// Opens the store `name` (UTF-8, not empty); creates it, in a transaction of its own, when there
  /// is none and `options.create` is set. Errors: kTableNotFound, kWrongKind (it exists, and is
  /// something else than asked for), kInvalidText, kInvalidArgument (empty or too long),
  /// kNewerFormat, kReadOnly.
  Result<Store> open_store(std::string_view name, const StoreOptions& options) const;
  /// The same of a store with one value a key, whose keys are bytes.
  Result<Store> open_store(std::string_view name, bool create = true) const {
    return open_store(name, StoreOptions{.create = create});
  }
  /// All stores, of every kind, in byte order of their names.
  Result<std::vector<StoreInfo>> stores() const;
  /// Removes a store of any kind with all its records; false when there is none. Errors:
  /// kNewerFormat, kReadOnly.
  Result<bool> drop_store(std::string_view name) const;

  /// Begins a snapshot of all stores. Never waits.
  Result<Reader> read() const;
  /// Begins the write transaction over all stores. Waits for other writers, in this process and in
  /// others, as long as `wait` says. Errors: kBusy, kTimedOut, kReadOnly; kMisuse instead of
  /// waiting for ever for a Writer that this very thread began.
  Result<Writer> write(Wait wait = std::nullopt) const;
  /// Runs `work`, a callable (Reader&) -> Result<T>, on a snapshot of all stores. Returns what it
  /// returns.
  template <std::invocable<Reader&> Work>
  std::invoke_result_t<Work, Reader&> read(Work&& work) const;
  /// Runs `work`, a callable (Writer&) -> Result<T>, in the write transaction, and commits when it
  /// succeeded; when it fails or throws, nothing has changed. Returns what it returns, or the
  /// error of the commit.
  template <std::invocable<Writer&> Work>
  std::invoke_result_t<Work, Writer&> write(Work&& work,
                                            std::optional<Durability> durability = {}) const;
  /// Applies all operations of `batch` in their order in one transaction: all, or on any error
  /// none. The batch stays as it is. Errors: kMisuse when one names a store of another profile.
  Result<void> apply(const Batch& batch, std::optional<Durability> durability = std::nullopt) const;

  /// A queue for reads and writes that are done later; see kist/queue.h. `wait`: how long a write
  /// waits for room. Any number of them; a closed profile's queue fails what it is given.
  Queue queue(Wait wait = std::nullopt) const;

  /// Makes everything committed so far durable.
  Result<void> sync() const;
  /// Verifies the file (engine) and what the store layer keeps in it: each store has its record and
  /// its table, each value decodes: the last only at the level kEverything. Errors: kStopped.
  Result<engine::CheckReport> check(const engine::CheckOptions& options = {}) const;
  /// Sizes and counters of the file.
  Result<engine::EnvironmentStats> stats() const;
  /// What is to be told of the environment, for telemetry. Visits every branch page of the file.
  Result<Metrics> metrics() const;
  /// The same without the stores, which costs next to nothing.
  Result<Metrics> environment_metrics() const;
  /// Tells `listener` of commits and errors of the environment, whoever's in this process, until
  /// this user is closed, or gives another; an empty one ends it.
  Result<void> listen(Listener listener) const;
  /// Shape of one store. Errors: kTableNotFound.
  Result<engine::TableStats> store_stats(std::string_view name) const;

  /// Canonical path of the directory; empty for an empty handle.
  std::filesystem::path directory() const;
  /// Canonical path of the directory that the data is in: the same, unless the profile was opened
  /// with ProfileOptions::environment.
  std::filesystem::path environment() const;
  /// Whether close() has not been called on this user.
  bool is_open() const;

  /// Ends this user: waits for its queued writes to be durable and completed (unless called by such
  /// a completion), and for calls of other threads that are beginning a transaction, not for the
  /// transactions themselves. When it was the last user in this process, flushes and marks the file
  /// as cleanly closed. Errors: kClosed when it was closed before; what the engine reports.
  Result<void> close() const;
  /// As close(), and deletes `data.kist` and its lock file; the directory stays. Not closed, with
  /// kBusy, when the profile has another user in this process. Another process that has it open
  /// keeps the deleted file until it closes; that is the caller's to prevent. Errors: kReadOnly.
  Result<void> close_and_delete() const;

 private:
  friend struct ProfileAccess;
  explicit Profile(std::shared_ptr<ProfileUse> use);
  std::shared_ptr<ProfileUse> use_;
};

template <std::invocable<Reader&> Work>
std::invoke_result_t<Work, Reader&> Profile::read(Work&& work) const {
  KIST_ASSIGN(Reader reader, read());
  return std::forward<Work>(work)(reader);
}

template <std::invocable<Writer&> Work>
std::invoke_result_t<Work, Writer&> Profile::write(Work&& work,
                                                   std::optional<Durability> durability) const {
  KIST_ASSIGN(Writer writer, write());
  std::invoke_result_t<Work, Writer&> result = std::forward<Work>(work)(writer);
  if (result) KIST_TRY(writer.commit(durability));
  return result;
}

}  // namespace kist
