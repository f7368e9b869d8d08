#include <mutex>
#include <optional>

#include <kist/kist.h>

#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/values.h"
#include "kvstore/c_api/writer_turn.h"

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_writer_begin(kist_profile profile, int64_t timeout_ms, kist_writer* writer,
                            kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(writer, "writer"));
    KIST_ASSIGN(const auto owner, use<ProfileObject>(profile));
    KIST_ASSIGN(Writer begun, owner->profile.write(wait_of(timeout_ms)));
    auto object = std::make_shared<WriterObject>(owner.shared(), std::move(begun));
    return publish(object, &*owner, writer);
  });
}

kist_code kist_writer_get(kist_writer writer, kist_store store, const void* key, size_t key_size,
                          kist_tag expected, kist_value* value, bool* found,
                          kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (found != nullptr) *found = false;
    KIST_TRY(prepare_out(value, "value", kist_value_none()));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    return with_store(writer, store, [&](Writer& in, const Store& from) -> Result<void> {
      KIST_ASSIGN(const auto view, get_as(in, from, at, expected));
      if (view) *value = copy(*view);
      if (found != nullptr) *found = view.has_value();
      return {};
    });
  });
}

kist_code kist_writer_has(kist_writer writer, kist_store store, const void* key, size_t key_size,
                          bool* found, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(found, "found"));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    return with_store(writer, store, [&](Writer& in, const Store& from) -> Result<void> {
      KIST_ASSIGN(*found, in.has(from, at));
      return {};
    });
  });
}

kist_code kist_writer_put(kist_writer writer, kist_store store, const void* key, size_t key_size,
                          const kist_value* value, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const ValueView view, view_of(value));
    return with_store(writer, store,
                      [&](Writer& in, const Store& to) { return in.put(to, at, view); });
  });
}

kist_code kist_writer_delete(kist_writer writer, kist_store store, const void* key, size_t key_size,
                             bool* existed, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (existed != nullptr) *existed = false;
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    return with_store(writer, store, [&](Writer& in, const Store& from) -> Result<void> {
      KIST_ASSIGN(const bool erased, in.erase(from, at));
      if (existed != nullptr) *existed = erased;
      return {};
    });
  });
}

kist_code kist_writer_clear(kist_writer writer, kist_store store, uint64_t* removed,
                            kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (removed != nullptr) *removed = 0;
    return with_store(writer, store, [&](Writer& in, const Store& from) -> Result<void> {
      KIST_ASSIGN(const std::uint64_t cleared, in.clear(from));
      if (removed != nullptr) *removed = cleared;
      return {};
    });
  });
}

kist_code kist_writer_commit(kist_writer writer, uint32_t durability, uint64_t* id,
                             kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (id != nullptr) *id = 0;
    KIST_ASSIGN(const std::optional<Durability> how, durability_of(durability));
    KIST_ASSIGN(auto last_use, close<WriterObject>(writer));
    KIST_ASSIGN(const WriterTurn turn, take_turn(std::move(last_use)));
    turn.object->ended = true;
    KIST_ASSIGN(const std::uint64_t committed, turn.object->writer.commit(how));
    if (id != nullptr) *id = committed;
    return {};
  });
}

kist_code kist_writer_abort(kist_writer writer, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    auto last_use = close<WriterObject>(writer);
    if (!last_use && last_use.error().code == ErrorCode::kForked) return {};
    if (!last_use) return std::unexpected(last_use.error());
    KIST_ASSIGN(const WriterTurn turn, take_turn(*std::move(last_use)));
    turn.object->ended = true;
    turn.object->writer.abort();
    return {};
  });
}
