#include "kvstore/store/records.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "kvstore/store/begin.h"
#include "kvstore/store/lookup.h"

namespace kist::records {

namespace {

/// The smallest string greater than every string that starts with `prefix`, or nothing.
std::optional<std::string> after_prefix(std::string_view prefix) {
  std::string bound(prefix);
  while (!bound.empty() && static_cast<unsigned char>(bound.back()) == 0xFF) bound.pop_back();
  if (bound.empty()) return std::nullopt;
  bound.back() = static_cast<char>(static_cast<unsigned char>(bound.back()) + 1);
  return bound;
}

void narrow(Bounds& bounds, std::string lower, std::optional<std::string> upper) {
  bounds.lower = bounds.lower ? std::max(*std::move(bounds.lower), std::move(lower)) : lower;
  if (upper && (!bounds.upper || *upper < *bounds.upper)) bounds.upper = std::move(upper);
}

std::optional<Bytes> as_bytes(const std::optional<std::string>& bound) {
  if (!bound) return std::nullopt;
  return engine::as_bytes(*bound);
}

/// What the engine answered about a record, in the words of the layer.
template <typename T>
Result<T> about(const StoreState& store, Bytes key, Result<T> result) {
  if (result) [[likely]]
    return result;
  if (result.error().code == ErrorCode::kTableNotFound) {
    return of_store(store, std::move(result).error());
  }
  return at_key(store, key, result.error());
}

template <typename T>
Result<T> about(const StoreState& store, Result<T> result) {
  if (result) [[likely]]
    return result;
  return of_store(store, std::move(result).error());
}

Result<void> only_single(const StoreState& store, std::string_view what) {
  if (!store.multi) return {};
  return fail(
      ErrorCode::kWrongKind,
      fmt::format("store '{}' is a multi store: {} needs one value a key", store.name, what));
}

/// The sum, of the type that `present` has. Errors: kOutOfRange, kWrongType.
Result<Value> sum_of(const ValueView& present, std::int64_t amount) {
  if (const auto* number = std::get_if<std::uint64_t>(&present.data())) {
    std::uint64_t sum = 0;
    if (!__builtin_add_overflow(*number, amount, &sum)) return Value::u64(sum);
    return fail(ErrorCode::kOutOfRange, fmt::format("u64 {} plus {}", *number, amount));
  }
  if (const auto* number = std::get_if<std::int64_t>(&present.data())) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(*number, amount, &sum)) return Value::i64(sum);
    return fail(ErrorCode::kOutOfRange, fmt::format("i64 {} plus {}", *number, amount));
  }
  return fail(ErrorCode::kWrongType,
              fmt::format("wanted u64 or i64, found {}", type_name(present.type())));
}

Result<void> put_value(engine::WriteTxn& txn, const StoreState& store, Bytes key,
                       const ValueView& value) {
  codec::ValueEncoder encoder;
  const Result<Bytes> bytes = encoder.encode(value);
  if (!bytes) return at_key(store, key, bytes.error());
  KIST_TRY(about(store, key, txn.put(store.table, key, *bytes)));
  return {};
}

}  // namespace

Result<Bounds> bounds_of(const StoreState& store, const Range& range) {
  Bounds bounds;
  codec::KeyBuffer buffer{};
  if (range.from) {
    KIST_ASSIGN(const Bytes from, key_in(store, *range.from, buffer));
    bounds.lower = engine::to_string(from);
  }
  if (range.to) {
    KIST_ASSIGN(const Bytes to, key_in(store, *range.to, buffer));
    bounds.upper = engine::to_string(to);
  }
  if (!range.prefix.empty()) {
    if (store.keys != KeyType::kBytes) {
      return fail(ErrorCode::kWrongKind,
                  fmt::format("store '{}' has keys of type {}, which have no prefix", store.name,
                              type_name(store.keys)));
    }
    narrow(bounds, std::string(range.prefix), after_prefix(range.prefix));
  }
  if (range.key) {
    KIST_ASSIGN(const Bytes key, key_in(store, *range.key, buffer));
    // Nothing lies between a key and itself with a NUL behind it.
    narrow(bounds, engine::to_string(key), engine::to_string(key) + '\0');
  }
  return bounds;
}

Result<bool> has(const engine::Txn& txn, const StoreState& store, const Key& key) {
  codec::KeyBuffer buffer;
  KIST_ASSIGN(const Bytes bytes, key_in(store, key, buffer));
  return about(store, bytes, txn.contains(store.table, bytes));
}

Result<std::uint64_t> count(const engine::Txn& txn, const StoreState& store, const Range& range) {
  KIST_ASSIGN(const Bounds bounds, bounds_of(store, range));
  Result<std::uint64_t> records = std::uint64_t{0};
  if (!bounds.lower && !bounds.upper) {
    records = txn.count(store.table);
  } else if (!bounds.lower || !bounds.upper || *bounds.lower < *bounds.upper) {
    records = txn.count_range(store.table, as_bytes(bounds.lower), as_bytes(bounds.upper));
  }
  if (!records) return of_store(store, std::move(records).error());
  return std::min(*records, range.limit.value_or(std::numeric_limits<std::uint64_t>::max()));
}

Result<void> put(engine::WriteTxn& txn, const StoreState& store, const Key& key, Bytes value) {
  codec::KeyBuffer buffer;
  KIST_ASSIGN(const Bytes bytes, key_in(store, key, buffer));
  KIST_TRY(about(store, bytes, txn.put(store.table, bytes, value)));
  return {};
}

Result<bool> put_if_absent(engine::WriteTxn& txn, const StoreState& store, const Key& key,
                           Bytes value) {
  codec::KeyBuffer buffer;
  KIST_ASSIGN(const Bytes bytes, key_in(store, key, buffer));
  return about(store, bytes, txn.put(store.table, bytes, value, engine::PutMode::kIfAbsent));
}

Result<bool> erase(engine::WriteTxn& txn, const StoreState& store, const Key& key) {
  codec::KeyBuffer buffer;
  KIST_ASSIGN(const Bytes bytes, key_in(store, key, buffer));
  return about(store, bytes, txn.erase(store.table, bytes));
}

Result<bool> erase(engine::WriteTxn& txn, const StoreState& store, const Key& key, Bytes value) {
  codec::KeyBuffer buffer;
  KIST_ASSIGN(const Bytes bytes, key_in(store, key, buffer));
  return about(store, bytes, txn.erase_pair(store.table, bytes, value));
}

Result<std::uint64_t> erase_range(engine::WriteTxn& txn, const StoreState& store,
                                  const Range& range) {
  if (range.limit) {
    return fail(ErrorCode::kInvalidArgument, "a range to be erased cannot have a limit");
  }
  KIST_ASSIGN(const Bounds bounds, bounds_of(store, range));
  if (bounds.lower && bounds.upper && *bounds.lower >= *bounds.upper) return 0;
  return about(store, txn.erase_range(store.table, as_bytes(bounds.lower), as_bytes(bounds.upper)));
}

Result<std::uint64_t> clear(engine::WriteTxn& txn, const StoreState& store) {
  return about(store, txn.clear(store.table));
}

Result<bool> compare_and_set(engine::WriteTxn& txn, const StoreState& store, const Key& key,
                             const std::optional<ValueView>& expected,
                             const std::optional<ValueView>& value) {
  codec::KeyBuffer buffer;
  KIST_ASSIGN(const Bytes bytes, key_in(store, key, buffer));
  codec::ValueEncoder of_expected;
  codec::ValueEncoder of_value;
  std::optional<Bytes> old;
  std::optional<Bytes> next;
  if (expected) {
    KIST_ASSIGN(old, encode(of_expected, store, key, *expected));
  }
  if (value) {
    KIST_ASSIGN(next, encode(of_value, store, key, *value));
  }
  return about(store, bytes, txn.compare_and_set(store.table, bytes, old, next));
}

Result<Value> add(engine::WriteTxn& txn, const StoreState& store, const Key& key,
                  std::int64_t amount) {
  KIST_TRY(only_single(store, "a counter"));
  codec::KeyBuffer buffer;
  KIST_ASSIGN(const Bytes bytes, key_in(store, key, buffer));
  KIST_ASSIGN(const std::optional<ValueView> present, find_value(txn, store, key));
  const Result<Value> sum = sum_of(present.value_or(ValueView::i64(0)), amount);
  if (!sum) return at_key(store, bytes, sum.error());
  KIST_TRY(put_value(txn, store, bytes, *sum));
  return *sum;
}

Result<std::optional<Value>> update(engine::WriteTxn& txn, const StoreState& store, const Key& key,
                                    const Update& change) {
  KIST_TRY(only_single(store, "an update"));
  codec::KeyBuffer buffer;
  KIST_ASSIGN(const Bytes bytes, key_in(store, key, buffer));
  KIST_ASSIGN(const std::optional<ValueView> present, find_value(txn, store, key));
  KIST_ASSIGN(std::optional<Value> next, change(present));
  if (next) {
    KIST_TRY(put_value(txn, store, bytes, *next));
  } else if (present) {
    KIST_TRY(about(store, bytes, txn.erase(store.table, bytes)));
  }
  return next;
}

Result<Bytes> encode(codec::ValueEncoder& encoder, const StoreState& store, const Key& key,
                     const ValueView& value) {
  Result<Bytes> bytes = encoder.encode(value);
  if (bytes) [[likely]]
    return bytes;
  codec::KeyBuffer buffer;
  KIST_ASSIGN(const Bytes at, key_in(store, key, buffer));
  return at_key(store, at, bytes.error());
}

}  // namespace kist::records
