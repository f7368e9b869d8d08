#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>

#include <kist/engine/cursor.h>
#include <kist/engine/txn.h>

namespace kist::engine {

/// Which part of a table a Range covers, and in what order. Everything is copied.
struct RangeOptions {
  std::optional<std::string> from = {};  ///< Lower bound; nothing: from the start.
  std::optional<std::string> to = {};    ///< Upper bound; nothing: to the end.
  bool from_open = false;                ///< Leave out records whose key equals `from`.
  bool to_closed = false;                ///< Take in records whose key equals `to`.
  /// Only keys that begin with it. kMisuse together with bounds, or unless in byte order.
  std::optional<std::string> prefix = {};
  bool reverse = false;      ///< From the upper end to the lower.
  std::uint64_t offset = 0;  ///< Skip so many records first, in O(log n).
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();  ///< At most so many.
};

/// Part of a table as a C++ input range of Result<Record>:
///
///     KIST_ASSIGN(Range users, txn.range(table, {.prefix = "user/"}));
///     for (const Result<Record>& record : users) {
///       if (!record) return std::unexpected(record.error());
///       use(record->key, record->value);
///     }
///
/// An error is the last element, so that none can be missed. Writing to the table's transaction
/// while walking is one (kCursorInvalid at the next step). Single pass; owns its cursor.
class Range {
 public:
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = Result<Record>;
    using difference_type = std::ptrdiff_t;

    const Result<Record>& operator*() const { return range_->current_; }
    const Result<Record>* operator->() const { return &range_->current_; }
    Iterator& operator++() {
      range_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& it, std::default_sentinel_t /*end*/) {
      return it.at_end();
    }

   private:
    friend class Range;
    explicit Iterator(Range* range) : range_(range) {}
    bool at_end() const { return range_->done_; }
    Range* range_;
  };

  /// Goes to the first element, at the first call; later calls continue.
  Iterator begin();
  static std::default_sentinel_t end() { return {}; }

 private:
  friend class Txn;
  Range(Cursor cursor, RangeOptions options);
  void start();
  Result<bool> find_first();
  void advance();
  void take(Result<bool> moved);

  Cursor cursor_;
  RangeOptions options_;
  Result<Record> current_{Record{}};
  std::uint64_t left_ = 0;
  std::uint64_t writes_ = 0;
  bool started_ = false;
  bool done_ = false;
};

}  // namespace kist::engine
