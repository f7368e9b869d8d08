#include <kist/kist.h>
#include <kist/store.h>

#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/updates.h"
#include "kvstore/c_api/values.h"
#include "kvstore/c_api/writer_turn.h"

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_writer_count_range(kist_writer writer, kist_store store, const kist_range* range,
                                  uint64_t* count, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(count, "count"));
    KIST_ASSIGN(const Range checked, range_of(range));
    return with_store(writer, store, [&](Writer& in, const Store& to) -> Result<void> {
      KIST_ASSIGN(const std::uint64_t done, in.count(to, checked));
      *count = done;
      return {};
    });
  });
}

kist_code kist_writer_delete_range(kist_writer writer, kist_store store, const kist_range* range,
                                   uint64_t* removed, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(removed, std::uint64_t{0});
    KIST_ASSIGN(const Range checked, range_of(range));
    return with_store(writer, store, [&](Writer& in, const Store& to) -> Result<void> {
      KIST_ASSIGN(const std::uint64_t done, in.erase_range(to, checked));
      give(removed, done);
      return {};
    });
  });
}

kist_code kist_writer_delete_value(kist_writer writer, kist_store store, const void* key,
                                   size_t key_size, const kist_value* value, bool* existed,
                                   kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(existed, false);
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const ValueView view, view_of(value));
    return with_store(writer, store, [&](Writer& in, const Store& to) -> Result<void> {
      KIST_ASSIGN(const bool done, in.erase(to, at, view));
      give(existed, done);
      return {};
    });
  });
}

kist_code kist_writer_put_if_absent(kist_writer writer, kist_store store, const void* key,
                                    size_t key_size, const kist_value* value, bool* stored,
                                    kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(stored, false);
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const ValueView view, view_of(value));
    return with_store(writer, store, [&](Writer& in, const Store& to) -> Result<void> {
      KIST_ASSIGN(const bool done, in.put_if_absent(to, at, view));
      give(stored, done);
      return {};
    });
  });
}

kist_code kist_writer_compare_and_set(kist_writer writer, kist_store store, const void* key,
                                      size_t key_size, const kist_value* expected,
                                      const kist_value* value, bool* stored,
                                      kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(stored, false);
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const auto old, optional_view_of(expected));
    KIST_ASSIGN(const auto next, optional_view_of(value));
    return with_store(writer, store, [&](Writer& in, const Store& to) -> Result<void> {
      KIST_ASSIGN(const bool done, in.compare_and_set(to, at, old, next));
      give(stored, done);
      return {};
    });
  });
}

kist_code kist_writer_add(kist_writer writer, kist_store store, const void* key, size_t key_size,
                          int64_t amount, kist_value* sum, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(sum, kist_value_none());
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    return with_store(writer, store, [&](Writer& in, const Store& to) -> Result<void> {
      KIST_ASSIGN(const Value done, in.add(to, at, amount));
      give(sum, borrow(done));
      return {};
    });
  });
}
