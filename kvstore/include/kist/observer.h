#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <kist/engine/error.h>
#include <kist/engine/watch.h>
#include <kist/key.h>
#include <kist/value.h>

namespace kist {

class Reader;
struct StoreState;

namespace observe {
struct Observed;
}

/// What a snapshot can be recognised by later: see ObserveOptions::since.
using engine::SnapshotMark;

/// A record that differs between two snapshots; in a multi store, one value that came or went.
struct Change {
  std::string key;                   ///< As Iterator::key() gives it.
  KeyType keys = KeyType::kBytes;    ///< What the keys of the store are.
  std::optional<Value> before = {};  ///< Nothing: it was not there.
  std::optional<Value> after = {};   ///< Nothing: it is gone.

  /// The key in a store of integers. T: std::int64_t or std::uint64_t. Errors: kWrongKind where
  /// keys are bytes, kOutOfRange when it is no T, kBadValue (a key of another width).
  template <typename T>
  Result<T> number() const;
};

/// What an observer is told at a time: how the newest snapshot differs from the one that it was
/// told of before. What happened in between does not show: a key that was changed twice comes once,
/// one that was changed and changed back does not come.
struct Delivery {
  enum class Kind : std::uint8_t {
    kChanges,  ///< `changes` is what there is to know; never empty.
    /// The difference cannot be told: its older snapshot is gone, there is too much of it, or one
    /// of its values cannot be decoded. Read what is observed anew, from a snapshot that begins
    /// now; deliveries go on from `to`.
    kReload,
    kEnded,  ///< The last delivery, because of `error`: kClosed when the profile was closed.
  };
  Kind kind = Kind::kChanges;
  std::vector<Change> changes = {};  ///< In the order of their keys.
  SnapshotMark from = {};            ///< The older snapshot.
  SnapshotMark to = {};              ///< The newer one.
  Error error = {};                  ///< Of kEnded.
  std::uint64_t pages_visited = 0;   ///< Pages of both snapshots that were looked at.
};

/// Runs on the environment's watching thread, one delivery at a time, for all observers of the
/// environment in this process. It may do everything: read, write, observe, stop any observer,
/// close the profile. While it runs the thread watches nothing else, so it should be short; nothing
/// is lost if it is not. One that throws is stopped.
using ObserverCallback = std::function<void(const Delivery& delivery)>;

/// From where an observer begins, and how much it takes at a time.
struct ObserveOptions {
  /// Begin with the snapshot of this Reader, which need not outlive the call: nothing that happened
  /// after it is missed. Otherwise with the newest one.
  const Reader* from = nullptr;
  /// Begin with a snapshot that was remembered, in another process or run perhaps. Good while it is
  /// the newest still; else the first delivery is kReload. kMisuse together with `from`.
  std::optional<SnapshotMark> since = {};
  /// Bytes of keys and values in one delivery; kReload where there are more.
  std::size_t max_bytes = std::size_t{16} << 20;
};

/// Being told of changes to a store, whichever process makes them. Got from Store::observe();
/// move-only. Destroying it stops it. Keeps the profile open. Thread-safe.
class Observer {
 public:
  Observer() = default;
  Observer(Observer&&) noexcept = default;
  Observer& operator=(Observer&& other) noexcept;
  ~Observer() { stop(); }

  /// Ends the deliveries: the callback is not running when this returns, nor will it, and it is
  /// destroyed (unless called by the callback itself, which is the last one then).
  void stop();
  /// Whether deliveries go on: false after stop(), after kEnded, and for an empty handle.
  bool active() const;
  /// The snapshot up to which everything was delivered: to be remembered for ObserveOptions::since.
  SnapshotMark seen() const;

 private:
  friend class Store;
  Observer(std::shared_ptr<const StoreState> store, std::shared_ptr<observe::Observed> observed);
  std::shared_ptr<const StoreState> store_;
  std::shared_ptr<observe::Observed> observed_;
};

}  // namespace kist
