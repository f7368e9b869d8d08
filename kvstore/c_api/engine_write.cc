// Writing records by key, as kist_engine_records.h has it.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <kist/kist_engine.h>

#include "kvstore/c_api/answers.h"
#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/errors.h"

namespace kist::c_api {
namespace {

/// Nothing where there was no old value.
kist_buffer copied_if_any(const std::optional<std::string>& old_value) {
  return old_value ? copied(*old_value) : kist_buffer{};
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_txn_put(kist_txn txn, kist_table table, const void* key, size_t key_size,
                       const void* value, size_t value_size, uint32_t mode, bool* stored,
                       kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (stored != nullptr) *stored = false;
    KIST_ASSIGN(const engine::Bytes at, given_bytes(key, key_size, "key"));
    KIST_ASSIGN(const engine::Bytes bytes, given_bytes(value, value_size, "value"));
    KIST_ASSIGN(const engine::PutMode how, put_mode_of(mode));
    return with_writer(txn, [&](engine::WriteTxn& in) -> Result<void> {
      KIST_ASSIGN(const bool done, in.put(table_of(table), at, bytes, how));
      if (stored != nullptr) *stored = done;
      return {};
    });
  });
}

kist_code kist_txn_put_many(kist_txn txn, kist_table table, const kist_pair* records, size_t count,
                            uint32_t mode, uint64_t* stored, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (stored != nullptr) *stored = 0;
    KIST_TRY(check_array(records, count, "records"));
    KIST_ASSIGN(const engine::PutMode how, put_mode_of(mode));
    std::vector<engine::Record> given(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& [key, value] = records[i];
      KIST_ASSIGN(given[i].key, given_bytes(key.data, key.size, "records[i].key.data"));
      KIST_ASSIGN(given[i].value, given_bytes(value.data, value.size, "records[i].value.data"));
    }
    return with_writer(txn, [&](engine::WriteTxn& in) -> Result<void> {
      KIST_ASSIGN(const std::uint64_t done, in.put_many(table_of(table), given, how));
      if (stored != nullptr) *stored = done;
      return {};
    });
  });
}

kist_code kist_txn_reserve(kist_txn txn, kist_table table, const void* key, size_t key_size,
                           size_t size, uint8_t** data, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(data, "data"));
    KIST_ASSIGN(const engine::Bytes at, given_bytes(key, key_size, "key"));
    return with_writer(txn, [&](engine::WriteTxn& in) -> Result<void> {
      KIST_ASSIGN(const std::span<std::uint8_t> room, in.reserve(table_of(table), at, size));
      *data = room.data();
      return {};
    });
  });
}

kist_code kist_txn_erase(kist_txn txn, kist_table table, const void* key, size_t key_size,
                         bool* existed, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (existed != nullptr) *existed = false;
    KIST_ASSIGN(const engine::Bytes at, given_bytes(key, key_size, "key"));
    return with_writer(txn, [&](engine::WriteTxn& in) -> Result<void> {
      KIST_ASSIGN(const bool done, in.erase(table_of(table), at));
      if (existed != nullptr) *existed = done;
      return {};
    });
  });
}

kist_code kist_txn_erase_pair(kist_txn txn, kist_table table, const void* key, size_t key_size,
                              const void* value, size_t value_size, bool* existed,
                              kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (existed != nullptr) *existed = false;
    KIST_ASSIGN(const engine::Bytes at, given_bytes(key, key_size, "key"));
    KIST_ASSIGN(const engine::Bytes bytes, given_bytes(value, value_size, "value"));
    return with_writer(txn, [&](engine::WriteTxn& in) -> Result<void> {
      KIST_ASSIGN(const bool done, in.erase_pair(table_of(table), at, bytes));
      if (existed != nullptr) *existed = done;
      return {};
    });
  });
}

kist_code kist_txn_compare_and_set(kist_txn txn, kist_table table, const void* key, size_t key_size,
                                   const kist_bytes* expected, const kist_bytes* value, bool* done,
                                   kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(done, "done"));
    KIST_ASSIGN(const engine::Bytes at, given_bytes(key, key_size, "key"));
    KIST_ASSIGN(const auto before, given_optional(expected, "expected->data"));
    KIST_ASSIGN(const auto after, given_optional(value, "value->data"));
    return with_writer(txn, [&](engine::WriteTxn& in) -> Result<void> {
      KIST_ASSIGN(*done, in.compare_and_set(table_of(table), at, before, after));
      return {};
    });
  });
}

kist_code kist_txn_replace(kist_txn txn, kist_table table, const void* key, size_t key_size,
                           const void* value, size_t value_size, kist_buffer* old_value,
                           kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(old_value, "old_value"));
    KIST_ASSIGN(const engine::Bytes at, given_bytes(key, key_size, "key"));
    KIST_ASSIGN(const engine::Bytes bytes, given_bytes(value, value_size, "value"));
    return with_writer(txn, [&](engine::WriteTxn& in) -> Result<void> {
      KIST_ASSIGN(const auto before, in.replace(table_of(table), at, bytes));
      *old_value = copied_if_any(before);
      return {};
    });
  });
}

kist_code kist_txn_take(kist_txn txn, kist_table table, const void* key, size_t key_size,
                        kist_buffer* old_value, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(old_value, "old_value"));
    KIST_ASSIGN(const engine::Bytes at, given_bytes(key, key_size, "key"));
    return with_writer(txn, [&](engine::WriteTxn& in) -> Result<void> {
      KIST_ASSIGN(const auto before, in.take(table_of(table), at));
      *old_value = copied_if_any(before);
      return {};
    });
  });
}

kist_code kist_txn_erase_range(kist_txn txn, kist_table table, const kist_bytes* from,
                               const kist_bytes* to, uint64_t* removed,
                               kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (removed != nullptr) *removed = 0;
    KIST_ASSIGN(const auto lower, given_optional(from, "from->data"));
    KIST_ASSIGN(const auto upper, given_optional(to, "to->data"));
    return with_writer(txn, [&](engine::WriteTxn& in) -> Result<void> {
      KIST_ASSIGN(const std::uint64_t erased, in.erase_range(table_of(table), lower, upper));
      if (removed != nullptr) *removed = erased;
      return {};
    });
  });
}

kist_code kist_txn_erase_prefix(kist_txn txn, kist_table table, const void* prefix,
                                size_t prefix_size, uint64_t* removed, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (removed != nullptr) *removed = 0;
    KIST_ASSIGN(const engine::Bytes bytes, given_bytes(prefix, prefix_size, "prefix"));
    return with_writer(txn, [&](engine::WriteTxn& in) -> Result<void> {
      KIST_ASSIGN(const std::uint64_t erased, in.erase_prefix(table_of(table), bytes));
      if (removed != nullptr) *removed = erased;
      return {};
    });
  });
}
