// Order statistics, as kist_engine_records.h has them.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <kist/kist_engine.h>

#include "kvstore/c_api/answers.h"
#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/errors.h"

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_txn_count(kist_txn txn, kist_table table, uint32_t what, uint64_t* count,
                         kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(count, "count"));
    KIST_ASSIGN(const engine::CountOf counted, count_of(what));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(*count, in.count(table_of(table), counted));
      return {};
    });
  });
}

kist_code kist_txn_rank(kist_txn txn, kist_table table, const void* key, size_t key_size,
                        uint32_t what, uint64_t* rank, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(rank, "rank"));
    KIST_ASSIGN(const engine::Bytes bytes, given_bytes(key, key_size, "key"));
    KIST_ASSIGN(const engine::CountOf counted, count_of(what));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(*rank, in.rank(table_of(table), bytes, counted));
      return {};
    });
  });
}

kist_code kist_txn_count_range(kist_txn txn, kist_table table, const kist_bytes* from,
                               const kist_bytes* to, uint32_t what, uint64_t* count,
                               kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(count, "count"));
    KIST_ASSIGN(const auto lower, given_optional(from, "from->data"));
    KIST_ASSIGN(const auto upper, given_optional(to, "to->data"));
    KIST_ASSIGN(const engine::CountOf counted, count_of(what));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(*count, in.count_range(table_of(table), lower, upper, counted));
      return {};
    });
  });
}

kist_code kist_txn_count_prefix(kist_txn txn, kist_table table, const void* prefix,
                                size_t prefix_size, uint32_t what, uint64_t* count,
                                kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(count, "count"));
    KIST_ASSIGN(const engine::Bytes bytes, given_bytes(prefix, prefix_size, "prefix"));
    KIST_ASSIGN(const engine::CountOf counted, count_of(what));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(*count, in.count_prefix(table_of(table), bytes, counted));
      return {};
    });
  });
}

kist_code kist_txn_nth(kist_txn txn, kist_table table, uint64_t n, uint32_t what, kist_pair* record,
                       bool* found, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (found != nullptr) *found = false;
    KIST_TRY(prepare_out(record, "record"));
    KIST_ASSIGN(const engine::CountOf counted, count_of(what));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(const auto got, in.nth(table_of(table), n, counted));
      if (got) *record = borrowed(*got);
      if (found != nullptr) *found = got.has_value();
      return {};
    });
  });
}

kist_code kist_txn_split(kist_txn txn, kist_table table, size_t parts, const kist_bytes* from,
                         const kist_bytes* to, kist_names* keys, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(keys, "keys"));
    KIST_ASSIGN(const auto lower, given_optional(from, "from->data"));
    KIST_ASSIGN(const auto upper, given_optional(to, "to->data"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(const std::vector<std::string> found,
                  in.split(table_of(table), parts, lower, upper));
      *keys = copied(found);
      return {};
    });
  });
}

kist_code kist_txn_sample(kist_txn txn, kist_table table, size_t count, uint64_t seed,
                          kist_pair* records, size_t* drawn, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(drawn, "drawn"));
    KIST_TRY(check_array(records, count, "records"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(const std::vector<engine::Record> found, in.sample(table_of(table), count, seed));
      *drawn = std::min(count, found.size());
      for (std::size_t i = 0; i < *drawn; ++i) records[i] = borrowed(found[i]);
      return {};
    });
  });
}
