// Reading records by key, as kist_engine_records.h has it.

#include <algorithm>
#include <optional>
#include <vector>

#include <kist/kist_engine.h>

#include "kvstore/c_api/answers.h"
#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/errors.h"

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_txn_get(kist_txn txn, kist_table table, const void* key, size_t key_size,
                       kist_bytes* value, bool* found, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (found != nullptr) *found = false;
    KIST_TRY(prepare_out(value, "value"));
    KIST_ASSIGN(const engine::Bytes bytes, given_bytes(key, key_size, "key"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(const auto got, in.get(table_of(table), bytes));
      *value = borrowed(got);
      if (found != nullptr) *found = got.has_value();
      return {};
    });
  });
}

kist_code kist_txn_get_copy(kist_txn txn, kist_table table, const void* key, size_t key_size,
                            kist_buffer* value, bool* found, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (found != nullptr) *found = false;
    KIST_TRY(prepare_out(value, "value"));
    KIST_ASSIGN(const engine::Bytes bytes, given_bytes(key, key_size, "key"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(const auto got, in.get(table_of(table), bytes));
      if (got) *value = copied(engine::as_text(*got));
      if (found != nullptr) *found = got.has_value();
      return {};
    });
  });
}

kist_code kist_txn_get_many(kist_txn txn, kist_table table, const kist_bytes* keys, size_t count,
                            kist_bytes* values, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(check_array(keys, count, "keys"));
    KIST_TRY(check_array(values, count, "values"));
    std::fill_n(values, count, kist_bytes{});
    std::vector<engine::Bytes> wanted(count);
    for (std::size_t i = 0; i < count; ++i) {
      KIST_ASSIGN(wanted[i], given_bytes(keys[i].data, keys[i].size, "keys[i].data"));
    }
    std::vector<std::optional<engine::Bytes>> got(count);
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_TRY(in.get_many(table_of(table), wanted, got));
      for (std::size_t i = 0; i < count; ++i) values[i] = borrowed(got[i]);
      return {};
    });
  });
}

kist_code kist_txn_has(kist_txn txn, kist_table table, const void* key, size_t key_size,
                       bool* found, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(found, "found"));
    KIST_ASSIGN(const engine::Bytes bytes, given_bytes(key, key_size, "key"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(*found, in.contains(table_of(table), bytes));
      return {};
    });
  });
}

kist_code kist_txn_has_pair(kist_txn txn, kist_table table, const void* key, size_t key_size,
                            const void* value, size_t value_size, bool* found,
                            kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(found, "found"));
    KIST_ASSIGN(const engine::Bytes bytes, given_bytes(key, key_size, "key"));
    KIST_ASSIGN(const engine::Bytes sought, given_bytes(value, value_size, "value"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(*found, in.contains_pair(table_of(table), bytes, sought));
      return {};
    });
  });
}

kist_code kist_txn_count_values(kist_txn txn, kist_table table, const void* key, size_t key_size,
                                uint64_t* count, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(count, "count"));
    KIST_ASSIGN(const engine::Bytes bytes, given_bytes(key, key_size, "key"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(*count, in.count_values(table_of(table), bytes));
      return {};
    });
  });
}
