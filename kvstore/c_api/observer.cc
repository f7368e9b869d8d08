#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <kist/kist.h>
#include <kist/observer.h>

#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/structs.h"
#include "kvstore/c_api/values.h"

namespace kist::c_api {
namespace {

static_assert(static_cast<int>(Delivery::Kind::kChanges) == KIST_DELIVERY_CHANGES &&
              static_cast<int>(Delivery::Kind::kReload) == KIST_DELIVERY_RELOAD &&
              static_cast<int>(Delivery::Kind::kEnded) == KIST_DELIVERY_ENDED);

/// Is told of changes. Destroying it stops it.
struct ObserverObject : Object {
  static constexpr Kind kKind = Kind::kObserver;
  using Handle = kist_observer;
  ObserverObject(std::shared_ptr<Object> owner, Observer made)
      : Object(kKind, std::move(owner)), observer(std::move(made)) {}
  Observer observer;
};

/// Whom an observer tells; given back when nothing refers to it any more.
struct Recipient {
  explicit Recipient(const kist_observe_options& given) : options(given) {}
  Recipient(const Recipient&) = delete;
  Recipient& operator=(const Recipient&) = delete;
  ~Recipient() {
    if (begun && options.release != nullptr) options.release(options.context);
  }
  const kist_observe_options options;
  bool begun = false;  // the call that made the observer has succeeded
};

kist_mark mark_of(const SnapshotMark& mark) {
  return {mark.id, mark.nonce};
}

kist_value value_of(const std::optional<Value>& value) {
  return value ? borrow(*value) : kist_value_none();
}

void tell(const kist_observe_options& options, const Delivery& delivery) {
  std::vector<kist_record_change> changes;
  changes.reserve(delivery.changes.size());
  for (const Change& change : delivery.changes) {
    changes.push_back({bytes_of(change.key), value_of(change.before), value_of(change.after)});
  }
  const std::string message = printable(delivery.error.message);
  kist_delivery told{};
  told.struct_size = sizeof(told);
  told.kind = static_cast<std::uint32_t>(delivery.kind);
  told.changes = changes.data();
  told.count = changes.size();
  told.from = mark_of(delivery.from);
  told.to = mark_of(delivery.to);
  const bool ended = delivery.kind == Delivery::Kind::kEnded;
  told.code = ended ? static_cast<kist_code>(delivery.error.code) : KIST_OK;
  told.message = message.c_str();
  told.message_size = message.size();
  options.callback(options.context, &told);
}

Result<Observer> begin_observing(const StoreObject& store, const Range& range,
                                 const std::shared_ptr<Recipient>& recipient) {
  const kist_observe_options& given = recipient->options;
  ObserveOptions options;
  if (given.max_bytes != 0) options.max_bytes = static_cast<std::size_t>(given.max_bytes);
  if (given.since.id != 0) options.since = SnapshotMark{given.since.id, given.since.nonce};
  const auto callback = [recipient](const Delivery& delivery) {
    tell(recipient->options, delivery);
  };
  if (given.reader.id == 0) return store.store.observe(range, callback, options);
  KIST_ASSIGN(const auto reader, use<ReaderObject>(given.reader));
  const std::lock_guard turn(reader->turn);
  options.from = &reader->reader;
  return store.store.observe(range, callback, options);
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_store_observe(kist_store store, const kist_range* range,
                             const kist_observe_options* options, kist_observer* observer,
                             kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(observer, "observer"));
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    KIST_ASSIGN(const Range checked, range_of(range));
    KIST_ASSIGN(const kist_observe_options read,
                read_options(options, sizeof(kist_observe_options), "options"));
    if (read.callback == nullptr) {
      return fail(ErrorCode::kInvalidArgument, "options.callback is NULL");
    }
    const auto recipient = std::make_shared<Recipient>(read);
    KIST_ASSIGN(Observer made, begin_observing(*object, checked, recipient));
    const std::shared_ptr<Object>& owner = object->owner();
    KIST_TRY(
        publish(std::make_shared<ObserverObject>(owner, std::move(made)), owner.get(), observer));
    recipient->begun = true;
    return {};
  });
}

kist_code kist_observer_seen(kist_observer observer, kist_mark* mark, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(mark, "mark"));
    KIST_ASSIGN(const auto object, use<ObserverObject>(observer));
    *mark = mark_of(object->observer.seen());
    return {};
  });
}

kist_code kist_observer_close(kist_observer observer, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    const auto last_use = close<ObserverObject>(observer);
    // At once, whatever other calls are using it.
    if (last_use) (*last_use)->observer.stop();
    if (last_use || last_use.error().code == ErrorCode::kForked) return {};
    return std::unexpected(last_use.error());
  });
}

kist_code kist_reader_mark(kist_reader reader, kist_mark* mark, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(mark, "mark"));
    KIST_ASSIGN(const auto object, use<ReaderObject>(reader));
    const std::lock_guard turn(object->turn);
    KIST_ASSIGN(const SnapshotMark found, object->reader.mark());
    *mark = mark_of(found);
    return {};
  });
}
