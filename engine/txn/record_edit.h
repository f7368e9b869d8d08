#pragma once

#include <cstdint>
#include <span>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>
#include <kist/engine/table.h>

#include "engine/tree/tree_writer.h"
#include "engine/txn/snapshot.h"
#include "engine/txn/write_access.h"
#include "engine/txn/write_state.h"

namespace kist::engine {

/// One key of a table of one value a key, inside a write transaction: found by one descent, looked
/// at, then changed or not. A call that finds nothing to change copies no page.
class RecordEdit {
 public:
  /// All three must outlive the edit. One edit at a time.
  RecordEdit(Snapshot& snapshot, WriteState& state, TableState& table)
      : snapshot_(snapshot), state_(state), table_(table), tree_(state.writer_of(table)) {}

  /// Finds `key`, which is borrowed until the change is made. True when it is there. Errors:
  /// kDamaged.
  Result<bool> seek(Bytes key);
  /// Whether the key sought is greater than every key of the table.
  bool behind_all() const { return tree_.behind_all(); }
  /// The value found. Borrowed until the next change. Errors: kDamaged.
  Result<Bytes> value() const;
  /// Whether a value was found and is `value`. A large one that is another is not read to its end.
  Result<bool> holds(Bytes value) const;

  // Changes, one after each seek(). When one fails, only abort remains.

  /// Stores `value` under the key. Gives up the value found.
  Result<void> store(Bytes value);
  /// Stores a reference to an overflow run that was written already, or to a pending value.
  Result<void> store(const Ref& value);
  /// Stores a value of `size` zeros. Returns where it lies; it stays there until the next change.
  Result<std::span<std::uint8_t>> reserve(std::size_t size);
  /// Removes the record found.
  Result<void> erase();

  /// Stores the first of `records`, as many as one change should hold, each as put() does, and cuts
  /// them off. Adds to `stored` how many put() would have returned true for. No seek() comes
  /// before. Errors before the first change leave the transaction as it is.
  Result<void> store_some(std::span<const Record>& records, PutMode mode, std::uint64_t& stored);

 private:
  template <typename Function>
  Result<void> change(Function function, Room room = Room::kMake);
  Result<bool> skip_present(std::span<const Record>& records, PutMode mode, std::uint64_t& stored);
  bool fits_inline(std::size_t value_size) const;
  Result<void> place(Bytes value);
  Result<void> place_zeros(std::size_t size, std::span<std::uint8_t>& room);

  Snapshot& snapshot_;
  WriteState& state_;
  TableState& table_;
  TreeWriter& tree_;
  Bytes key_;
  bool found_ = false;
};

}  // namespace kist::engine
