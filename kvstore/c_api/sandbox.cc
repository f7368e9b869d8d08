#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <kist/kist.h>
#include <kist/kist_sandbox.h>
#include <kist/sandbox.h>

#include "kvstore/c_api/answers.h"
#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/values.h"

namespace kist::c_api {
namespace {

/// Snapshots that other processes may read. Destroying it takes them away.
struct GrantObject : Object {
  static constexpr Kind kKind = Kind::kGrant;
  using Handle = kist_grant;
  GrantObject(std::shared_ptr<Object> owner, Grant made)
      : Object(kKind, std::move(owner)), grant(std::move(made)) {}
  Grant grant;
};

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_grant_make(kist_profile profile, kist_grant* grant, int* data, int* control,
                          kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (data != nullptr) *data = -1;
    if (control != nullptr) *control = -1;
    KIST_TRY(prepare_out(grant, "grant"));
    if (data == nullptr || control == nullptr) {
      return fail(ErrorCode::kInvalidArgument, "data or control is NULL");
    }
    KIST_ASSIGN(const auto owner, use<ProfileObject>(profile));
    KIST_ASSIGN(Grant made, make_grant(owner->profile));
    const auto object = std::make_shared<GrantObject>(owner.shared(), std::move(made));
    KIST_TRY(publish(object, &*owner, grant));
    *data = object->grant.data();
    *control = object->grant.control();
    return {};
  });
}

kist_code kist_grant_advance(kist_grant grant, uint64_t* snapshot, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (snapshot != nullptr) *snapshot = 0;
    KIST_ASSIGN(const auto object, use<GrantObject>(grant));
    KIST_ASSIGN(const std::uint64_t newest, object->grant.advance());
    if (snapshot != nullptr) *snapshot = newest;
    return {};
  });
}

kist_code kist_grant_release_before(kist_grant grant, uint64_t snapshot,
                                    kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<GrantObject>(grant));
    object->grant.release_before(snapshot);
    return {};
  });
}

kist_code kist_grant_close(kist_grant grant, kist_error* error) noexcept {
  return guarded(error, [&] { return close_simply<GrantObject>(grant); });
}

kist_code kist_profile_open_granted(int data, int control, kist_profile* profile,
                                    kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(profile, "profile"));
    KIST_ASSIGN(Profile opened, open_granted(data, control));
    return publish(std::make_shared<ProfileObject>(std::move(opened)), nullptr, profile);
  });
}

kist_code kist_batch_to_bytes(kist_batch batch, kist_value* bytes, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(bytes, "bytes"));
    KIST_ASSIGN(const auto object, use<BatchObject>(batch));
    const std::lock_guard turn(object->turn);
    const std::string text = to_bytes(object->batch);
    *bytes = copy(ValueView::blob(engine::as_bytes(text)));
    return {};
  });
}

kist_code kist_batch_from_bytes(kist_profile profile, const void* bytes, size_t size,
                                kist_batch* batch, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(batch, "batch"));
    KIST_ASSIGN(const auto owner, use<ProfileObject>(profile));
    KIST_ASSIGN(const engine::Bytes given, given_bytes(bytes, size, "bytes"));
    KIST_ASSIGN(Batch made, batch_from_bytes(owner->profile, given));
    const auto object = std::make_shared<BatchObject>(owner.shared(), owner->profile);
    object->batch = std::move(made);
    return publish(object, &*owner, batch);
  });
}

kist_code kist_batch_stores(kist_batch batch, kist_names* names, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(names, "names"));
    KIST_ASSIGN(const auto object, use<BatchObject>(batch));
    const std::lock_guard turn(object->turn);
    *names = copied(stores_of(object->batch));
    return {};
  });
}
