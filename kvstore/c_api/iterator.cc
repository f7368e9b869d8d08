#include <mutex>
#include <vector>

#include <kist/kist.h>

#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/structs.h"
#include "kvstore/c_api/values.h"

namespace kist::c_api {
namespace {

/// What kist_records.memory points to.
struct RecordList {
  Arena arena;
  std::vector<kist_record> items;
};

/// A record that the iterator stands on, with borrowed bytes.
Result<std::optional<kist_record>> next_record(Iterator& iterator) {
  KIST_ASSIGN(const bool more, iterator.next());
  if (!more) return std::nullopt;
  KIST_ASSIGN(const ValueView value, iterator.value());
  return kist_record{bytes_of(iterator.key()), borrow(value)};
}

/// Puts a copy of `record` into the list. Returns the bytes that it takes.
std::size_t append_copy(RecordList& list, const kist_record& record) {
  const auto copied = [&](kist_bytes bytes) {
    return bytes_of(list.arena.copy({reinterpret_cast<const char*>(bytes.data), bytes.size}));
  };
  kist_record& item = list.items.emplace_back(record);
  item.key = copied(record.key);
  if (item.value.tag < KIST_TAG_STRING) return item.key.size + sizeof item.value.uuid;
  item.value.bytes = copied(record.value.bytes);
  return item.key.size + item.value.bytes.size;
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_iterator_begin(kist_reader reader, kist_store store, const kist_range* range,
                              kist_iterator* iterator, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(iterator, "iterator"));
    KIST_ASSIGN(const auto owner, use<ReaderObject>(reader));
    KIST_ASSIGN(const auto from, use<StoreObject>(store));
    KIST_ASSIGN(const Range checked, range_of(range));
    std::shared_ptr<IteratorObject> object;
    {
      const std::lock_guard turn(owner->turn);
      KIST_ASSIGN(Iterator begun, owner->reader.iterate(from->store, checked));
      object = std::make_shared<IteratorObject>(owner.shared(), std::move(begun));
    }
    return publish(object, &*owner, iterator);
  });
}

kist_code kist_iterator_next(kist_iterator iterator, kist_record* record, bool* found,
                             kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(record, "record"));
    KIST_TRY(prepare_out(found, "found"));
    KIST_ASSIGN(const auto object, use<IteratorObject>(iterator));
    const std::lock_guard turn(object->turn);
    if (object->pending) return std::unexpected(*std::exchange(object->pending, std::nullopt));
    KIST_ASSIGN(const auto next, next_record(*object->iterator));
    if (next) *record = *next;
    *found = next.has_value();
    return {};
  });
}

kist_code kist_iterator_next_many(kist_iterator iterator, size_t max_count, size_t max_bytes,
                                  kist_records* records, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(records, "records"));
    KIST_ASSIGN(const auto object, use<IteratorObject>(iterator));
    if (max_count == 0) return fail(ErrorCode::kInvalidArgument, "max_count is 0");
    const std::lock_guard turn(object->turn);
    if (object->pending) return std::unexpected(*std::exchange(object->pending, std::nullopt));
    auto list = std::make_unique<RecordList>();
    std::size_t bytes = 0;
    while (list->items.size() < max_count && bytes <= max_bytes) {
      const auto next = next_record(*object->iterator);
      if (!next) {
        if (list->items.empty()) return std::unexpected(next.error());
        object->pending = next.error();
        break;
      }
      if (!*next) break;
      bytes += append_copy(*list, **next);
    }
    records->items = list->items.data();
    records->count = list->items.size();
    records->memory = list.release();
    return {};
  });
}

void kist_records_free(kist_records* records) noexcept {
  if (records == nullptr) return;
  delete static_cast<RecordList*>(records->memory);
  *records = {};
}

kist_code kist_iterator_close(kist_iterator iterator, kist_error* error) noexcept {
  return guarded(error, [&] { return close_simply<IteratorObject>(iterator); });
}
