#pragma once

#include <string>

#include <kist/engine/error.h>
#include <kist/engine/table.h>

#include "engine/txn/snapshot.h"

namespace kist::engine {

/// The options of a table and what of them its record and names in the catalog keep.

/// `options` with what they imply filled in: the size of values that are numbers. Errors:
/// kInvalidArgument when they make no sense, naming the option.
Result<TableOptions> completed(TableOptions options);

/// What a table was created with.
TableOptions options_of(const TableState& table);

/// Puts completed options into the record and the names of `table`.
void set_options(TableState& table, const TableOptions& options);

/// The first option in which a table and what was asked for differ, in words; empty when none does.
std::string first_difference(const TableOptions& existing, const TableOptions& asked);

}  // namespace kist::engine
