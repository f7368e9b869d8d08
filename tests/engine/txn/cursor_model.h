#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace kist::test {

/// What a table holds, as a sorted set of pairs, and what a position in it means; for tables of any
/// order and kind. What cursors do is held against it.
class CursorModel {
 public:
  using Compare = std::function<int(std::string_view, std::string_view)>;
  using Pair = std::pair<std::string, std::string>;
  struct Less {
    using is_transparent = void;
    const CursorModel* model = nullptr;
    bool operator()(const Pair& a, const Pair& b) const { return model->compare(a, b) < 0; }
    bool operator()(const Pair& a, std::string_view key) const {
      return model->keys_(a.first, key) < 0;
    }
    bool operator()(std::string_view key, const Pair& a) const {
      return model->keys_(key, a.first) < 0;
    }
  };
  using Pairs = std::set<Pair, Less>;
  using Iterator = Pairs::const_iterator;

  CursorModel(bool multi, Compare keys, Compare values)
      : multi_(multi), keys_(std::move(keys)), values_(std::move(values)), pairs_(Less{this}) {}
  CursorModel(const CursorModel&) = delete;
  CursorModel& operator=(const CursorModel&) = delete;

  static int bytes(std::string_view a, std::string_view b) { return a.compare(b); }
  static int reversed(std::string_view a, std::string_view b) {
    return std::string(a.rbegin(), a.rend()).compare(std::string(b.rbegin(), b.rend()));
  }

  /// By key, then by value.
  int compare(const Pair& a, const Pair& b) const {
    const int by_key = keys_(a.first, b.first);
    return by_key != 0 ? by_key : values_(a.second, b.second);
  }

  /// A position: an end, or a key, perhaps with a value; without one before all of its values.
  struct Place {
    enum class Kind : std::uint8_t { kStart, kEnd, kAt };
    Kind kind = Kind::kStart;
    std::string key = {};
    std::optional<std::string> value = {};
  };
  static Place start() { return {}; }
  static Place end_place() { return {.kind = Place::Kind::kEnd}; }

  bool multi() const { return multi_; }
  const Pairs& pairs() const { return pairs_; }
  bool empty() const { return pairs_.empty(); }

  // Changes.

  bool has(const std::string& key) const {
    const Iterator at = first_of(key);
    return at != pairs_.end() && keys_(at->first, key) == 0;
  }
  /// As WriteTxn::put().
  bool put(const std::string& key, const std::string& value) {
    if (!multi_) erase_key(key);
    return pairs_.insert({key, value}).second;
  }
  bool erase_key(const std::string& key) {
    const Iterator from = first_of(key);
    const Iterator to = first_behind(key);
    const bool any = from != to;
    pairs_.erase(from, to);
    return any;
  }
  bool erase_pair(const std::string& key, const std::string& value) {
    return pairs_.erase({key, value}) != 0;
  }
  void erase_range(const std::string& from, const std::optional<std::string>& to) {
    const Iterator begin = first_of(from);
    const Iterator end = to ? first_of(*to) : pairs_.end();
    if (!to || keys_(from, *to) < 0) pairs_.erase(begin, end);
  }
  void clear() { pairs_.clear(); }
  void assign(const Pairs& pairs) { pairs_ = Pairs(pairs.begin(), pairs.end(), Less{this}); }

  // Positions.

  /// First record that is not before the position.
  Iterator lower(const Place& place) const {
    if (place.kind == Place::Kind::kStart) return pairs_.begin();
    if (place.kind == Place::Kind::kEnd) return pairs_.end();
    if (!place.value) return first_of(place.key);
    return pairs_.lower_bound({place.key, *place.value});
  }
  /// The record that the position is on, or the end.
  Iterator on(const Place& place) const {
    if (place.kind != Place::Kind::kAt) return pairs_.end();
    const Iterator at = lower(place);
    if (at == pairs_.end() || keys_(at->first, place.key) != 0) return pairs_.end();
    if (place.value && values_(at->second, *place.value) != 0) return pairs_.end();
    return at;
  }
  /// The position on a record.
  Place place_of(Iterator at) const {
    return {Place::Kind::kAt, at->first,
            multi_ ? std::optional(at->second) : std::optional<std::string>()};
  }
  /// The position on `at`, or behind the last record.
  Place at_or_end(Iterator at) const { return at == pairs_.end() ? end_place() : place_of(at); }
  /// What a position becomes as soon as its cursor is used: a key that is there again its first
  /// record.
  void settle(Place& place) const {
    const Iterator at = on(place);
    if (at != pairs_.end()) place = place_of(at);
  }

  // Moves, by what the comments in cursor.h say.

  void next(Place& place) const {
    Iterator at = lower(place);
    if (on(place) != pairs_.end()) ++at;
    place = at_or_end(at);
  }
  void prev(Place& place) const {
    const Iterator at = lower(place);
    place = at == pairs_.begin() ? start() : place_of(std::prev(at));
  }
  void next_key(Place& place) const {
    if (place.kind != Place::Kind::kAt) return next(place);
    place = at_or_end(first_behind(place.key));
  }
  void prev_key(Place& place) const {
    if (place.kind != Place::Kind::kAt) return prev(place);
    place = before(first_of(place.key));
  }
  Place before(Iterator at) const {
    return at == pairs_.begin() ? start() : place_of(std::prev(at));
  }
  Iterator first_of(const std::string& key) const {
    return pairs_.lower_bound(std::string_view(key));
  }
  Iterator first_behind(const std::string& key) const {
    return pairs_.upper_bound(std::string_view(key));
  }
  std::uint64_t rank(const Place& place) const {
    return static_cast<std::uint64_t>(std::distance(pairs_.begin(), lower(place)));
  }
  Place scroll(const Place& place, std::int64_t n) const {
    if (n == 0) return place;
    std::int64_t to = static_cast<std::int64_t>(rank(place)) + n;
    if (n > 0 && on(place) == pairs_.end()) --to;
    if (to < 0) return start();
    if (to >= static_cast<std::int64_t>(pairs_.size())) return end_place();
    return place_of(std::next(pairs_.begin(), to));
  }
  /// The sign of their order. Without a value a place lies before all values of its key, unless it
  /// stands on the one that there is.
  int compare(const Place& a, const Place& b) const {
    const auto side = [](const Place& place) {
      if (place.kind == Place::Kind::kAt) return 0;
      return place.kind == Place::Kind::kStart ? -1 : 1;
    };
    if (side(a) != 0 || side(b) != 0) return sign(side(a) - side(b));
    if (const int order = keys_(a.key, b.key); order != 0) return sign(order);
    if (!a.value && !b.value) return 0;
    const std::optional<std::string> v = value_of(a);
    const std::optional<std::string> w = value_of(b);
    if (!v || !w) return (v ? 1 : 0) - (w ? 1 : 0);
    return sign(values_(*v, *w));
  }
  static int sign(int order) { return order < 0 ? -1 : (order > 0 ? 1 : 0); }

 private:
  std::optional<std::string> value_of(const Place& place) const {
    if (place.value) return place.value;
    const Iterator at = on(place);
    return at == pairs_.end() ? std::nullopt : std::optional(at->second);
  }

  bool multi_;
  Compare keys_;
  Compare values_;
  Pairs pairs_;
};

}  // namespace kist::test
