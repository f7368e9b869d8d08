#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <pybind11/pybind11.h>

#include <kist/transaction.h>

#include "process_bound.h"

namespace kist::python {

class Transaction;

/// What an iteration gives for each record.
enum class Wanted : std::uint8_t { kKeys, kValues, kItems };

/// A key that owns its bytes.
class OwnedKey {
 public:
  explicit OwnedKey(const Key& key) : bytes_(key.bytes()), key_(key) {}
  /// Borrows from this object.
  Key key() const { return key_.form() == Key::Form::kBytes ? Key(bytes_) : key_; }

 private:
  std::string bytes_;
  Key key_;
};

/// The part of a store that a call is about, as Python gives it. Owns its bounds.
struct Bounds {
  std::optional<OwnedKey> start;
  std::optional<OwnedKey> stop;
  std::optional<OwnedKey> key;
  std::string prefix;
  bool reverse = false;
  std::optional<std::uint64_t> limit;

  /// Borrows from this object.
  Range range() const;
};

/// A Python iterator over records. Keeps its transaction; a transaction that ends takes the
/// engine's iterator away from it. Guarded by the GIL.
class RecordIterator {
 public:
  RecordIterator(std::shared_ptr<Transaction> transaction, Iterator iterator, Wanted wanted,
                 KeyType keys, bool bytes_keys);

  /// The next key, value or (key, value). Throws StopIteration at the end, and from then on; and
  /// Failure. A record that cannot be read does not end the iteration.
  pybind11::object next();
  /// Gives up the engine's iterator: next() fails from now on.
  void detach();

 private:
  std::shared_ptr<Transaction> transaction_;  // None after the last record.
  ProcessBound<Iterator> iterator_;
  Wanted wanted_;
  KeyType keys_;
  bool bytes_keys_;
};

}  // namespace kist::python
