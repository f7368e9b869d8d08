#include "tests/model/position.h"

namespace kist::test::model {
namespace {

int sign(int order) {
  return order < 0 ? -1 : (order > 0 ? 1 : 0);
}

/// -1 and 1 off the ends, 0 between.
int side(const Position& position) {
  if (position.place == Position::Place::kAt) return 0;
  return position.place == Position::Place::kStart ? -1 : 1;
}

/// The value that tells a position from others of its key.
std::optional<std::string> value_at(const TableModel& table, const Position& position) {
  if (position.value || !position.valid(table)) return position.value;
  return table.at(position.rank(table)).value;
}

}  // namespace

int Position::compare(const TableModel& table, const Position& other) const {
  if (side(*this) != 0 || side(other) != 0) return sign(side(*this) - side(other));
  if (const int order = table.compare_keys(key, other.key); order != 0) return sign(order);
  if (!value && !other.value) return 0;
  const std::optional<std::string> mine = value_at(table, *this);
  const std::optional<std::string> its = value_at(table, other);
  if (!mine || !its) return (mine ? 1 : 0) - (its ? 1 : 0);
  return sign(table.compare_values(*mine, *its));
}

}  // namespace kist::test::model
