#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>
#include <kist/engine/table.h>

#include "engine/tree/group.h"
#include "engine/tree/multi_writer.h"
#include "engine/txn/snapshot.h"
#include "engine/txn/write_state.h"

namespace kist::engine {

/// What the functions of transactions do to multimaps. They hand on to these once they know what
/// table it is; txn.h and write_txn.h say what each means. Values that a table of numbers, or of
/// one size, cannot have are not there.

/// Reading.

Result<std::optional<Bytes>> multi_get(const Snapshot& snapshot, const TableState& table,
                                       Bytes key);
Result<bool> multi_contains_pair(const Snapshot& snapshot, const TableState& table, Bytes key,
                                 Bytes value);
Result<std::uint64_t> multi_count_values(const Snapshot& snapshot, const TableState& table,
                                         Bytes key);

/// One key, or pair, of a multimap inside a write transaction: found by one descent, looked at,
/// then changed or not. A call that finds nothing to change copies no page.
class PairEdit {
 public:
  /// All three must outlive the edit.
  PairEdit(Snapshot& snapshot, WriteState& state, TableState& table);

  Result<bool> put(Bytes key, Bytes value, PutMode mode);
  Result<bool> erase(Bytes key);
  Result<bool> erase_pair(Bytes key, Bytes value);
  Result<bool> compare_and_set(Bytes key, std::optional<Bytes> expected,
                               std::optional<Bytes> value);
  Result<std::optional<std::string>> replace(Bytes key, Bytes value);
  Result<std::optional<std::string>> take(Bytes key);

 private:
  template <typename Function>
  Result<void> change(Function function);
  Result<void> check(Bytes key, Bytes value) const;
  Result<Ref> run(Bytes value);
  Result<void> set_only_value(Bytes value);
  Result<std::optional<Bytes>> only_value(Bytes key) const;

  Snapshot& snapshot_;
  WriteState& state_;
  TableState& table_;
  MultiWriter writer_;
};

}  // namespace kist::engine
