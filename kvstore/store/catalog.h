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

/// What a store is, as recorded.
struct StoreType {
  bool multi = false;
  KeyType keys = KeyType::kBytes;
  friend bool operator==(const StoreType&, const StoreType&) = default;
};

/// Errors: kInvalidText, kInvalidArgument (empty, or too long for the page size).
Result<void> check_name(const engine::Database& database, std::string_view name);

/// Name of the table that holds the records of a store.
std::string table_name(std::string_view store, StoreType type);
/// The store whose records the table of that name holds, or nothing for a table of another purpose.
std::optional<std::string_view> store_of_table(std::string_view table);

/// What a store is, or nothing when there is none of that name.
/// Errors: kNewerFormat and kBadValue when its record cannot be read here.
Result<std::optional<StoreType>> find(const engine::Txn& txn, std::string_view name);
/// All stores in byte order; those whose record cannot be read here as StoreKind::kUnknown.
Result<std::vector<StoreInfo>> list(const engine::Txn& txn);

/// Whether there is a store of that name, which must be of that type: else kWrongKind.
Result<bool> open(const engine::Txn& txn, std::string_view name, StoreType type);
/// Records a new store and makes its table.
Result<void> create(engine::WriteTxn& txn, engine::Table table, std::string_view name,
                    StoreType type);
/// Removes record and table of a store; false when there is none. Errors: those of find().
Result<bool> drop(engine::WriteTxn& txn, const engine::Database& database, std::string_view name);

}  // namespace kist::catalog
