// What a write transaction does to single records.

#include <fmt/format.h>

#include <kist/engine/write_txn.h>

#include "engine/txn/multimap.h"
#include "engine/txn/record_edit.h"
#include "engine/txn/write_access.h"

namespace kist::engine {
namespace {

/// Stores `value`, unless it is there already. What is damaged is written anew.
Result<void> store_if_new(RecordEdit& record, Bytes value) {
  if (record.holds(value).value_or(false)) return {};
  return record.store(value);
}

}  // namespace

Result<void> check_sizes(const Environment& environment, const TableState& table, Bytes key,
                         std::uint64_t value_size) {
  const std::size_t wanted = number_size(table.record.key_order);
  if (wanted != 0 && key.size() != wanted) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: a key of {} bytes; the table's are numbers of {}",
                            environment.path, key.size(), wanted));
  }
  if (key.size() > max_key_size(environment.page_size)) {
    return fail(
        ErrorCode::kKeyTooLong,
        fmt::format("{}: a key of {} bytes; pages of {} allow {}", environment.path, key.size(),
                    environment.page_size, max_key_size(environment.page_size)));
  }
  if (value_size > kMaxValueSize) {
    return fail(ErrorCode::kValueTooLong, fmt::format("{}: a value of {} bytes; allowed are {}",
                                                      environment.path, value_size, kMaxValueSize));
  }
  return {};
}

std::unexpected<Error> out_of_order(const Environment& environment) {
  return fail(ErrorCode::kOutOfOrder,
              environment.path + ": an appended key is not greater than every key of the table");
}

Result<bool> WriteTxn::put(Table table, Bytes key, Bytes value, PutMode mode) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(TableState * found, present(*snapshot_, table));
  if (found->shape.multi) [[unlikely]]
    return PairEdit(*snapshot_, *state, *found).put(key, value, mode);
  KIST_TRY(check_sizes(*snapshot_->environment, *found, key, value.size()));
  RecordEdit record(*snapshot_, *state, *found);
  KIST_ASSIGN(const bool exists, record.seek(key));
  if (mode == PutMode::kAppend && !record.behind_all()) {
    return out_of_order(*snapshot_->environment);
  }
  if (mode == PutMode::kIfAbsent && exists) return false;
  if (mode == PutMode::kIfPresent && !exists) return false;
  KIST_TRY(store_if_new(record, value));
  return true;
}

Result<std::span<std::uint8_t>> WriteTxn::reserve(Table table, Bytes key, std::size_t size) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(TableState * found, present(*snapshot_, table));
  if (found->shape.multi) {
    return fail(ErrorCode::kMisuse, snapshot_->environment->path +
                                        ": a value of a multimap has its place in an order, which "
                                        "must be known before it is stored");
  }
  KIST_TRY(check_sizes(*snapshot_->environment, *found, key, size));
  RecordEdit record(*snapshot_, *state, *found);
  KIST_TRY(record.seek(key));
  return record.reserve(size);
}

Result<bool> WriteTxn::erase(Table table, Bytes key) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(TableState * found, present(*snapshot_, table));
  if (found->shape.multi) [[unlikely]]
    return PairEdit(*snapshot_, *state, *found).erase(key);
  RecordEdit record(*snapshot_, *state, *found);
  KIST_ASSIGN(const bool exists, record.seek(key));
  if (exists) KIST_TRY(record.erase());
  return exists;
}

Result<bool> WriteTxn::compare_and_set(Table table, Bytes key, std::optional<Bytes> expected,
                                       std::optional<Bytes> value) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(TableState * found, present(*snapshot_, table));
  if (found->shape.multi) [[unlikely]]
    return PairEdit(*snapshot_, *state, *found).compare_and_set(key, expected, value);
  if (value) KIST_TRY(check_sizes(*snapshot_->environment, *found, key, value->size()));
  RecordEdit record(*snapshot_, *state, *found);
  KIST_ASSIGN(const bool exists, record.seek(key));
  if (exists != expected.has_value()) return false;
  if (expected) {
    KIST_ASSIGN(const bool as_expected, record.holds(*expected));
    if (!as_expected) return false;
  }
  if (value) {
    KIST_TRY(store_if_new(record, *value));
  } else if (exists) {
    KIST_TRY(record.erase());
  }
  return true;
}

Result<std::optional<std::string>> WriteTxn::replace(Table table, Bytes key, Bytes value) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(TableState * found, present(*snapshot_, table));
  if (found->shape.multi) [[unlikely]]
    return PairEdit(*snapshot_, *state, *found).replace(key, value);
  KIST_TRY(check_sizes(*snapshot_->environment, *found, key, value.size()));
  RecordEdit record(*snapshot_, *state, *found);
  KIST_ASSIGN(const bool exists, record.seek(key));
  std::optional<std::string> old;
  if (exists) {
    KIST_ASSIGN(const Bytes before, record.value());
    old = to_string(before);
  }
  KIST_TRY(store_if_new(record, value));
  return old;
}

Result<std::optional<std::string>> WriteTxn::take(Table table, Bytes key) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(TableState * found, present(*snapshot_, table));
  if (found->shape.multi) [[unlikely]]
    return PairEdit(*snapshot_, *state, *found).take(key);
  RecordEdit record(*snapshot_, *state, *found);
  KIST_ASSIGN(const bool exists, record.seek(key));
  std::optional<std::string> old;
  if (!exists) return old;
  KIST_ASSIGN(const Bytes before, record.value());
  old = to_string(before);
  KIST_TRY(record.erase());
  return old;
}

Result<bool> WriteTxn::erase_pair(Table table, Bytes key, Bytes value) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(TableState * found, present(*snapshot_, table));
  if (found->shape.multi) return PairEdit(*snapshot_, *state, *found).erase_pair(key, value);
  return compare_and_set(table, key, value, std::nullopt);
}

Result<bool> WriteTxn::erase_if_equal(Table table, Bytes key, Bytes expected) {
  return erase_pair(table, key, expected);
}

}  // namespace kist::engine
