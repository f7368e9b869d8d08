#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include <kist/engine/database.h>

namespace kist::test {

using Records = std::map<std::string, std::string>;

/// What a store must hold: records by table name. "" is the default table and always there.
using Tables = std::map<std::string, Records>;

/// Everything that one snapshot shows, read with forward cursors. Throws on any error, on keys out
/// of order, and when a count differs from the records seen.
Tables read_all(const engine::Database& database, const engine::Txn& txn);

/// Where two contents differ first, in words; empty when they are equal.
std::string difference(const Tables& expected, const Tables& found);

/// A number that differs when the content does.
std::uint64_t digest(const Tables& tables);

/// Throws with every violation unless check() is clean.
void require_clean(const engine::Database& database);

/// Does the same to a write transaction and to a model, and holds what the engine returns against
/// what the model says. Throws on any difference.
class DualWriter {
 public:
  DualWriter(const engine::Database& database, engine::WriteTxn& txn, Tables& model)
      : database_(database), txn_(txn), model_(model) {}

  void put(const std::string& table, const std::string& key, const std::string& value);
  void erase(const std::string& table, const std::string& key);
  void create(const std::string& table);
  void drop(const std::string& table);
  void clear(const std::string& table);
  void rename(const std::string& from, const std::string& to);
  /// Compares the value of one key.
  void look_up(const std::string& table, const std::string& key) const;

  const Tables& model() const { return model_; }
  engine::WriteTxn& txn() { return txn_; }
  /// Does `change` in a transaction nested in this one, and keeps or forgets it.
  void nested(const std::function<void(DualWriter&)>& change, bool keeps);

 private:
  engine::Table handle(const std::string& table) const;

  const engine::Database& database_;
  engine::WriteTxn& txn_;
  Tables& model_;
};

/// The handle of a named table, or of the default one for "".
engine::Table table_handle(const engine::Database& database, const std::string& name);

}  // namespace kist::test
