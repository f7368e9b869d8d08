#include "engine/txn/multimap.h"

#include <fmt/format.h>

#include "engine/tree/group_reader.h"
#include "engine/tree/search.h"
#include "engine/txn/write_access.h"

namespace kist::engine {
namespace {

/// The group of `key`; damaged() when there is none.
Result<Group> find_group(const Snapshot& snapshot, const TableState& table, Bytes key) {
  const PageView& view = snapshot.view;
  LeafRecord record;
  const Found found = find_record(view, table.record.root, table.shape, key, record);
  if (found == Found::kError) return std::unexpected(view.take_error());
  if (found == Found::kNo) return Group();
  return read_group(view, record, table.values);
}

/// What a read returns, unless the map turned out to be damaged meanwhile.
template <typename T>
Result<T> checked(const Snapshot& snapshot, T result) {
  if (snapshot.view.map_damaged()) [[unlikely]]
    return std::unexpected(snapshot.unreadable());
  return result;
}

bool possible_value(const TableState& table, Bytes value) {
  return table.record.value_size == 0 || value.size() == table.record.value_size;
}

}  // namespace

Result<std::optional<Bytes>> multi_get(const Snapshot& snapshot, const TableState& table,
                                       Bytes key) {
  KIST_ASSIGN(const Group group, find_group(snapshot, table, key));
  std::optional<Bytes> value;
  if (!group.damaged()) {
    KIST_ASSIGN(value, first_value(snapshot.view, group, table.values));
  }
  return checked(snapshot, value);
}

Result<bool> multi_contains_pair(const Snapshot& snapshot, const TableState& table, Bytes key,
                                 Bytes value) {
  if (!possible_value(table, value)) return false;
  KIST_ASSIGN(const Group group, find_group(snapshot, table, key));
  bool found = false;
  if (!group.damaged()) {
    KIST_ASSIGN(found, group_holds(snapshot.view, group, table.values, value));
  }
  return checked(snapshot, found);
}

Result<std::uint64_t> multi_count_values(const Snapshot& snapshot, const TableState& table,
                                         Bytes key) {
  KIST_ASSIGN(const Group group, find_group(snapshot, table, key));
  return checked(snapshot, group.count());
}

PairEdit::PairEdit(Snapshot& snapshot, WriteState& state, TableState& table)
    : snapshot_(snapshot),
      state_(state),
      table_(table),
      writer_(state.context, table.record.root, table.shape, table.values) {}

template <typename Function>
Result<void> PairEdit::change(Function function) {
  return guarded(snapshot_, state_, [&]() -> Result<void> {
    KIST_TRY(function());
    table_.dirty = true;
    return {};
  });
}

Result<void> PairEdit::check(Bytes key, Bytes value) const {
  KIST_TRY(check_sizes(*snapshot_.environment, table_, key, value.size()));
  if (possible_value(table_, value)) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{}: a value of {} bytes in a table of values of {}",
                          snapshot_.environment->path, value.size(), table_.record.value_size));
}

/// The run of the value sought, when it needs one.
Result<Ref> PairEdit::run(Bytes value) {
  if (!writer_.needs_run()) return Ref();
  return state_.add_large(value);
}

/// Makes `value`, which the key does not have, its only one.
Result<void> PairEdit::set_only_value(Bytes value) {
  return change([&]() -> Result<void> {
    KIST_ASSIGN(const Ref reference, run(value));
    return writer_.insert_only(reference);
  });
}

/// The value of a key that has at most one. Errors: kAmbiguous.
Result<std::optional<Bytes>> PairEdit::only_value(Bytes key) const {
  const Group& group = writer_.group();
  if (group.damaged()) return std::optional<Bytes>();
  if (group.count() > 1) {
    return fail(ErrorCode::kAmbiguous,
                fmt::format("{}: a key of {} bytes has {} values, and the call is about one",
                            snapshot_.environment->path, key.size(), group.count()));
  }
  KIST_ASSIGN(const Bytes value, first_value(snapshot_.view, group, table_.values));
  return std::optional(value);
}

Result<bool> PairEdit::put(Bytes key, Bytes value, PutMode mode) {
  KIST_TRY(check(key, value));
  KIST_ASSIGN(const bool there, writer_.seek(key, value));
  const bool exists = !writer_.group().damaged();
  if (mode == PutMode::kIfAbsent && exists) return false;
  if (mode == PutMode::kIfPresent) {
    if (!exists) return false;
    KIST_TRY(only_value(key));
    if (!there) KIST_TRY(set_only_value(value));
    return true;
  }
  if (mode == PutMode::kAppend && !writer_.behind_all()) {
    return fail(ErrorCode::kOutOfOrder,
                fmt::format("{}: an appended pair is not greater than every pair of the table",
                            snapshot_.environment->path));
  }
  if (there) return false;
  KIST_TRY(change([&]() -> Result<void> {
    KIST_ASSIGN(const Ref reference, run(value));
    return writer_.insert(reference);
  }));
  return true;
}

Result<bool> PairEdit::erase(Bytes key) {
  KIST_ASSIGN(const bool exists, writer_.seek_key(key));
  if (exists) KIST_TRY(change([&] { return writer_.erase_key(); }));
  return exists;
}

Result<bool> PairEdit::erase_pair(Bytes key, Bytes value) {
  if (!possible_value(table_, value)) return false;
  KIST_ASSIGN(const bool there, writer_.seek(key, value));
  if (there) KIST_TRY(change([&] { return writer_.erase(); }));
  return there;
}

Result<bool> PairEdit::compare_and_set(Bytes key, std::optional<Bytes> expected,
                                       std::optional<Bytes> value) {
  if (value) KIST_TRY(check(key, *value));
  bool as_expected = false;
  if (expected && possible_value(table_, *expected)) {
    KIST_ASSIGN(as_expected, writer_.seek(key, *expected));
  } else {
    KIST_ASSIGN(const bool exists, writer_.seek_key(key));
    as_expected = !expected && !exists;
  }
  KIST_ASSIGN(const std::optional<Bytes> present, only_value(key));
  if (!as_expected) return false;
  if (!value) {
    if (present) KIST_TRY(change([&] { return writer_.erase_key(); }));
    return true;
  }
  KIST_ASSIGN(const bool same, writer_.seek(key, *value));
  if (!same) KIST_TRY(set_only_value(*value));
  return true;
}

Result<std::optional<std::string>> PairEdit::replace(Bytes key, Bytes value) {
  KIST_TRY(check(key, value));
  KIST_ASSIGN(const bool there, writer_.seek(key, value));
  KIST_ASSIGN(const std::optional<Bytes> present, only_value(key));
  std::optional<std::string> old;
  if (present) old = to_string(*present);
  if (!there) KIST_TRY(set_only_value(value));
  return old;
}

Result<std::optional<std::string>> PairEdit::take(Bytes key) {
  KIST_ASSIGN(const bool exists, writer_.seek_key(key));
  KIST_ASSIGN(const std::optional<Bytes> present, only_value(key));
  std::optional<std::string> old;
  if (!exists) return old;
  old = to_string(*present);
  KIST_TRY(change([&] { return writer_.erase_key(); }));
  return old;
}

}  // namespace kist::engine
