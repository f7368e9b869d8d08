#pragma once

#include <string>

#include "tests/model/table_model.h"
#include "tests/support/random.h"

namespace kist::test::model {

/// Makes up tables, keys and values: of every shape, near to what is there, and such as bring trees
/// into their corners.
class Words {
 public:
  Words(Random& random, std::uint32_t page_size);

  bool multimaps() const { return multimaps_; }
  /// What a table may be created with.
  engine::TableOptions options();
  Style style();

  /// A key that the table may or may not have: half of the time one that it has.
  std::string key(const TableModel& table);
  /// A key that is there, or any where there is none.
  std::string known_key(const TableModel& table);
  /// Mostly a key that is not there.
  std::string new_key(const TableModel& table);
  /// A bound for ranges: a key, or something just beside one.
  std::string bound(const TableModel& table);
  /// A prefix of some keys, in tables in byte order.
  std::string prefix(const TableModel& table);
  /// A value to store, or to look for, under `key`.
  std::string value(const TableModel& table, const std::string& key);
  /// A pair that is there, or any.
  Pair known_pair(const TableModel& table);
  Pair pair(const TableModel& table);
  /// Mostly a pair that is not there.
  Pair new_pair(const TableModel& table);

 private:
  std::string fixed_key(const TableModel& table);
  std::string fixed(engine::Order order, std::uint64_t space);
  std::string text_key(const Style& style);
  std::string value_of_multimap(const TableModel& table);
  std::string long_alike(std::size_t longest);

  Random& random_;
  std::uint32_t page_size_;
  std::size_t longest_key_;
  bool multimaps_;
};

}  // namespace kist::test::model
