#include "tests/model/words.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <numbers>

#include <kist/engine/bytes.h>
#include <kist/engine/keys.h>

namespace kist::test::model {
namespace {

using engine::key_of;
using engine::Order;

std::string numbered(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return "key " + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

template <std::size_t N>
std::string text(const engine::KeyBytes<N>& key) {
  return engine::to_string(key);
}

/// Small numbers of both signs, and now and then one from the ends of its type.
template <typename Number>
Number some_number(Random& random, std::uint64_t space) {
  using Limits = std::numeric_limits<Number>;
  switch (random.below(40)) {
    case 0:
      return Limits::max();
    case 1:
      return Limits::min();
    case 2:
      return static_cast<Number>(random.next());
    default:
      return static_cast<Number>(random.below(space) - (Limits::is_signed ? space / 2 : 0));
  }
}

double some_double(Random& random, std::uint64_t space) {
  using Limits = std::numeric_limits<double>;
  static constexpr std::array kCorners{0.0,
                                       -0.0,
                                       Limits::infinity(),
                                       -Limits::infinity(),
                                       Limits::quiet_NaN(),
                                       -Limits::quiet_NaN(),
                                       Limits::denorm_min(),
                                       -Limits::denorm_min(),
                                       Limits::max(),
                                       Limits::lowest()};
  if (random.one_in(20)) return kCorners[random.below(kCorners.size())];
  const double number = static_cast<double>(random.below(space)) - static_cast<double>(space) / 2;
  return random.one_in(2) ? number : number / std::numbers::pi;
}

}  // namespace

Words::Words(Random& random, std::uint32_t page_size)
    : random_(random),
      page_size_(page_size),
      longest_key_(page_size / 2 - 26),
      multimaps_(random.one_in(2)) {}

engine::TableOptions Words::options() {
  engine::TableOptions options;
  const auto some_order = [&](std::string& comparator) {
    if (random_.one_in(2)) return Order::kBytes;
    const auto order = static_cast<Order>(random_.between(1, 8));
    if (order == Order::kCustom) {
      const std::size_t which = random_.below(comparators().size());
      comparator = std::next(comparators().begin(), static_cast<std::ptrdiff_t>(which))->first;
    }
    return order;
  };
  options.key_order = some_order(options.key_comparator);
  options.multi = multimaps_ && random_.one_in(2);
  if (!options.multi) return options;
  options.value_order = some_order(options.value_comparator);
  static constexpr std::array<std::uint16_t, 6> kSizes{1, 2, 4, 8, 16, 33};
  if (fixed_size(options.value_order) == 0 && random_.one_in(3)) {
    options.value_size = kSizes[random_.below(kSizes.size())];
  }
  return options;
}

Style Words::style() {
  static constexpr std::array<std::uint64_t, 4> kSpaces{10, 150, 2000, 20000};
  Style style;
  style.keys = static_cast<Style::Keys>(random_.below(5));
  style.values = static_cast<Style::Values>(random_.below(3));
  style.key_space = kSpaces[random_.below(kSpaces.size())];
  style.value_space = kSpaces[random_.below(kSpaces.size())];
  return style;
}

std::string Words::key(const TableModel& table) {
  return random_.one_in(2) ? known_key(table) : new_key(table);
}

std::string Words::known_key(const TableModel& table) {
  if (table.empty()) return new_key(table);
  return table.at(random_.below(table.size())).key;
}

std::string Words::new_key(const TableModel& table) {
  return table.key_size() != 0 ? fixed_key(table) : text_key(table.style());
}

std::string Words::bound(const TableModel& table) {
  std::string key = this->key(table);
  if (table.key_size() != 0 || random_.one_in(2)) return key;
  switch (random_.below(4)) {
    case 0:
      key += '\0';
      break;
    case 1:
      key = key.substr(0, random_.below(key.size() + 1));
      break;
    case 2:
      if (!key.empty()) ++key.back();
      break;
    default:
      if (!key.empty()) ++key.front();
  }
  return key.substr(0, longest_key_);
}

std::string Words::prefix(const TableModel& table) {
  if (random_.one_in(10)) return std::string(random_.below(3), '\xFF');
  const std::string key = this->key(table);
  return key.substr(0, key.size() - std::min<std::size_t>(key.size(), random_.below(4)));
}

std::string Words::fixed_key(const TableModel& table) {
  return fixed(table.options().key_order, table.style().key_space);
}

std::string Words::fixed(Order order, std::uint64_t space) {
  switch (order) {
    case Order::kUint32:
      return text(key_of(some_number<std::uint32_t>(random_, space)));
    case Order::kUint64:
      return text(key_of(some_number<std::uint64_t>(random_, space)));
    case Order::kInt32:
      return text(key_of(some_number<std::int32_t>(random_, space)));
    case Order::kInt64:
      return text(key_of(some_number<std::int64_t>(random_, space)));
    default:
      return text(key_of(some_double(random_, space)));
  }
}

std::string Words::long_alike(std::size_t longest) {
  // Long common beginnings of different lengths, so that separators are long, too, and branches
  // hold few.
  std::string result(longest, 'k');
  result[random_.below(8) * longest / 8] = static_cast<char>('a' + random_.below(20));
  result[longest - 1 - random_.below(2)] = static_cast<char>(random_.next());
  return result;
}

std::string Words::text_key(const Style& style) {
  Style::Keys keys = style.keys;
  if (keys == Style::Keys::kMixed) keys = static_cast<Style::Keys>(random_.below(4));
  switch (keys) {
    case Style::Keys::kLong:
      return long_alike(random_.one_in(4) ? longest_key_ - random_.below(longest_key_ / 2)
                                          : longest_key_);
    case Style::Keys::kRandom:
      return random_.bytes(random_.below(std::min<std::size_t>(longest_key_, 60) + 1));
    case Style::Keys::kTiny:
      return random_.one_in(2)
                 ? random_.bytes(random_.below(3))
                 : std::string(random_.below(20), '\0') + std::to_string(random_.below(50));
    default:
      return numbered(random_.below(style.key_space));
  }
}

std::string Words::value(const TableModel& table, const std::string& key) {
  if (random_.one_in(8)) {
    // One that is there, be it under another key.
    const std::size_t near = table.lower(key);
    if (near < table.size()) return table.at(near).value;
  }
  if (table.multi()) return value_of_multimap(table);
  if (random_.one_in(25)) return {};
  if (table.style().values == Style::Values::kLarge) {
    if (random_.one_in(200)) return random_.bytes(random_.between(60'000, 140'000));
    if (random_.one_in(6)) return random_.bytes(random_.below(3 * std::min(page_size_, 16384U)));
  }
  return random_.bytes(random_.below(60));
}

std::string Words::value_of_multimap(const TableModel& table) {
  const std::uint64_t space = table.style().value_space;
  if (fixed_size(table.options().value_order) != 0) {
    return fixed(table.options().value_order, space);
  }
  if (const std::size_t size = table.value_size(); size != 0) {
    std::string value(size, '\0');
    std::uint64_t number = random_.below(space);
    for (std::size_t i = 0; i < size && i < 8; ++i, number >>= 8) {
      value[size - 1 - i] = static_cast<char>(number);
    }
    return value;
  }
  if (table.style().values == Style::Values::kLarge && random_.one_in(5)) {
    return random_.bytes(random_.below(2 * std::min(page_size_, 16384U)));
  }
  if (table.style().values == Style::Values::kAlike && random_.one_in(3)) {
    // Around half a page, where values of a group begin to lie outside their record, and alike up
    // to there.
    const std::size_t half =
        random_.one_in(8) ? page_size_ / 2 : std::min<std::size_t>(page_size_ / 2, 3000);
    return long_alike(half - 60 + random_.below(120));
  }
  if (random_.one_in(50)) return {};
  const std::string digits = std::to_string(random_.below(space));
  return std::string(5 - std::min<std::size_t>(5, digits.size()), '0') + digits;
}

Pair Words::known_pair(const TableModel& table) {
  if (table.empty()) return pair(table);
  return table.at(random_.below(table.size()));
}

Pair Words::new_pair(const TableModel& table) {
  std::string key = random_.one_in(3) ? known_key(table) : new_key(table);
  std::string value = this->value(table, key);
  return {std::move(key), std::move(value)};
}

Pair Words::pair(const TableModel& table) {
  if (random_.one_in(2)) return known_pair(table);
  std::string key = this->key(table);
  std::string value = this->value(table, key);
  return {std::move(key), std::move(value)};
}

}  // namespace kist::test::model
