#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <ostream>
#include <string>
#include <string_view>

#include <kist/engine/database.h>
#include <kist/engine/keys.h>

#include "tests/engine/txn/cursor_model.h"
#include "tests/support/must.h"
#include "tests/support/random.h"

namespace kist::test {

/// What a table of the tests of cursors is.
struct CursorKind {
  const char* name;
  bool named = true;
  engine::TableOptions options = {};
  CursorModel::Compare keys = CursorModel::bytes;
  CursorModel::Compare values = CursorModel::bytes;
  std::size_t key_size = 0;  // 0: any
  bool long_values = true;   // some longer than a page

  friend void PrintTo(const CursorKind& kind, std::ostream* out) { *out << kind.name; }
};

/// Shorter before longer, then byte by byte.
inline int compare_shortlex(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? (a.size() < b.size() ? -1 : 1) : a.compare(b);
}

inline const std::array kCursorKinds{
    CursorKind{.name = "Default", .named = false},
    CursorKind{.name = "Named"},
    CursorKind{.name = "Reversed",
               .options = {.key_order = engine::Order::kReversed},
               .keys = CursorModel::reversed},
    CursorKind{.name = "Multi", .options = {.multi = true}},
    CursorKind{.name = "MultiShort", .options = {.multi = true}, .long_values = false},
    CursorKind{.name = "MultiDense", .options = {.multi = true, .value_size = 12}},
    CursorKind{.name = "MultiNumbers",
               .options = {.key_order = engine::Order::kUint64,
                           .multi = true,
                           .value_order = engine::Order::kInt32},
               .key_size = 8},
    CursorKind{.name = "MultiCompared",
               .options = {.key_order = engine::Order::kReversed,
                           .multi = true,
                           .value_order = engine::Order::kCustom,
                           .value_comparator = "shortlex"},
               .keys = CursorModel::reversed,
               .values = compare_shortlex},
};

inline void register_comparators(engine::Database& database) {
  must(database.register_comparator("shortlex", [](engine::Bytes a, engine::Bytes b) {
    return compare_shortlex(engine::as_text(a), engine::as_text(b));
  }));
}

/// Random keys and values for a table, many of them there already.
class RecordMaker {
 public:
  RecordMaker(const engine::Database& database, const CursorKind& kind, Random& random,
              const CursorModel& model)
      : page_(database.page_size()),
        max_key_(database.max_key_size()),
        kind_(kind),
        random_(random),
        model_(model) {
    for (int i = 0; i < 4; ++i) hot_.at(static_cast<std::size_t>(i)) = new_key();
  }

  std::string key() {
    if (model_.multi() && random_.one_in(3)) return hot_.at(random_.below(hot_.size()));
    return random_.below(3) != 0 && !model_.empty() ? known_key() : new_key();
  }
  /// A key of the table, which is not empty.
  std::string known_key() {
    auto at = model_.first_of(new_key());
    if (at == model_.pairs().end()) at = model_.pairs().begin();
    for (std::uint64_t i = random_.below(5); i > 0 && std::next(at) != model_.pairs().end(); --i) {
      ++at;
    }
    return at->first;
  }
  std::string new_key() {
    if (kind_.key_size != 0) return random_.bytes(kind_.key_size);
    if (random_.one_in(50)) return {};
    if (random_.one_in(40)) return random_.bytes(max_key_ - random_.below(3));
    return random_.bytes(random_.between(1, 12));
  }
  /// One of the keys that follow each other behind `start`.
  std::string key_behind(const std::string& start, std::uint64_t number) const {
    if (kind_.key_size != 0) {
      const auto bytes = engine::key_of(engine::uint64_of(engine::as_bytes(start)) + number);
      return engine::to_string(engine::Bytes(bytes));
    }
    return start.substr(0, max_key_ - 4) + std::to_string(1000 + number);
  }

  /// Whether all values have one size.
  bool dense() const {
    return kind_.options.value_size != 0 || kind_.options.value_order == engine::Order::kInt32;
  }
  std::string value(const std::string& key) {
    if (random_.one_in(4)) {
      const auto from = model_.first_of(key);
      const auto to = model_.first_behind(key);
      const auto count = static_cast<std::uint64_t>(std::distance(from, to));
      if (count > 0) return std::next(from, static_cast<long>(random_.below(count)))->second;
    }
    return new_value();
  }
  std::string new_value() {
    if (model_.multi() && kind_.options.value_size != 0) {
      return random_.bytes(kind_.options.value_size);
    }
    if (kind_.options.value_order == engine::Order::kInt32) return random_.bytes(4);
    if (kind_.long_values && random_.one_in(60)) return random_.bytes(page_ + random_.below(page_));
    // In multimaps some that share more than a page holds of a value.
    if (model_.multi() && kind_.long_values && random_.one_in(40)) {
      return std::string(page_ / 2, 'x') + random_.bytes(random_.below(4));
    }
    return random_.bytes(random_.below(random_.one_in(3) ? page_ / 8 : 10));
  }

 private:
  std::size_t page_;
  std::size_t max_key_;
  const CursorKind& kind_;
  Random& random_;
  const CursorModel& model_;
  std::array<std::string, 4> hot_;
};

}  // namespace kist::test
