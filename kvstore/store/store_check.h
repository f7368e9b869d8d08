#pragma once

#include <kist/engine/database.h>
#include <kist/engine/stats.h>

namespace kist {

/// Verifies what the store layer keeps in the newest snapshot, and adds what is wrong to `report`:
/// each store's record can be read and has its table, each table of records has its store, each
/// value decodes. Stores of kinds unknown here are skipped. Errors: what ends the walk.
Result<void> check_stores(const engine::Database& database, engine::CheckReport& report);

}  // namespace kist
