#include "tests/model/order.h"

#include <algorithm>
#include <compare>

#include <kist/engine/bytes.h>
#include <kist/engine/keys.h>

namespace kist::test::model {
namespace {

using engine::as_bytes;
using engine::Bytes;
using engine::Order;

int number(std::strong_ordering order) {
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

int bytewise(Bytes a, Bytes b) {
  return number(std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end()));
}

int from_behind(Bytes a, Bytes b) {
  return number(std::lexicographical_compare_three_way(a.rbegin(), a.rend(), b.rbegin(), b.rend()));
}

int by_length(Bytes a, Bytes b) {
  return a.size() != b.size() ? number(a.size() <=> b.size()) : bytewise(a, b);
}

/// By the number of ones, then from behind: neighbours have nothing in common that a prefix or a
/// short separator could use.
int by_ones(Bytes a, Bytes b) {
  const auto ones = [](Bytes bytes) {
    int sum = 0;
    for (const std::uint8_t byte : bytes) sum += std::popcount(byte);
    return sum;
  };
  const int difference = ones(a) - ones(b);
  return difference != 0 ? difference : from_behind(a, b);
}

}  // namespace

const std::map<std::string, engine::Comparator>& comparators() {
  static const std::map<std::string, engine::Comparator> kComparators{
      {"by length", by_length},
      {"by ones", by_ones},
      {"descending", [](Bytes a, Bytes b) { return bytewise(b, a); }},
  };
  return kComparators;
}

Ordering::Ordering(Order order, const std::string& comparator) : order_(order) {
  if (order == Order::kCustom) custom_ = &comparators().at(comparator);
}

int Ordering::operator()(std::string_view a, std::string_view b) const {
  const Bytes left = as_bytes(a);
  const Bytes right = as_bytes(b);
  switch (order_) {
    case Order::kBytes:
      return bytewise(left, right);
    case Order::kReversed:
      return from_behind(left, right);
    case Order::kUint32:
      return number(engine::uint32_of(left) <=> engine::uint32_of(right));
    case Order::kUint64:
      return number(engine::uint64_of(left) <=> engine::uint64_of(right));
    case Order::kInt32:
      return number(engine::int32_of(left) <=> engine::int32_of(right));
    case Order::kInt64:
      return number(engine::int64_of(left) <=> engine::int64_of(right));
    case Order::kDouble:
      return number(std::strong_order(engine::double_of(left), engine::double_of(right)));
    case Order::kCustom:
      return (*custom_)(left, right);
  }
  return 0;
}

std::size_t fixed_size(Order order) {
  switch (order) {
    case Order::kUint32:
    case Order::kInt32:
      return 4;
    case Order::kUint64:
    case Order::kInt64:
    case Order::kDouble:
      return 8;
    default:
      return 0;
  }
}

}  // namespace kist::test::model
