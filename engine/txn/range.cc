#include <algorithm>
#include <utility>

#include <kist/engine/range.h>

#include "engine/tree/prefix.h"
#include "engine/txn/cursor_state.h"
#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"

namespace kist::engine {

Result<Range> Txn::range(Table table, const RangeOptions& options) const {
  KIST_ASSIGN(Cursor cursor, this->cursor(table));
  RangeOptions bounds = options;
  if (options.prefix) {
    if (options.from || options.to) {
      return fail(ErrorCode::kMisuse, "a range has a prefix or bounds, not both");
    }
    KIST_ASSIGN(const TableState* state, snapshot_->present(table));
    if (state->shape.by_comparator) {
      return fail(ErrorCode::kMisuse, snapshot_->environment->path +
                                          ": the table is not in byte order, where keys of "
                                          "one prefix lie together");
    }
    bounds.from = *options.prefix;
    bounds.from_open = false;
    bounds.to = end_of_prefix(as_bytes(*options.prefix));
    bounds.to_closed = false;
  }
  return Range(std::move(cursor), std::move(bounds));
}

Range::Range(Cursor cursor, RangeOptions options)
    : cursor_(std::move(cursor)), options_(std::move(options)) {}

Range::Iterator Range::begin() {
  if (!started_) {
    started_ = true;
    start();
  }
  return Iterator(this);
}

/// Ranks of both bounds tell how many records there are and where the first one is, so that no key
/// need be compared on the way.
Result<bool> Range::find_first() {
  const auto rank_of = [this](const std::optional<std::string>& bound,
                              bool behind) -> Result<std::uint64_t> {
    if (behind) {
      KIST_TRY(cursor_.seek_after(as_bytes(*bound)));
    } else {
      KIST_TRY(cursor_.seek(as_bytes(*bound)));
    }
    return cursor_.rank();
  };
  std::uint64_t low = 0;
  if (options_.from) {
    KIST_ASSIGN(low, rank_of(options_.from, options_.from_open));
  }
  std::uint64_t high = 0;
  if (options_.to) {
    KIST_ASSIGN(high, rank_of(options_.to, options_.to_closed));
  } else {
    KIST_ASSIGN(const bool any, cursor_.last());
    KIST_ASSIGN(const std::uint64_t last, cursor_.rank());
    high = any ? last + 1 : 0;
  }
  if (high <= low || high - low <= options_.offset) return false;
  left_ = std::min(high - low - options_.offset, options_.limit);
  if (left_ == 0) return false;
  return cursor_.seek_nth(options_.reverse ? high - 1 - options_.offset : low + options_.offset);
}

void Range::start() {
  Result<bool> found = find_first();
  writes_ = cursor_.spot_->write_count;
  take(std::move(found));
}

void Range::advance() {
  if (!current_ || --left_ == 0) {
    done_ = true;
  } else if (writes_ != *cursor_.spot_->writes) {
    take(fail(ErrorCode::kCursorInvalid,
              "the transaction has written, or ended, since the range began"));
  } else {
    take(options_.reverse ? cursor_.prev() : cursor_.next());
  }
}

/// Makes the record that the cursor `moved` to the present element.
void Range::take(Result<bool> moved) {
  if (!moved) {
    current_ = std::unexpected(std::move(moved).error());
    return;
  }
  if (!*moved) {
    done_ = true;
    return;
  }
  Result<Bytes> value = cursor_.value();
  if (value) {
    current_ = Record{cursor_.key(), *value};
  } else {
    current_ = std::unexpected(std::move(value).error());
  }
}

}  // namespace kist::engine
