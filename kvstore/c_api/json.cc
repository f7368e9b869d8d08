// Parts of JSON values, as kist_json.h has them.

#include <mutex>

#include <kist/json.h>
#include <kist/kist.h>

#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/updates.h"
#include "kvstore/c_api/values.h"
#include "kvstore/c_api/writer_turn.h"

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_store_get_member(kist_store store, const void* key, size_t key_size,
                                const char* pointer, size_t pointer_size, kist_value* value,
                                bool* found, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(found, false);
    KIST_TRY(prepare_out(value, "value", kist_value_none()));
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const std::string_view where, view_of(pointer, pointer_size, "pointer"));
    KIST_ASSIGN(const std::optional<Json> member, get_member(object->store, at, where));
    if (member) *value = copy(ValueView::json(member->text));
    give(found, member.has_value());
    return {};
  });
}

kist_code kist_reader_get_member(kist_reader reader, kist_store store, const void* key,
                                 size_t key_size, const char* pointer, size_t pointer_size,
                                 kist_value* value, bool* found, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(found, false);
    KIST_TRY(prepare_out(value, "value", kist_value_none()));
    KIST_ASSIGN(const auto object, use<ReaderObject>(reader));
    KIST_ASSIGN(const auto from, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const std::string_view where, view_of(pointer, pointer_size, "pointer"));
    const std::lock_guard turn(object->turn);
    KIST_ASSIGN(const std::optional<JsonView> member,
                get_member(object->reader, from->store, at, where));
    if (member) *value = copy(ValueView::json(member->text));
    give(found, member.has_value());
    return {};
  });
}

kist_code kist_store_merge_patch(kist_store store, const void* key, size_t key_size,
                                 const char* patch, size_t patch_size, kist_value* document,
                                 kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(document, kist_value_none());
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const std::string_view changes, view_of(patch, patch_size, "patch"));
    KIST_ASSIGN(const Json done, merge_patch(object->store, at, changes));
    if (document != nullptr) *document = copy(ValueView::json(done.text));
    return {};
  });
}

kist_code kist_writer_merge_patch(kist_writer writer, kist_store store, const void* key,
                                  size_t key_size, const char* patch, size_t patch_size,
                                  kist_value* document, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(document, kist_value_none());
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const std::string_view changes, view_of(patch, patch_size, "patch"));
    return with_store(writer, store, [&](Writer& in, const Store& to) -> Result<void> {
      KIST_ASSIGN(const Json done, merge_patch(in, to, at, changes));
      if (document != nullptr) *document = copy(ValueView::json(done.text));
      return {};
    });
  });
}
