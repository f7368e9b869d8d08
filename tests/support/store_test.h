#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <kist/engine/database.h>

#include "tests/support/clean.h"
#include "tests/support/must.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_directory.h"

namespace kist::test {

using engine::as_bytes;
using engine::as_text;
using engine::Bytes;
using engine::Cursor;
using engine::Database;
using engine::Durability;
using engine::Options;
using engine::PutMode;
using engine::ReadTxn;
using engine::Table;
using engine::Txn;
using engine::WriteTxn;

inline constexpr std::chrono::milliseconds kNoWait{0};

/// A fixture with a store of its own in a fresh directory.
class StoreTest : public testing::Test {
 protected:
  /// Opens the store of the test (the same one at each call).
  Database open(const Options& options = {}) { return must(Database::open(path(), options)); }
  std::string path() const { return directory_.file("store"); }
  const TempDirectory& directory() const { return directory_; }

  /// Stores one record in a transaction of its own. Returns the commit's id.
  static std::uint64_t put(const Database& database, std::string_view key, std::string_view value,
                           Table table = {}) {
    WriteTxn txn = must(database.write());
    must(txn.put(table, as_bytes(key), as_bytes(value)));
    return must(txn.commit());
  }
  /// The value of a key, copied, or nothing.
  static std::optional<std::string> get(const Txn& txn, std::string_view key, Table table = {}) {
    const std::optional<Bytes> value = must(txn.get(table, as_bytes(key)));
    return value ? std::optional(engine::to_string(*value)) : std::nullopt;
  }
  static std::optional<std::string> get(const Database& database, std::string_view key,
                                        Table table = {}) {
    return get(must(database.read()), key, table);
  }

 private:
  TempDirectory directory_;
};

}  // namespace kist::test
