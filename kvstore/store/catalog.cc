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
/// Bytes that a table's name has more than that of its store: see table_prefix().
constexpr std::size_t kLongestPrefix = 3;

constexpr std::uint8_t kRecordVersion = 1;
/// A record: version, kind, type of the keys, flags (0).
using Record = std::array<std::uint8_t, 4>;

std::string catalog_key(std::string_view name) {
  return std::string(kKeyPrefix).append(name);
}

StoreKind kind_of(StoreType type) {
  if (type.keys == KeyType::kBytes) return type.multi ? StoreKind::kMulti : StoreKind::kSingle;
  return type.multi ? StoreKind::kMultiInteger : StoreKind::kInteger;
}

std::string describe(StoreType type) {
  return fmt::format("a {} store with keys of type {}", type.multi ? "multi" : "single",
                     type_name(type.keys));
}

/// What stands before a store's name in that of its table: a letter for the kind, a digit for the
/// type of integers, a colon. They are a part of the name so that a handle of one type finds
/// nothing, rather than something that it misreads, after the store was dropped and made anew as
/// another.
std::string table_prefix(StoreType type) {
  if (type.keys == KeyType::kBytes) return type.multi ? "m:" : "s:";
  return fmt::format("{}{}:", type.multi ? 'n' : 'i', static_cast<int>(type.keys));
}

Result<StoreType> read_record(std::string_view name, Bytes bytes) {
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
  const auto kind = static_cast<StoreKind>(bytes[1]);
  if (kind < StoreKind::kSingle || kind > StoreKind::kMultiInteger) {
    return fail(ErrorCode::kNewerFormat,
                fmt::format("store '{}' is of kind {}, which needs a newer version of Kist", name,
                            bytes[1]));
  }
  const StoreType type{kind == StoreKind::kMulti || kind == StoreKind::kMultiInteger,
                       static_cast<KeyType>(bytes[2])};
  if (bytes[3] != 0 || type.keys > KeyType::kI64 || kind_of(type) != kind) {
    return fail(ErrorCode::kNewerFormat,
                fmt::format("record of store '{}' has flags 0x{:02x}{:02x}, which need a newer "
                            "version of Kist",
                            name, bytes[3], bytes[2]));
  }
  return type;
}

}  // namespace

Result<void> check_name(const engine::Database& database, std::string_view name) {
  if (name.empty()) return fail(ErrorCode::kInvalidArgument, "the name of a store is empty");
  KIST_TRY(codec::check_utf8(name, "name of a store"));
  const std::size_t longest = std::min(database.max_key_size() - kKeyPrefix.size(),
                                       database.max_table_name_size() - kLongestPrefix);
  if (name.size() > longest) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the name of a store has {} bytes, at most {} are possible with the "
                            "page size of {}",
                            name.size(), longest, database.path()));
  }
  return {};
}

std::string table_name(std::string_view store, StoreType type) {
  return table_prefix(type).append(store);
}

std::optional<std::string_view> store_of_table(std::string_view table) {
  if (table.starts_with("s:") || table.starts_with("m:")) return table.substr(2);
  const bool integers = table.size() >= 3 && (table[0] == 'i' || table[0] == 'n') &&
                        table[1] >= '1' && table[1] <= '8' && table[2] == ':';
  if (!integers) return std::nullopt;
  return table.substr(3);
}

Result<std::optional<StoreType>> find(const engine::Txn& txn, std::string_view name) {
  KIST_ASSIGN(const std::optional<Bytes> record,
              txn.get(engine::Table(), engine::as_bytes(catalog_key(name))));
  if (!record) return std::nullopt;
  KIST_ASSIGN(const StoreType type, read_record(name, *record));
  return type;
}

Result<std::vector<StoreInfo>> list(const engine::Txn& txn) {
  std::vector<StoreInfo> stores;
  KIST_ASSIGN(engine::Cursor cursor, txn.cursor(engine::Table()));
  KIST_ASSIGN(bool more, cursor.seek(engine::as_bytes(kKeyPrefix)));
  while (more && engine::as_text(cursor.key()).starts_with(kKeyPrefix)) {
    const std::string_view name = engine::as_text(cursor.key()).substr(kKeyPrefix.size());
    KIST_ASSIGN(const Bytes record, cursor.value());
    const Result<StoreType> type = read_record(name, record);
    stores.push_back({std::string(name), type ? kind_of(*type) : StoreKind::kUnknown,
                      type ? type->keys : KeyType::kBytes});
    KIST_ASSIGN(more, cursor.next());
  }
  return stores;
}

Result<bool> open(const engine::Txn& txn, std::string_view name, StoreType type) {
  KIST_ASSIGN(const std::optional<StoreType> found, find(txn, name));
  if (!found) return false;
  if (*found == type) return true;
  return fail(ErrorCode::kWrongKind, fmt::format("store '{}' is {}, asked for {}", name,
                                                 describe(*found), describe(type)));
}

Result<void> create(engine::WriteTxn& txn, engine::Table table, std::string_view name,
                    StoreType type) {
  KIST_TRY(txn.create_table(table, {.multi = type.multi}));
  const Record record{kRecordVersion, static_cast<std::uint8_t>(kind_of(type)),
                      static_cast<std::uint8_t>(type.keys), 0};
  KIST_TRY(txn.put(engine::Table(), engine::as_bytes(catalog_key(name)), record));
  return {};
}

Result<bool> drop(engine::WriteTxn& txn, const engine::Database& database, std::string_view name) {
  KIST_ASSIGN(const std::optional<StoreType> type, find(txn, name));
  if (!type) return false;
  KIST_ASSIGN(const engine::Table table, database.table(table_name(name, *type)));
  KIST_TRY(txn.drop_table(table));
  return txn.erase(engine::Table(), engine::as_bytes(catalog_key(name)));
}

}  // namespace kist::catalog
