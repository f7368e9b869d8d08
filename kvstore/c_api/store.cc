#include <string>
#include <vector>

#include <kist/kist.h>
#include <kist/store.h>

#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/structs.h"
#include "kvstore/c_api/values.h"

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_store_open(kist_profile profile, const void* name, size_t name_size, bool create,
                          kist_store* store, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(store, "store"));
    KIST_ASSIGN(const auto owner, use<ProfileObject>(profile));
    KIST_ASSIGN(const std::string_view text, view_of(name, name_size, "name"));
    KIST_ASSIGN(Store opened, owner->profile.open_store(text, create));
    auto object = std::make_shared<StoreObject>(owner.shared(), owner->profile, std::move(opened));
    return publish(object, &*owner, store);
  });
}

kist_code kist_store_open_as(kist_profile profile, const void* name, size_t name_size,
                             const kist_store_options* options, kist_store* store,
                             kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(store, "store"));
    KIST_ASSIGN(const auto owner, use<ProfileObject>(profile));
    KIST_ASSIGN(const std::string_view text, view_of(name, name_size, "name"));
    KIST_ASSIGN(const kist_store_options read,
                read_options(options, sizeof(kist_store_options), "options"));
    if (read.keys > KIST_KEYS_I64) {
      return fail(ErrorCode::kInvalidArgument,
                  "options.keys is " + std::to_string(read.keys) + ", which is none");
    }
    KIST_ASSIGN(Store opened,
                owner->profile.open_store(text, {.create = read.create,
                                                 .multi = read.multi,
                                                 .keys = static_cast<KeyType>(read.keys)}));
    auto object = std::make_shared<StoreObject>(owner.shared(), owner->profile, std::move(opened));
    return publish(object, &*owner, store);
  });
}

kist_code kist_profile_describe_store(kist_profile profile, const void* name, size_t name_size,
                                      kist_store_options* options, bool* found,
                                      kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(found, "found"));
    KIST_ASSIGN(const auto object, use<ProfileObject>(profile));
    KIST_ASSIGN(const std::string_view text, view_of(name, name_size, "name"));
    KIST_ASSIGN(const std::vector<StoreInfo> stores, object->profile.stores());
    kist_store_options answer{};
    for (const StoreInfo& store : stores) {
      if (store.name != text) continue;
      if (store.kind == StoreKind::kUnknown) {
        return fail(ErrorCode::kNewerFormat,
                    "the store '" + store.name + "' needs a newer version of Kist");
      }
      *found = true;
      answer.multi = store.kind == StoreKind::kMulti || store.kind == StoreKind::kMultiInteger;
      answer.keys = static_cast<kist_key_type>(store.keys);
    }
    return write_answer(answer, sizeof(kist_store_options), "options", options);
  });
}

kist_code kist_store_close(kist_store store, kist_error* error) noexcept {
  return guarded(error, [&] { return close_simply<StoreObject>(store); });
}

kist_code kist_store_get(kist_store store, const void* key, size_t key_size, kist_tag expected,
                         kist_value* value, bool* found, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (found != nullptr) *found = false;
    KIST_TRY(prepare_out(value, "value", kist_value_none()));
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    // Through a reader, so that the bytes are copied once, from the map into the caller's memory.
    KIST_ASSIGN(const Reader reader, object->profile.read());
    KIST_ASSIGN(const auto view, get_as(reader, object->store, at, expected));
    if (view) *value = copy(*view);
    if (found != nullptr) *found = view.has_value();
    return {};
  });
}

kist_code kist_store_put(kist_store store, const void* key, size_t key_size,
                         const kist_value* value, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const ValueView view, view_of(value));
    return object->store.put(at, view);
  });
}

kist_code kist_store_delete(kist_store store, const void* key, size_t key_size, bool* existed,
                            kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (existed != nullptr) *existed = false;
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const bool erased, object->store.erase(at));
    if (existed != nullptr) *existed = erased;
    return {};
  });
}

kist_code kist_store_has(kist_store store, const void* key, size_t key_size, bool* found,
                         kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(found, "found"));
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(*found, object->store.has(at));
    return {};
  });
}

kist_code kist_store_count(kist_store store, uint64_t* count, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(count, "count"));
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(*count, object->store.count());
    return {};
  });
}

kist_code kist_store_clear(kist_store store, uint64_t* removed, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (removed != nullptr) *removed = 0;
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const std::uint64_t cleared, object->store.clear());
    if (removed != nullptr) *removed = cleared;
    return {};
  });
}
