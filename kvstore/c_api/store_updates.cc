#include <optional>

#include <kist/kist.h>
#include <kist/store.h>

#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/updates.h"
#include "kvstore/c_api/values.h"

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_store_count_range(kist_store store, const kist_range* range, uint64_t* count,
                                 kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(count, "count"));
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const Range checked, range_of(range));
    KIST_ASSIGN(const std::uint64_t done, object->store.count(checked));
    *count = done;
    return {};
  });
}

kist_code kist_store_delete_range(kist_store store, const kist_range* range, uint64_t* removed,
                                  kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(removed, std::uint64_t{0});
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const Range checked, range_of(range));
    KIST_ASSIGN(const std::uint64_t done, object->store.erase_range(checked));
    give(removed, done);
    return {};
  });
}

kist_code kist_store_delete_value(kist_store store, const void* key, size_t key_size,
                                  const kist_value* value, bool* existed,
                                  kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(existed, false);
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const ValueView view, view_of(value));
    KIST_ASSIGN(const bool done, object->store.erase(at, view));
    give(existed, done);
    return {};
  });
}

kist_code kist_store_put_if_absent(kist_store store, const void* key, size_t key_size,
                                   const kist_value* value, bool* stored,
                                   kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(stored, false);
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const ValueView view, view_of(value));
    KIST_ASSIGN(const bool done, object->store.put_if_absent(at, view));
    give(stored, done);
    return {};
  });
}

kist_code kist_store_compare_and_set(kist_store store, const void* key, size_t key_size,
                                     const kist_value* expected, const kist_value* value,
                                     bool* stored, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(stored, false);
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const auto old, optional_view_of(expected));
    KIST_ASSIGN(const auto next, optional_view_of(value));
    KIST_ASSIGN(const bool done, object->store.compare_and_set(at, old, next));
    give(stored, done);
    return {};
  });
}

kist_code kist_store_add(kist_store store, const void* key, size_t key_size, int64_t amount,
                         kist_value* sum, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(sum, kist_value_none());
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const Value done, object->store.add(at, amount));
    give(sum, borrow(done));
    return {};
  });
}

kist_code kist_store_update(kist_store store, const void* key, size_t key_size, kist_update change,
                            void* context, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    if (change == nullptr) return fail(ErrorCode::kInvalidArgument, "change is NULL");
    KIST_TRY(object->store.update(
        at, [&](const std::optional<ValueView>& present) -> Result<std::optional<Value>> {
          const kist_value now = present ? borrow(*present) : kist_value_none();
          kist_value next = kist_value_none();
          const kist_code code = change(context, &now, &next);
          if (code != KIST_OK) {
            return fail(static_cast<ErrorCode>(code), "the function given ended the update");
          }
          if (next.tag == KIST_TAG_NONE) return std::nullopt;
          KIST_ASSIGN(const ValueView view, view_of(&next));
          return view.to_value();
        }));
    return {};
  });
}
