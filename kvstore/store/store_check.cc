#include "kvstore/store/store_check.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <kist/engine/cursor.h>

#include "kvstore/codec/key_codec.h"
#include "kvstore/codec/utf8.h"
#include "kvstore/codec/value_codec.h"
#include "kvstore/store/catalog.h"
#include "kvstore/store/lookup.h"

namespace kist {

namespace {

Result<void> check_records(const engine::Txn& txn, engine::Table table, KeyType keys,
                           const std::string& where, engine::CheckReport& report) {
  const std::size_t width = codec::key_width(keys);
  KIST_ASSIGN(engine::Cursor cursor, txn.cursor(table));
  KIST_ASSIGN(bool more, cursor.first());
  while (more) {
    KIST_ASSIGN(const Bytes bytes, cursor.value());
    if (width != 0 && cursor.key().size() != width) {
      const std::string key = describe_key(engine::as_text(cursor.key()));
      report.violations.push_back({0, fmt::format("{} > key {}", where, key),
                                   fmt::format("has {} bytes, a key of type {} has {}",
                                               cursor.key().size(), type_name(keys), width)});
    }
    if (const Result<ValueView> value = codec::decode_value(bytes); !value) {
      const std::string key = describe_key(engine::as_text(cursor.key()));
      report.violations.push_back(
          {0, fmt::format("{} > key {}", where, key), value.error().message});
    }
    KIST_ASSIGN(more, cursor.next());
  }
  return {};
}

}  // namespace

Result<void> check_stores(const engine::Database& database, engine::CheckReport& report) {
  KIST_ASSIGN(const engine::ReadTxn txn, database.read());
  KIST_ASSIGN(const std::vector<StoreInfo> stores, catalog::list(txn));
  for (const StoreInfo& store : stores) {
    const std::string where = fmt::format("store {}", describe_key(store.name));
    if (const Result<void> valid = catalog::check_name(database, store.name); !valid) {
      report.violations.push_back({0, where, valid.error().message});
      continue;
    }
    const Result<std::optional<catalog::StoreType>> type = catalog::find(txn, store.name);
    if (!type) {
      if (type.error().code != ErrorCode::kNewerFormat) {
        report.violations.push_back({0, where, type.error().message});
      }
      continue;
    }
    KIST_ASSIGN(const engine::Table table, database.table(catalog::table_name(store.name, **type)));
    KIST_ASSIGN(const bool exists, txn.exists(table));
    if (!exists) {
      report.violations.push_back({0, where, "has a record and no table"});
      continue;
    }
    KIST_TRY(check_records(txn, table, store.keys, where, report));
  }
  KIST_ASSIGN(const std::vector<std::string> tables, txn.table_names());
  for (const std::string& table : tables) {
    const auto store = catalog::store_of_table(table);
    if (!store) continue;
    // Listed in the order of their names.
    if (!std::ranges::binary_search(stores, *store, {}, &StoreInfo::name)) {
      report.violations.push_back(
          {0, fmt::format("store {}", describe_key(*store)), "has a table and no record"});
    }
  }
  return {};
}

}  // namespace kist
