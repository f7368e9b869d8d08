#pragma once

#include <map>
#include <string>
#include <string_view>

#include <kist/engine/table.h>

namespace kist::test::model {

/// The comparators that the stores of this test register, by name. Total orders.
const std::map<std::string, engine::Comparator>& comparators();

/// An order of keys or values, written from the words of table.h without the engine's code.
class Ordering {
 public:
  /// `comparator` is a name in comparators() when `order` is kCustom.
  explicit Ordering(engine::Order order, const std::string& comparator = {});

  /// Negative, zero or positive as `a` sorts before, with or after `b`.
  int operator()(std::string_view a, std::string_view b) const;

 private:
  engine::Order order_;
  const engine::Comparator* custom_ = nullptr;
};

/// Bytes that each key of this order has; 0 when their number is free.
std::size_t fixed_size(engine::Order order);

}  // namespace kist::test::model
