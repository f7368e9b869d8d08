// Tables, as kist_engine_tables.h has them.

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <kist/kist_engine.h>

#include "kvstore/c_api/answers.h"
#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/structs.h"

namespace kist::c_api {
namespace {

using Compare = Result<int> (engine::Txn::*)(engine::Table, engine::Bytes, engine::Bytes) const;

/// kist_txn_compare_keys and kist_txn_compare_values.
kist_code compare(Compare how, kist_txn txn, kist_table table, kist_bytes a, kist_bytes b,
                  int* order, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(order, "order"));
    KIST_ASSIGN(const engine::Bytes one, given_bytes(a.data, a.size, "a"));
    KIST_ASSIGN(const engine::Bytes other, given_bytes(b.data, b.size, "b"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(*order, (in.*how)(table_of(table), one, other));
      return {};
    });
  });
}

/// Copies a name into an array of zeros that is longer than any name.
template <std::size_t N>
void copy_name(const std::string& name, char (&array)[N]) {
  std::memcpy(array, name.data(), std::min(name.size(), N - 1));
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_txn_create_table(kist_txn txn, kist_table table, const kist_table_options* options,
                                bool exist_ok, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const engine::TableOptions checked, table_options_of(options));
    return with_writer(txn, [&](engine::WriteTxn& in) {
      return in.create_table(table_of(table), checked, exist_ok);
    });
  });
}

kist_code kist_txn_drop_table(kist_txn txn, kist_table table, kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_writer(txn, [&](engine::WriteTxn& in) { return in.drop_table(table_of(table)); });
  });
}

kist_code kist_txn_rename_table(kist_txn txn, kist_table from, kist_table to,
                                kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_writer(
        txn, [&](engine::WriteTxn& in) { return in.rename_table(table_of(from), table_of(to)); });
  });
}

kist_code kist_txn_clear_table(kist_txn txn, kist_table table, uint64_t* removed,
                               kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (removed != nullptr) *removed = 0;
    return with_writer(txn, [&](engine::WriteTxn& in) -> Result<void> {
      KIST_ASSIGN(const std::uint64_t cleared, in.clear(table_of(table)));
      if (removed != nullptr) *removed = cleared;
      return {};
    });
  });
}

kist_code kist_txn_table_exists(kist_txn txn, kist_table table, bool* exists,
                                kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(exists, "exists"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(*exists, in.exists(table_of(table)));
      return {};
    });
  });
}

kist_code kist_txn_table_options(kist_txn txn, kist_table table, kist_table_options* options,
                                 kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(const engine::TableOptions found, in.table_options(table_of(table)));
      kist_table_options answer{};
      answer.key_order = static_cast<std::uint32_t>(found.key_order);
      answer.value_order = static_cast<std::uint32_t>(found.value_order);
      answer.value_size = found.value_size;
      answer.multi = found.multi;
      copy_name(found.key_comparator, answer.key_comparator);
      copy_name(found.value_comparator, answer.value_comparator);
      return write_answer(answer, sizeof(kist_table_options), "options", options);
    });
  });
}

kist_code kist_txn_table_names(kist_txn txn, kist_names* names, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(names, "names"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(const std::vector<std::string> found, in.table_names());
      *names = copied(found);
      return {};
    });
  });
}

kist_code kist_txn_table_stats(kist_txn txn, kist_table table, kist_table_stats* stats,
                               kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(const engine::TableStats found, in.table_stats(table_of(table)));
      kist_table_stats answer{};
      answer.depth = static_cast<std::uint32_t>(found.depth);
      answer.records = found.records;
      answer.branch_pages = found.branch_pages;
      answer.leaf_pages = found.leaf_pages;
      answer.overflow_pages = found.overflow_pages;
      return write_answer(answer, sizeof(kist_table_stats), "stats", stats);
    });
  });
}

kist_code kist_txn_compare_keys(kist_txn txn, kist_table table, const void* a, size_t a_size,
                                const void* b, size_t b_size, int* order,
                                kist_error* error) noexcept {
  return compare(&engine::Txn::compare_keys, txn, table,
                 {static_cast<const std::uint8_t*>(a), a_size},
                 {static_cast<const std::uint8_t*>(b), b_size}, order, error);
}

kist_code kist_txn_compare_values(kist_txn txn, kist_table table, const void* a, size_t a_size,
                                  const void* b, size_t b_size, int* order,
                                  kist_error* error) noexcept {
  return compare(&engine::Txn::compare_values, txn, table,
                 {static_cast<const std::uint8_t*>(a), a_size},
                 {static_cast<const std::uint8_t*>(b), b_size}, order, error);
}

kist_code kist_txn_sequence(kist_txn txn, kist_table table, uint64_t* next,
                            kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(next, "next"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(*next, in.sequence(table_of(table)));
      return {};
    });
  });
}

kist_code kist_txn_advance_sequence(kist_txn txn, kist_table table, uint64_t amount,
                                    uint64_t* first, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(first, "first"));
    return with_writer(txn, [&](engine::WriteTxn& in) -> Result<void> {
      KIST_ASSIGN(*first, in.advance_sequence(table_of(table), amount));
      return {};
    });
  });
}
