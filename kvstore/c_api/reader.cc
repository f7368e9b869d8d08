#include <mutex>

#include <kist/kist.h>

#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/values.h"

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

namespace {

/// kist_reader_get and kist_reader_get_copy, which differ in how a view is given to the caller.
kist_code get(kist_reader reader, kist_store store, const void* key, size_t key_size,
              kist_tag expected, kist_value (*give)(const ValueView&), kist_value* value,
              bool* found, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (found != nullptr) *found = false;
    KIST_TRY(prepare_out(value, "value", kist_value_none()));
    KIST_ASSIGN(const auto object, use<ReaderObject>(reader));
    KIST_ASSIGN(const auto from, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    const std::lock_guard turn(object->turn);
    KIST_ASSIGN(const auto view, get_as(object->reader, from->store, at, expected));
    if (view) *value = give(*view);
    if (found != nullptr) *found = view.has_value();
    return {};
  });
}

}  // namespace

kist_code kist_reader_begin(kist_profile profile, kist_reader* reader, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(reader, "reader"));
    KIST_ASSIGN(const auto owner, use<ProfileObject>(profile));
    KIST_ASSIGN(Reader begun, owner->profile.read());
    auto object = std::make_shared<ReaderObject>(owner.shared(), std::move(begun));
    return publish(object, &*owner, reader);
  });
}

kist_code kist_reader_end(kist_reader reader, kist_error* error) noexcept {
  return guarded(error, [&] { return close_simply<ReaderObject>(reader); });
}

kist_code kist_reader_id(kist_reader reader, uint64_t* id, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(id, "id"));
    KIST_ASSIGN(const auto object, use<ReaderObject>(reader));
    const std::lock_guard turn(object->turn);
    *id = object->reader.id();
    return {};
  });
}

kist_code kist_reader_get(kist_reader reader, kist_store store, const void* key, size_t key_size,
                          kist_tag expected, kist_value* value, bool* found,
                          kist_error* error) noexcept {
  return get(reader, store, key, key_size, expected, borrow, value, found, error);
}

kist_code kist_reader_get_copy(kist_reader reader, kist_store store, const void* key,
                               size_t key_size, kist_tag expected, kist_value* value, bool* found,
                               kist_error* error) noexcept {
  return get(reader, store, key, key_size, expected, copy, value, found, error);
}

kist_code kist_reader_has(kist_reader reader, kist_store store, const void* key, size_t key_size,
                          bool* found, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(found, "found"));
    KIST_ASSIGN(const auto object, use<ReaderObject>(reader));
    KIST_ASSIGN(const auto from, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    const std::lock_guard turn(object->turn);
    KIST_ASSIGN(*found, object->reader.has(from->store, at));
    return {};
  });
}

kist_code kist_reader_count(kist_reader reader, kist_store store, uint64_t* count,
                            kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(count, "count"));
    KIST_ASSIGN(const auto object, use<ReaderObject>(reader));
    KIST_ASSIGN(const auto from, use<StoreObject>(store));
    const std::lock_guard turn(object->turn);
    KIST_ASSIGN(*count, object->reader.count(from->store));
    return {};
  });
}

kist_code kist_reader_count_range(kist_reader reader, kist_store store, const kist_range* range,
                                  uint64_t* count, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(count, "count"));
    KIST_ASSIGN(const auto object, use<ReaderObject>(reader));
    KIST_ASSIGN(const auto from, use<StoreObject>(store));
    KIST_ASSIGN(const Range checked, range_of(range));
    const std::lock_guard turn(object->turn);
    KIST_ASSIGN(*count, object->reader.count(from->store, checked));
    return {};
  });
}
