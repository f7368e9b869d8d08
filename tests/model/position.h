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
  /// In multimaps: the value of the pair; nothing before all values of the key.
  std::optional<std::string> value = {};

  static Position start() { return {}; }
  static Position end() { return {.place = Place::kEnd}; }
  /// On record `i`, or off the end when there are not so many.
  static Position on(const TableModel& table, std::size_t i) {
    if (i >= table.size()) return end();
    return at(table, table.at(i).key, table.at(i).value);
  }
  static Position at(const TableModel& table, const std::string& key,
                     const std::optional<std::string>& value) {
    return {.place = Place::kAt, .key = key, .value = table.multi() ? value : std::nullopt};
  }

  /// Records before the position.
  std::size_t rank(const TableModel& table) const {
    if (place == Place::kStart) return 0;
    if (place == Place::kEnd) return table.size();
    return value ? table.lower(key, *value) : table.lower(key);
  }
  /// -1, 0 or 1, as this lies before, at or behind `other`.
  int compare(const TableModel& table, const Position& other) const {
    const auto side = [](const Position& position) {
      return position.place == Place::kStart ? -1 : position.place == Place::kEnd ? 1 : 0;
    };
    int order = side(*this) - side(other);
    if (order == 0 && place == Place::kAt) {
      order = table.compare_keys(key, other.key);
      if (order == 0) order = (value ? 1 : 0) - (other.value ? 1 : 0);
      if (order == 0 && value) order = table.compare_values(*value, *other.value);
    }
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  /// Whether a record is there.
  bool valid(const TableModel& table) const {
    if (place != Place::kAt) return false;
    if (table.multi() && !value) return false;
    return value ? table.contains_pair(key, *value) : table.contains(key);
  }
};

}  // namespace kist::test::model
