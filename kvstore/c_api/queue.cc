#include <chrono>
#include <mutex>
#include <string>
#include <utility>

#include <kist/kist.h>
#include <kist/manager.h>
#include <kist/queue.h>

#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/queue_object.h"
#include "kvstore/c_api/structs.h"
#include "kvstore/c_api/updates.h"
#include "kvstore/c_api/values.h"

namespace kist::c_api {
namespace {

/// An error as completions are given it.
struct Told {
  template <typename T>
  explicit Told(const Result<T>& result) {
    if (result) return;
    code = static_cast<kist_code>(result.error().code);
    message = printable(result.error().message);
  }
  kist_code code = KIST_OK;
  std::string message;
};

kist_value value_of(const Result<void>& /*result*/) {
  return kist_value_none();
}
kist_value value_of(const Result<bool>& result) {
  return result ? kist_value_bool(*result) : kist_value_none();
}
kist_value value_of(const Result<Value>& result) {
  return result ? borrow(*result) : kist_value_none();
}

Result<kist_completion> completion_of(const kist_completion* given) {
  KIST_ASSIGN(const kist_completion read,
              read_options(given, sizeof(kist_completion), "completion"));
  if (read.moments > (KIST_MOMENT_COMMITTED | KIST_MOMENT_DURABLE)) {
    return fail(ErrorCode::kInvalidArgument,
                "completion.moments is " + std::to_string(read.moments) + ", which is none");
  }
  if (read.moments != 0 && read.done == nullptr) {
    return fail(ErrorCode::kInvalidArgument, "completion.done is NULL");
  }
  return read;
}

/// Calls `completion` at `moment` of a write.
template <typename T>
void tell_at(const Future<T>& future, std::uint32_t moment, const kist_completion& completion) {
  if ((completion.moments & moment) == 0) return;
  future.then([completion, moment](const Result<T>& result) {
    const Told told(result);
    const kist_value value = value_of(result);
    completion.done(completion.context, moment, told.code, told.message.c_str(),
                    told.message.size(), &value);
  });
}

/// Queues a write by `push`, a callable (Queue&, durability) -> Queued<T>.
template <typename Push>
Result<void> queue_write(kist_queue queue, const kist_completion* completion, std::uint64_t* ticket,
                         Push&& push) {
  give(ticket, std::uint64_t{0});
  KIST_ASSIGN(const auto object, use<QueueObject>(queue));
  KIST_ASSIGN(const kist_completion read, completion_of(completion));
  KIST_ASSIGN(const std::optional<Durability> how, durability_of(read.durability));
  const auto queued = push(object->queue, how);
  tell_at(queued.committed, KIST_MOMENT_COMMITTED, read);
  tell_at(queued.durable, KIST_MOMENT_DURABLE, read);
  if (ticket != nullptr) *ticket = object->tickets->add(queued.durable);
  return {};
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_queue_open(kist_profile profile, int64_t timeout_ms, kist_queue* queue,
                          kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(queue, "queue"));
    KIST_ASSIGN(const auto owner, use<ProfileObject>(profile));
    const auto object =
        std::make_shared<QueueObject>(owner.shared(), owner->profile.queue(wait_of(timeout_ms)));
    return publish(object, &*owner, queue);
  });
}

kist_code kist_queue_close(kist_queue queue, kist_error* error) noexcept {
  return guarded(error, [&] { return close_simply<QueueObject>(queue); });
}

kist_code kist_queue_put(kist_queue queue, kist_store store, const void* key, size_t key_size,
                         const kist_value* value, const kist_completion* completion,
                         uint64_t* ticket, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto to, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    KIST_ASSIGN(const ValueView view, view_of(value));
    return queue_write(queue, completion, ticket, [&](const Queue& in, const auto& how) {
      return in.put(to->store, at, view, how);
    });
  });
}

kist_code kist_queue_delete(kist_queue queue, kist_store store, const void* key, size_t key_size,
                            const kist_completion* completion, uint64_t* ticket,
                            kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto to, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    return queue_write(queue, completion, ticket, [&](const Queue& in, const auto& how) {
      return in.erase(to->store, at, how);
    });
  });
}

kist_code kist_queue_add(kist_queue queue, kist_store store, const void* key, size_t key_size,
                         int64_t amount, const kist_completion* completion, uint64_t* ticket,
                         kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto to, use<StoreObject>(store));
    KIST_ASSIGN(const Key at, key_of(key, key_size));
    return queue_write(queue, completion, ticket, [&](const Queue& in, const auto& how) {
      return in.add(to->store, at, amount, how);
    });
  });
}

kist_code kist_queue_apply(kist_queue queue, kist_batch batch, const kist_completion* completion,
                           uint64_t* ticket, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<BatchObject>(batch));
    Batch copy;
    {
      const std::lock_guard turn(object->turn);
      copy = object->batch;
    }
    return queue_write(queue, completion, ticket, [&](const Queue& in, const auto& how) {
      return in.apply(std::move(copy), how);
    });
  });
}

kist_code kist_queue_flush(kist_queue queue, const kist_completion* completion,
                           kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<QueueObject>(queue));
    KIST_ASSIGN(kist_completion read, completion_of(completion));
    if (read.done != nullptr) read.moments = KIST_MOMENT_DURABLE;
    tell_at(object->queue.flush(), KIST_MOMENT_DURABLE, read);
    return {};
  });
}

kist_code kist_queue_get(kist_queue queue, kist_store store, const void* key, size_t key_size,
                         kist_tag expected, kist_read_done done, void* context, uint64_t* ticket,
                         kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(ticket, std::uint64_t{0});
    KIST_ASSIGN(const auto object, use<QueueObject>(queue));
    KIST_ASSIGN(const auto from, use<StoreObject>(store));
    KIST_ASSIGN(const std::string_view bytes, view_of(key, key_size, "key"));
    if (done == nullptr) return fail(ErrorCode::kInvalidArgument, "done is NULL");
    if (expected > KIST_TAG_BLOB) {
      return fail(ErrorCode::kInvalidArgument,
                  "expected is " + std::to_string(expected) + ", which is no type of value");
    }
    const Future<bool> read =
        object->queue.read([done, context, expected, in = from->store,
                            at = std::string(bytes)](Reader& reader) -> Result<bool> {
          KIST_ASSIGN(const auto view, get_as(reader, in, Key::encoded(at), expected));
          const kist_value value = view ? borrow(*view) : kist_value_none();
          done(context, KIST_OK, "", 0, &value, view.has_value());
          return true;
        });
    read.then([done, context](const Result<bool>& result) {
      if (result) return;  // told, while the value was there
      const Told told(result);
      const kist_value none = kist_value_none();
      done(context, told.code, told.message.c_str(), told.message.size(), &none, false);
    });
    if (ticket != nullptr) *ticket = object->tickets->add(read);
    return {};
  });
}

kist_code kist_queue_read(kist_queue queue, kist_read_work work, void* context, uint64_t* ticket,
                          kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(ticket, std::uint64_t{0});
    KIST_ASSIGN(const auto object, use<QueueObject>(queue));
    if (work == nullptr) return fail(ErrorCode::kInvalidArgument, "work is NULL");
    const Future<bool> read = object->queue.read(
        [work, context, profile = object->owner()](Reader& reader) -> Result<bool> {
          const auto begun = std::make_shared<ReaderObject>(profile, std::move(reader));
          kist_reader handle{};
          KIST_TRY(publish(begun, profile.get(), &handle));
          work(context, KIST_OK, "", 0, handle);
          (void)close_simply<ReaderObject>(handle);
          return true;
        });
    read.then([work, context](const Result<bool>& result) {
      if (result) return;
      const Told told(result);
      work(context, told.code, told.message.c_str(), told.message.size(), kist_reader{});
    });
    if (ticket != nullptr) *ticket = object->tickets->add(read);
    return {};
  });
}

kist_code kist_queue_cancel(kist_queue queue, uint64_t ticket, bool* cancelled,
                            kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give(cancelled, false);
    KIST_ASSIGN(const auto object, use<QueueObject>(queue));
    give(cancelled, object->tickets->cancel(ticket));
    return {};
  });
}

kist_code kist_queue_get_stats(kist_queue queue, kist_queue_stats* stats,
                               kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<QueueObject>(queue));
    const QueueStats found = object->queue.stats();
    kist_queue_stats answer{};
    answer.waiting = found.waiting;
    answer.waiting_bytes = found.waiting_bytes;
    answer.unflushed = found.unflushed;
    answer.writes = found.writes;
    answer.groups = found.groups;
    answer.largest_group = found.largest_group;
    answer.flushes = found.flushes;
    return write_answer(answer, sizeof(kist_queue_stats), "stats", stats);
  });
}

kist_code kist_shutdown(int64_t deadline_ms, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (deadline_ms < 0) return fail(ErrorCode::kInvalidArgument, "deadline_ms is negative");
    return Manager::instance().shutdown(
        wait_of(deadline_ms).value_or(std::chrono::hours(24 * 365)));
  });
}
