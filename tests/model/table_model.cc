#include "tests/model/table_model.h"

#include <algorithm>

namespace kist::test::model {

using engine::CountOf;
using engine::PutMode;

TableModel::TableModel(std::shared_ptr<PairHeap> heap, std::uint32_t page_size,
                       engine::TableOptions options, Style style)
    : heap_(std::move(heap)),
      identity_(heap_->next_identity++),
      page_size_(page_size),
      options_(std::move(options)),
      style_(style),
      key_order_(options_.key_order, options_.key_comparator),
      value_order_(options_.value_order, options_.value_comparator) {}

std::size_t TableModel::value_size() const {
  if (!multi()) return 0;
  return options_.value_size != 0 ? options_.value_size : fixed_size(options_.value_order);
}

std::size_t TableModel::lower(std::string_view key) const {
  const auto place = std::ranges::partition_point(
      pairs_, [&](const Pair* pair) { return key_order_(pair->key, key) < 0; });
  return static_cast<std::size_t>(place - pairs_.begin());
}

std::size_t TableModel::upper(std::string_view key) const {
  const auto place = std::ranges::partition_point(
      pairs_, [&](const Pair* pair) { return key_order_(pair->key, key) <= 0; });
  return static_cast<std::size_t>(place - pairs_.begin());
}

std::size_t TableModel::lower(std::string_view key, std::string_view value) const {
  const auto place = std::ranges::partition_point(pairs_, [&](const Pair* pair) {
    const int order = key_order_(pair->key, key);
    return order < 0 || (order == 0 && value_order_(pair->value, value) < 0);
  });
  return static_cast<std::size_t>(place - pairs_.begin());
}

std::size_t TableModel::upper(std::string_view key, std::string_view value) const {
  const auto place = std::ranges::partition_point(pairs_, [&](const Pair* pair) {
    const int order = key_order_(pair->key, key);
    return order < 0 || (order == 0 && value_order_(pair->value, value) <= 0);
  });
  return static_cast<std::size_t>(place - pairs_.begin());
}

std::pair<std::size_t, std::size_t> TableModel::with_prefix(std::string_view prefix) const {
  const auto first =
      std::ranges::find_if(pairs_, [&](const Pair* pair) { return pair->key.starts_with(prefix); });
  const auto begin = static_cast<std::size_t>(first - pairs_.begin());
  std::size_t end = begin;
  while (end < size() && at(end).key.starts_with(prefix)) ++end;
  return {begin, end};
}

bool TableModel::same_key(std::size_t i, std::string_view key) const {
  return i < size() && key_order_(at(i).key, key) == 0;
}

std::uint64_t TableModel::keys(std::size_t begin, std::size_t end) const {
  std::uint64_t result = 0;
  for (std::size_t i = begin; i < end; ++i) {
    if (i == begin || !same_key(i - 1, at(i).key)) ++result;
  }
  return result;
}

std::uint64_t TableModel::count(std::size_t begin, std::size_t end, CountOf what) const {
  if (begin >= end) return 0;
  return what == CountOf::kPairs || !multi() ? end - begin : keys(begin, end);
}

std::optional<std::string_view> TableModel::get(std::string_view key) const {
  const std::size_t i = lower(key);
  if (!same_key(i, key)) return std::nullopt;
  return at(i).value;
}

bool TableModel::contains_pair(std::string_view key, std::string_view value) const {
  for (std::size_t i = lower(key); same_key(i, key); ++i) {
    if (at(i).value == value) return true;
  }
  return false;
}

std::optional<Pair> TableModel::nth(std::uint64_t n, CountOf what) const {
  std::uint64_t i = n;
  if (what == CountOf::kKeys && multi()) {
    for (i = 0; i < size() && n > 0; --n) i = upper(at(i).key);
  }
  if (i >= size()) return std::nullopt;
  return at(i);
}

std::optional<ErrorCode> TableModel::refuses(std::string_view key, std::string_view value) const {
  if (key_size() != 0 && key.size() != key_size()) return ErrorCode::kInvalidArgument;
  if (key.size() > page_size_ / 2 - 26) return ErrorCode::kKeyTooLong;
  if (value_size() != 0 && value.size() != value_size()) return ErrorCode::kInvalidArgument;
  return std::nullopt;
}

void TableModel::insert(std::size_t i, const std::string& key, const std::string& value) {
  heap_->pairs.push_back({key, value});
  pairs_.insert(pairs_.begin() + static_cast<std::ptrdiff_t>(i), &heap_->pairs.back());
}

void TableModel::set_only_value(const std::string& key, const std::string& value) {
  const std::size_t i = lower(key);
  if (same_key(i, key)) {
    heap_->pairs.push_back({at(i).key, value});
    pairs_[i] = &heap_->pairs.back();
  } else {
    insert(i, key, value);
  }
}

Outcome<bool> TableModel::put(const std::string& key, const std::string& value, PutMode mode) {
  if (const auto refused = refuses(key, value)) return error(*refused);
  if (mode == PutMode::kAppend) return append(key, value);
  if (mode == PutMode::kIfAbsent && contains(key)) return false;
  if (mode == PutMode::kIfPresent && !contains(key)) return false;
  if (mode == PutMode::kIfPresent && ambiguous(key)) return error(ErrorCode::kAmbiguous);
  if (!multi() || mode == PutMode::kIfPresent) {
    set_only_value(key, value);
    return true;
  }
  const std::size_t i = lower(key, value);
  if (i < size() && i < upper(key, value)) return false;
  insert(i, key, value);
  return true;
}

Outcome<bool> TableModel::append(const std::string& key, const std::string& value) {
  const std::size_t place = multi() ? upper(key, value) : upper(key);
  const bool there = multi() ? lower(key, value) < place : lower(key) < place;
  if (place < size() || there) return error(ErrorCode::kOutOfOrder);
  insert(place, key, value);
  return true;
}

Outcome<std::uint64_t> TableModel::put_many(const std::vector<Pair>& records, PutMode mode) {
  std::uint64_t stored = 0;
  for (const Pair& record : records) {
    const Outcome<bool> put_one = put(record.key, record.value, mode);
    if (!put_one) return error(put_one.error());
    stored += *put_one ? 1 : 0;
  }
  return stored;
}

std::uint64_t TableModel::erase_at(std::size_t begin, std::size_t end) {
  if (begin >= end) return 0;
  pairs_.erase(pairs_.begin() + static_cast<std::ptrdiff_t>(begin),
               pairs_.begin() + static_cast<std::ptrdiff_t>(end));
  return end - begin;
}

Outcome<bool> TableModel::erase(const std::string& key) {
  return erase_at(lower(key), upper(key)) != 0;
}

Outcome<bool> TableModel::erase_pair(const std::string& key, const std::string& value) {
  for (std::size_t i = lower(key); same_key(i, key); ++i) {
    if (at(i).value == value) return erase_at(i, i + 1) != 0;
  }
  return false;
}

Outcome<bool> TableModel::compare_and_set(const std::string& key,
                                          const std::optional<std::string>& expected,
                                          const std::optional<std::string>& value) {
  if (value) {
    if (const auto refused = refuses(key, *value)) return error(*refused);
  }
  if (ambiguous(key)) return error(ErrorCode::kAmbiguous);
  if (get(key) != expected) return false;
  if (value) {
    set_only_value(key, *value);
  } else {
    erase_at(lower(key), upper(key));
  }
  return true;
}

Outcome<std::optional<std::string>> TableModel::replace(const std::string& key,
                                                        const std::string& value) {
  if (const auto refused = refuses(key, value)) return error(*refused);
  if (ambiguous(key)) return error(ErrorCode::kAmbiguous);
  std::optional<std::string> old(get(key));
  set_only_value(key, value);
  return old;
}

Outcome<std::optional<std::string>> TableModel::take(const std::string& key) {
  if (ambiguous(key)) return error(ErrorCode::kAmbiguous);
  std::optional<std::string> old(get(key));
  erase_at(lower(key), upper(key));
  return old;
}

}  // namespace kist::test::model
