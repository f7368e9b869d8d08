#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <kist/engine/database.h>

#include "tests/support/model.h"
#include "tests/support/random.h"

namespace kist::test {

/// A store that random operations are done to, and the maps that it must equal. Every function
/// throws on the first difference.
class RandomStore {
 public:
  RandomStore(std::string path, std::uint32_t page_size, std::uint64_t seed);

  /// Does about that many operations, in transactions of random length, with aborts, reopenings and
  /// old snapshots that are compared again later; then deletes everything.
  void run(std::uint64_t operations);

  std::uint64_t operations() const { return operations_; }
  std::uint64_t transactions() const { return transactions_; }
  std::uint64_t deepest() const { return deepest_; }

 private:
  struct Held {
    Tables model;
    std::unique_ptr<engine::ReadTxn> txn;
  };

  void transaction();
  void operation(DualWriter& writer);
  void table_operation(DualWriter& writer);
  void delete_everything();
  void reopen();
  void hold_snapshot();
  void release_snapshot();
  void verify();
  void note_depth();
  void compare(const Tables& expected, const engine::Txn& txn);
  void walk_backward(const Records& records, const engine::Txn& txn, engine::Table table) const;
  void probe(const Records& records, const engine::Txn& txn, engine::Table table);

  std::string some_table(const Tables& model);
  std::string some_key();
  std::string known_or_new_key(const Records& records);
  std::string some_value();

  const std::string path_;
  const std::uint32_t page_size_;
  Random random_;
  std::unique_ptr<engine::Database> database_;
  Tables model_{{"", {}}};
  std::deque<Held> held_;
  bool growing_ = true;
  std::uint64_t operations_ = 0;
  std::uint64_t transactions_ = 0;
  std::uint64_t deepest_ = 0;
};

}  // namespace kist::test
