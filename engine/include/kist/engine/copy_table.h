#pragma once

#include <cstdint>

#include <kist/engine/error.h>
#include <kist/engine/progress.h>
#include <kist/engine/table.h>
#include <kist/engine/txn.h>
#include <kist/engine/write_txn.h>

namespace kist::engine {

/// Copies a table, its options and its sequence into another transaction, most often of another
/// environment, in key order and at full pages. `target` is created; the default table takes what
/// fits a table in byte order with one value a key, and must be empty. Returns the number of
/// records, in a multimap of pairs. Progress counts them.
///
/// The source may be ordered by a comparator that is not registered in its environment; the target
/// environment must know it. Errors: kTableNotFound; kTableExists; kOptionConflict for a default
/// table of other options; kNoComparator; kOutOfOrder when both know different comparators by one
/// name; kStopped; kMisuse when both are the same transaction; those of reading and of
/// WriteTxn::put(). The target transaction is then to be aborted, or rolled back to a savepoint.
Result<std::uint64_t> copy_table(const Txn& from, Table source, WriteTxn& to, Table target,
                                 const ProgressCallback& progress = {});

}  // namespace kist::engine
