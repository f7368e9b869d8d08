#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <kist/engine/check_options.h>
#include <kist/engine/error.h>
#include <kist/engine/stats.h>
#include <kist/options.h>
#include <kist/transaction.h>
#include <kist/value.h>

namespace kist {

/// What a store is. Only single stores can be opened so far; the others are reserved, and refused
/// by name with kNewerFormat.
enum class StoreKind : std::uint8_t {
  kUnknown = 0,       ///< Recorded by a newer version, or unreadable; only in listings.
  kSingle = 1,        ///< One value a key; keys are bytes.
  kMulti = 2,         ///< Several sorted values a key; keys are bytes.
  kInteger = 3,       ///< One value a key; keys are integers.
  kMultiInteger = 4,  ///< Several sorted values a key; keys are integers.
};

/// Name and kind of a store, as listed.
struct StoreInfo {
  std::string name;
  StoreKind kind = StoreKind::kSingle;
};

/// A named map from keys (any bytes, ordered byte by byte) to typed values, within a profile.
///
/// A handle: cheap to copy, may be used from any thread, keeps the profile open. Each call below is
/// a transaction of its own; Reader and Writer (transaction.h) do several things in one. After the
/// profile was closed every call returns kClosed; so does every call on an empty handle (one made
/// by the default constructor, or moved from). Every call may return what the engine reports:
/// kDamaged, kIo, kLatched, kForked; and kTableNotFound when the store was dropped.
class Store {
 public:
  Store() = default;

  /// The value of `key`, copied, or nothing. Errors: kBadValue, kNewerFormat.
  Result<std::optional<Value>> get(std::string_view key) const;
  /// The value of `key` as a T, or nothing. T: bool, uint64_t, int64_t, double, Instant, Uuid,
  /// std::string, Json, Blob; converted as ValueView::as() does. Errors: kWrongType, naming the
  /// key, the type wanted and the type found; kBadValue, kNewerFormat.
  template <typename T>
  Result<std::optional<T>> get(std::string_view key) const;
  /// Whether `key` has a value.
  Result<bool> has(std::string_view key) const;
  /// Number of records.
  Result<std::uint64_t> count() const;
  /// An iteration over a snapshot of its own, which the Iterator keeps.
  Result<Iterator> iterate(const Range& range = {}) const;

  /// Stores `value` under `key` and commits. Errors: kInvalidText, kInvalidJson (with the
  /// position), kKeyTooLong, kValueTooLong, kReadOnly, kNoSpace.
  Result<void> put(std::string_view key, const ValueView& value) const;
  /// Removes `key` and commits; false when it had no value.
  Result<bool> erase(std::string_view key) const;
  /// Removes every record and commits. Returns how many there were.
  Result<std::uint64_t> clear() const;

  /// Name of the store; empty for an empty handle.
  std::string_view name() const;

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
  /// is none and `create` is set. Errors: kTableNotFound, kInvalidText, kInvalidArgument (empty or
  /// too long), kNewerFormat (a store of another kind than single), kReadOnly.
  Result<Store> open_store(std::string_view name, bool create = true) const;
  /// All stores, of every kind, in byte order of their names.
  Result<std::vector<StoreInfo>> stores() const;
  /// Removes a store with all its records; false when there is none. Errors: kNewerFormat (a store
  /// of another kind than single), kReadOnly.
  Result<bool> drop_store(std::string_view name) const;

  /// Begins a snapshot of all stores. Never waits.
  Result<Reader> read() const;
  /// Begins the write transaction over all stores. Waits for other writers, in this process and in
  /// others, as long as `wait` says. Errors: kBusy, kTimedOut, kReadOnly; kMisuse instead of
  /// waiting for ever for a Writer that this very thread began.
  Result<Writer> write(Wait wait = std::nullopt) const;
  /// Applies all operations of `batch` in their order in one transaction: all, or on any error
  /// none. The batch stays as it is. Errors: kMisuse when one names a store of another profile.
  Result<void> apply(const Batch& batch, std::optional<Durability> durability = std::nullopt) const;

  /// Makes everything committed so far durable.
  Result<void> sync() const;
  /// Verifies the file (engine) and what the store layer keeps in it: each store has its record and
  /// its table, each value decodes: the last only at the level kEverything. Errors: kStopped.
  Result<engine::CheckReport> check(const engine::CheckOptions& options = {}) const;
  /// Sizes and counters of the file.
  Result<engine::EnvironmentStats> stats() const;
  /// Shape of one store. Errors: kTableNotFound.
  Result<engine::TableStats> store_stats(std::string_view name) const;

  /// Canonical path of the directory; empty for an empty handle.
  std::filesystem::path directory() const;
  /// Whether close() has not been called on this user.
  bool is_open() const;

  /// Ends this user: waits for calls of other threads that are beginning a transaction, not for the
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

}  // namespace kist
