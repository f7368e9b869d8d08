#include "kvstore/store/catalog.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <kist/engine/cursor.h>

#include "kvstore/codec/utf8.h"

namespace kist::catalog {

namespace {

/// Keys of the unnamed table that do not start so are kept for later versions.
constexpr std::string_view kKeyPrefix = "store/";
/// Names of tables that do not start so are kept for other kinds of store. The kind is a part of
/// the name so that a handle of one kind finds nothing, rather than something that it misreads,
/// after the store was dropped and made anew as another.
constexpr std::string_view kSinglePrefix = "s:";

constexpr std::uint8_t kRecordVersion = 1;
/// A record: version, kind, flags (two bytes, 0).
using Record = std::array<std::uint8_t, 4>;

std::string catalog_key(std::string_view name) {
  return std::string(kKeyPrefix).append(name);
}

std::string_view kind_name(StoreKind kind) {
  switch (kind) {
    case StoreKind::kSingle:
      return "single";
    case StoreKind::kMulti:
      return "multi";
    case StoreKind::kInteger:
      return "integer";
    case StoreKind::kMultiInteger:
      return "multi-integer";
    case StoreKind::kUnknown:
      break;
  }
  return "unknown";
}

Result<StoreKind> read_record(std::string_view name, Bytes bytes) {
  if (bytes.empty()) {
    return fail(ErrorCode::kBadValue, fmt::format("record of store '{}' is empty", name));
  }
  if (bytes[0] != kRecordVersion) {
    return fail(ErrorCode::kNewerFormat,
                fmt::format("record of store '{}' has version {}, this version of Kist reads {}",
                            name, bytes[0], kRecordVersion));
  }
  if (bytes.size() != Record{}.size()) {
    return fail(ErrorCode::kBadValue, fmt::format("record of store '{}' has {} bytes, expected {}",
                                                  name, bytes.size(), Record{}.size()));
  }
  if (bytes[2] != 0 || bytes[3] != 0) {
    return fail(ErrorCode::kNewerFormat,
                fmt::format("record of store '{}' has flags 0x{:02x}{:02x}, which need a newer "
                            "version of Kist",
                            name, bytes[3], bytes[2]));
  }
  const auto kind = static_cast<StoreKind>(bytes[1]);
  if (kind < StoreKind::kSingle || kind > StoreKind::kMultiInteger) {
    return fail(ErrorCode::kNewerFormat,
                fmt::format("store '{}' is of kind {}, which needs a newer version of Kist", name,
                            bytes[1]));
  }
  return kind;
}

}  // namespace

Result<void> check_name(const engine::Database& database, std::string_view name) {
  if (name.empty()) return fail(ErrorCode::kInvalidArgument, "the name of a store is empty");
  KIST_TRY(codec::check_utf8(name, "name of a store"));
  const std::size_t longest = std::min(database.max_key_size() - kKeyPrefix.size(),
                                       database.max_table_name_size() - kSinglePrefix.size());
  if (name.size() > longest) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the name of a store has {} bytes, at most {} are possible with the "
                            "page size of {}",
                            name.size(), longest, database.path()));
  }
  return {};
}

std::string table_name(std::string_view store) {
  return std::string(kSinglePrefix).append(store);
}

std::optional<std::string_view> store_of_table(std::string_view table) {
  if (!table.starts_with(kSinglePrefix)) return std::nullopt;
  return table.substr(kSinglePrefix.size());
}

Result<std::optional<StoreKind>> find(const engine::Txn& txn, std::string_view name) {
  KIST_ASSIGN(const std::optional<Bytes> record,
              txn.get(engine::Table(), engine::as_bytes(catalog_key(name))));
  if (!record) return std::nullopt;
  KIST_ASSIGN(const StoreKind kind, read_record(name, *record));
  return kind;
}

Result<std::vector<StoreInfo>> list(const engine::Txn& txn) {
  std::vector<StoreInfo> stores;
  KIST_ASSIGN(engine::Cursor cursor, txn.cursor(engine::Table()));
  KIST_ASSIGN(bool more, cursor.seek(engine::as_bytes(kKeyPrefix)));
  while (more && engine::as_text(cursor.key()).starts_with(kKeyPrefix)) {
    const std::string_view name = engine::as_text(cursor.key()).substr(kKeyPrefix.size());
    KIST_ASSIGN(const Bytes record, cursor.value());
    stores.push_back({std::string(name), read_record(name, record).value_or(StoreKind::kUnknown)});
    KIST_ASSIGN(more, cursor.next());
  }
  return stores;
}

Result<bool> open_single(const engine::Txn& txn, std::string_view name) {
  KIST_ASSIGN(const std::optional<StoreKind> kind, find(txn, name));
  if (!kind) return false;
  if (*kind == StoreKind::kSingle) return true;
  return fail(ErrorCode::kNewerFormat,
              fmt::format("store '{}' is a {} store, which needs a newer version of Kist", name,
                          kind_name(*kind)));
}

Result<void> create_single(engine::WriteTxn& txn, engine::Table table, std::string_view name) {
  KIST_TRY(txn.create_table(table));
  const Record record{kRecordVersion, static_cast<std::uint8_t>(StoreKind::kSingle), 0, 0};
  KIST_TRY(txn.put(engine::Table(), engine::as_bytes(catalog_key(name)), record));
  return {};
}

Result<bool> drop_single(engine::WriteTxn& txn, engine::Table table, std::string_view name) {
  KIST_ASSIGN(const bool exists, open_single(txn, name));
  if (!exists) return false;
  KIST_TRY(txn.drop_table(table));
  return txn.erase(engine::Table(), engine::as_bytes(catalog_key(name)));
}

}  // namespace kist::catalog
