#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/model/table_model.h"

namespace kist::test::model {

/// Where a cursor stands, whatever is written meanwhile.
struct Position {
  enum class Place : std::uint8_t { kStart, kEnd, kAt };
  Place place = Place::kStart;
  std::string key = {};
  /// In multimaps the value of the pair. Nothing where a key was sought and not found: before all
  /// values of the key. In other tables only where a pair was sought and not found.
  std::optional<std::string> value = {};

  static Position start() { return {}; }
  static Position end() { return {.place = Place::kEnd}; }
  static Position at(const std::string& key, const std::optional<std::string>& value = {}) {
    return {.place = Place::kAt, .key = key, .value = value};
  }
  /// On record `i`, or off the end when there are not so many.
  static Position on(const TableModel& table, std::size_t i) {
    if (i >= table.size()) return end();
    return table.multi() ? at(table.at(i).key, table.at(i).value) : at(table.at(i).key);
  }

  /// Records before the position.
  std::size_t rank(const TableModel& table) const {
    if (place == Place::kStart) return 0;
    if (place == Place::kEnd) return table.size();
    return value ? table.lower(key, *value) : table.lower(key);
  }
  /// Whether a record is there.
  bool valid(const TableModel& table) const {
    if (place != Place::kAt) return false;
    return value ? table.contains_pair(key, *value) : table.contains(key);
  }
  /// What the position becomes as soon as its cursor is used: where a record is, on that record.
  void settle(const TableModel& table) {
    if (valid(table)) *this = on(table, rank(table));
  }
  /// -1, 0 or 1, as this lies before, at or behind `other`. Both are settled.
  int compare(const TableModel& table, const Position& other) const;
};

}  // namespace kist::test::model
