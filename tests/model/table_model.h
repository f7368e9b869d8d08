#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <kist/engine/error.h>
#include <kist/engine/table.h>

#include "tests/model/order.h"

namespace kist::test::model {

/// What a call of the engine must return: a value, or an error with this code.
template <typename T = void>
using Outcome = std::expected<T, ErrorCode>;

inline std::unexpected<ErrorCode> error(ErrorCode code) {
  return std::unexpected(code);
}

struct Pair {
  std::string key;
  std::string value;
};

/// Where the pairs of one store live until the test is done with the store, so that copies of a
/// table are cheap.
struct PairHeap {
  std::deque<Pair> pairs;
  std::uint64_t next_identity = 1;  // of tables
};

/// How keys and values of a table are chosen; see words.h.
struct Style {
  enum class Keys : std::uint8_t { kNumbered, kLong, kRandom, kTiny, kMixed };
  enum class Values : std::uint8_t { kSmall, kLarge, kAlike };
  Keys keys = Keys::kMixed;
  Values values = Values::kSmall;
  std::uint64_t key_space = 4000;   ///< Different keys, of those with numbers in them.
  std::uint64_t value_space = 100;  ///< Different values of a multimap.
};

/// A table as a sorted vector of pairs, and every operation on it in the plainest form.
class TableModel {
 public:
  TableModel(std::shared_ptr<PairHeap> heap, std::uint32_t page_size, engine::TableOptions options,
             Style style);

  /// The same for all states of one table, another for one that is created anew.
  std::uint64_t identity() const { return identity_; }
  const engine::TableOptions& options() const { return options_; }
  const Style& style() const { return style_; }
  bool multi() const { return options_.multi; }
  bool key_order_by_function() const {
    return options_.key_order == engine::Order::kReversed ||
           options_.key_order == engine::Order::kCustom;
  }
  /// Bytes of each key, of each value; 0 when free.
  std::size_t key_size() const { return fixed_size(options_.key_order); }
  std::size_t value_size() const;

  // Places: the number of records before them, as an index of pairs().

  const std::vector<const Pair*>& pairs() const { return pairs_; }
  std::size_t size() const { return pairs_.size(); }
  bool empty() const { return pairs_.empty(); }
  const Pair& at(std::size_t i) const { return *pairs_[i]; }
  /// The first record with a key >= `key`, > `key`.
  std::size_t lower(std::string_view key) const;
  std::size_t upper(std::string_view key) const;
  /// The first record >= (key, value), > (key, value); the value counts in every kind of table.
  std::size_t lower(std::string_view key, std::string_view value) const;
  std::size_t upper(std::string_view key, std::string_view value) const;
  /// The records whose keys begin with `prefix`; in byte order they lie together.
  std::pair<std::size_t, std::size_t> with_prefix(std::string_view prefix) const;
  bool same_key(std::size_t i, std::string_view key) const;
  /// Different keys among the records in [begin, end).
  std::uint64_t keys(std::size_t begin, std::size_t end) const;
  /// Records or keys in [begin, end), which begin and end with whole keys.
  std::uint64_t count(std::size_t begin, std::size_t end, engine::CountOf what) const;
  int compare_keys(std::string_view a, std::string_view b) const { return key_order_(a, b); }
  int compare_values(std::string_view a, std::string_view b) const { return value_order_(a, b); }

  // Reading.

  std::optional<std::string_view> get(std::string_view key) const;
  bool contains(std::string_view key) const { return get(key).has_value(); }
  bool contains_pair(std::string_view key, std::string_view value) const;
  std::uint64_t count_values(std::string_view key) const { return upper(key) - lower(key); }
  std::optional<Pair> nth(std::uint64_t n, engine::CountOf what) const;

  // Writing. They return what the engine's functions of these names must.

  /// Why such a pair cannot be stored, if so.
  std::optional<ErrorCode> refuses(std::string_view key, std::string_view value) const;
  Outcome<bool> put(const std::string& key, const std::string& value,
                    engine::PutMode mode = engine::PutMode::kUpsert);
  Outcome<std::uint64_t> put_many(const std::vector<Pair>& records, engine::PutMode mode);
  Outcome<bool> erase(const std::string& key);
  Outcome<bool> erase_pair(const std::string& key, const std::string& value);
  Outcome<bool> compare_and_set(const std::string& key, const std::optional<std::string>& expected,
                                const std::optional<std::string>& value);
  Outcome<std::optional<std::string>> replace(const std::string& key, const std::string& value);
  Outcome<std::optional<std::string>> take(const std::string& key);
  /// Removes the records at [begin, end); returns how many.
  std::uint64_t erase_at(std::size_t begin, std::size_t end);

  /// The next number of the table's persistent sequence.
  std::uint64_t sequence = 0;

 private:
  bool ambiguous(std::string_view key) const { return multi() && count_values(key) > 1; }
  void insert(std::size_t i, const std::string& key, const std::string& value);
  Outcome<bool> append(const std::string& key, const std::string& value);
  void set_only_value(const std::string& key, const std::string& value);

  std::shared_ptr<PairHeap> heap_;
  std::uint64_t identity_;
  std::uint32_t page_size_;
  engine::TableOptions options_;
  Style style_;
  Ordering key_order_;
  Ordering value_order_;
  std::vector<const Pair*> pairs_;
};

}  // namespace kist::test::model
