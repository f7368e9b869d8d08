#include <mutex>
#include <optional>

#include <kist/kist.h>
#include <kist/store.h>

#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/values.h"

namespace kist::c_api {
namespace {

/// Runs a callable (Batch&, const Store&) -> Result<void> on behalf of an exported function.
template <typename Body>
Result<void> with_batch(kist_batch batch, kist_store store, Body&& body) {
  KIST_ASSIGN(const auto object, use<BatchObject>(batch));
  KIST_ASSIGN(const auto to, use<StoreObject>(store));
  const std::lock_guard turn(object->turn);
  return body(object->batch, to->store);
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_batch_make(kist_profile profile, kist_batch* batch, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(batch, "batch"));
    KIST_ASSIGN(const auto owner, use<ProfileObject>(profile));
    const auto object = std::make_shared<BatchObject>(owner.shared(), owner->profile);
    return publish(object, &*owner, batch);
  });
}

kist_code kist_batch_put(kist_batch batch, kist_store store, const void* key, size_t key_size,
                         const kist_value* value, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const ValueView view, view_of(value));
    return with_batch(batch, store,
                      [&](Batch& in, const Store& to) { return in.put(to, at, view); });
  });
}

kist_code kist_batch_delete(kist_batch batch, kist_store store, const void* key, size_t key_size,
                            kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    return with_batch(batch, store, [&](Batch& in, const Store& to) { return in.erase(to, at); });
  });
}

kist_code kist_batch_delete_value(kist_batch batch, kist_store store, const void* key,
                                  size_t key_size, const kist_value* value,
                                  kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const ValueView view, view_of(value));
    return with_batch(batch, store,
                      [&](Batch& in, const Store& to) { return in.erase(to, at, view); });
  });
}

kist_code kist_batch_delete_range(kist_batch batch, kist_store store, const kist_range* range,
                                  kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const Range checked, range_of(range));
    return with_batch(batch, store,
                      [&](Batch& in, const Store& to) { return in.erase_range(to, checked); });
  });
}

kist_code kist_batch_apply(kist_batch batch, uint32_t durability, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<BatchObject>(batch));
    KIST_ASSIGN(const std::optional<Durability> how, durability_of(durability));
    const std::lock_guard turn(object->turn);
    return object->profile.apply(object->batch, how);
  });
}

kist_code kist_batch_close(kist_batch batch, kist_error* error) noexcept {
  return guarded(error, [&] { return close_simply<BatchObject>(batch); });
}
