#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <kist/engine/cursor.h>
#include <kist/engine/error.h>
#include <kist/engine/table.h>

#include "engine/tree/record_path.h"
#include "engine/txn/snapshot.h"

namespace kist::engine {

/// What is behind a Cursor.
///
/// A position is one of four things: before the first record, behind the last, on a record
/// (`valid`), or at a key, in a multimap at a pair, that is not there. Of the last the key is held
/// in a copy; so is that of a record as soon as the transaction is about to write. A position is
/// good (`write_count` equals the transaction's) until then; afterwards settle() finds it again.
/// `path` stands on the record, or in front of the first one behind the key.
class CursorState : public Cursor::Spot {
 public:
  using Place = Cursor::Place;

  CursorState(std::shared_ptr<Snapshot> snapshot, Table table);
  /// Another one at the same position.
  CursorState(const CursorState& other);
  CursorState& operator=(const CursorState&) = delete;
  ~CursorState() { detach(); }

  /// Makes the position good again. Errors: kTransactionEnded, kForked, kMisuse, kTableNotFound,
  /// kNoComparator, kDamaged; the next call tries again.
  Result<void> settle();
  /// Forgets the position and takes the table as it is now: the path stands nowhere.
  Result<void> restart();
  /// Goes over to another transaction, before the first record.
  Result<void> rebind(const std::shared_ptr<Snapshot>& other);
  /// Negative, zero or positive, as the position lies before, at or behind the other's. Both are
  /// good and of the same table.
  Result<int> compare(const CursorState& other) const;

  /// The end of a move of `path`: on the record where it stands, or, when `moved` is false, at
  /// `otherwise`. After an error before the first record.
  Result<bool> land(Result<bool> moved, Place otherwise);
  /// The same, but when `moved` is false it stays where it is.
  Result<bool> land_or_stay(Result<bool> moved);
  /// The end of an exact search: on the record, or at the key (and value) that was not `found`.
  Result<bool> land_exact(Result<bool> found, Bytes wanted, std::optional<Bytes> value);
  /// Stands at an end. False, or why nothing can be read.
  Result<bool> off(Place end);
  /// One record on, or back, over the edge of a leaf to its neighbour below the same branch. False,
  /// and nothing has changed, when the next record is none of that. REQUIRES: good, count != 0.
  bool cross(bool forward);
  /// The value of the record it stands on. REQUIRES: valid.
  Result<Bytes> whole_value() const;

  /// Copies what it stands on and leaves the list of attached cursors.
  void hold();
  void detach();

  RecordPath path;
  std::shared_ptr<Snapshot> snapshot;
  Table table;
  std::string held_key;                   // at_key(): the key
  std::optional<std::string> held_value;  // and in a multimap the value; nothing: before the first

 private:
  void clear();
  Result<bool> load();
  void attach();

  std::uint32_t environment_;  // serial of the environment
  bool lost_ = false;          // what it stood on could not be copied
  bool attached_ = false;      // is in the list of the snapshot:
  CursorState* attached_before_ = nullptr;
  CursorState* attached_behind_ = nullptr;
};

}  // namespace kist::engine
