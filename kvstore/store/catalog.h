#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <kist/engine/database.h>
#include <kist/engine/txn.h>
#include <kist/store.h>

/// The stores of a profile, as recorded in the engine's unnamed table: kvstore/docs/format.md.
namespace kist::catalog {

/// Errors: kInvalidText, kInvalidArgument (empty, or too long for the page size).
Result<void> check_name(const engine::Database& database, std::string_view name);

/// Name of the table that holds the records of a single store.
std::string table_name(std::string_view store);
/// The store whose records the table of that name holds, or nothing for a table of another purpose.
std::optional<std::string_view> store_of_table(std::string_view table);

/// The kind of a store, or nothing when there is none of that name.
/// Errors: kNewerFormat and kBadValue when its record cannot be read here.
Result<std::optional<StoreKind>> find(const engine::Txn& txn, std::string_view name);
/// All stores in byte order; those whose record cannot be read here as StoreKind::kUnknown.
Result<std::vector<StoreInfo>> list(const engine::Txn& txn);

/// Finds a single store; with `create`, makes it when there is none. False when there is none.
/// Errors: kNewerFormat for a store of another kind.
Result<bool> open_single(const engine::Txn& txn, std::string_view name);
/// Records a new single store and makes its table.
Result<void> create_single(engine::WriteTxn& txn, engine::Table table, std::string_view name);
/// Removes record and table of a single store; false when there is none. Errors: as open_single().
Result<bool> drop_single(engine::WriteTxn& txn, engine::Table table, std::string_view name);

}  // namespace kist::catalog
