// Cursors, as kist_engine_cursor.h has them: opening, moving, and where they are.

#include <memory>
#include <mutex>
#include <string>

#include <kist/kist_engine.h>

#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_cursors.h"

namespace kist::c_api {
namespace {

using engine::Bytes;
using engine::Cursor;

Result<bool> move_as(Cursor& cursor, std::uint32_t move) {
  switch (move) {
    case KIST_CURSOR_FIRST:
      return cursor.first();
    case KIST_CURSOR_LAST:
      return cursor.last();
    case KIST_CURSOR_NEXT:
      return cursor.next();
    case KIST_CURSOR_PREV:
      return cursor.prev();
    case KIST_CURSOR_NEXT_KEY:
      return cursor.next_key();
    case KIST_CURSOR_PREV_KEY:
      return cursor.prev_key();
    case KIST_CURSOR_FIRST_VALUE:
      return cursor.first_value();
    case KIST_CURSOR_LAST_VALUE:
      return cursor.last_value();
    case KIST_CURSOR_NEXT_VALUE:
      return cursor.next_value();
    case KIST_CURSOR_PREV_VALUE:
      return cursor.prev_value();
    default:
      return fail(ErrorCode::kInvalidArgument,
                  "move is " + std::to_string(move) + ", which is none");
  }
}

std::unexpected<Error> no_seek(std::uint32_t how) {
  return fail(ErrorCode::kInvalidArgument, "how is " + std::to_string(how) + ", which is none");
}

Result<bool> seek_as(Cursor& cursor, std::uint32_t how, Bytes key) {
  switch (how) {
    case KIST_SEEK_EQ:
      return cursor.seek_exact(key);
    case KIST_SEEK_GE:
      return cursor.seek(key);
    case KIST_SEEK_GT:
      return cursor.seek_after(key);
    case KIST_SEEK_LE:
      return cursor.seek_back(key);
    case KIST_SEEK_LT:
      return cursor.seek_before(key);
    default:
      return no_seek(how);
  }
}

Result<bool> seek_pair_as(Cursor& cursor, std::uint32_t how, Bytes key, Bytes value) {
  switch (how) {
    case KIST_SEEK_EQ:
      return cursor.seek_pair_exact(key, value);
    case KIST_SEEK_GE:
      return cursor.seek_pair(key, value);
    case KIST_SEEK_GT:
      return cursor.seek_pair_after(key, value);
    case KIST_SEEK_LE:
      return cursor.seek_pair_back(key, value);
    case KIST_SEEK_LT:
      return cursor.seek_pair_before(key, value);
    default:
      return no_seek(how);
  }
}

/// Runs a callable (const Cursor&, const Cursor&) -> Result<void> in the turns of both, which may
/// be the same.
template <typename Body>
Result<void> with_cursors(kist_cursor a, kist_cursor b, Body&& body) {
  KIST_ASSIGN(const auto one, use<CursorObject>(a));
  KIST_ASSIGN(const auto other, use<CursorObject>(b));
  std::unique_lock first(one->mutex, std::defer_lock);
  std::unique_lock<std::mutex> second;
  if (&*one == &*other) {
    first.lock();
  } else {
    second = std::unique_lock(other->mutex, std::defer_lock);
    std::lock(first, second);
  }
  const Hold hold(*one->turn, *other->turn);
  return body(*one->value, *other->value);
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_cursor_open(kist_txn txn, kist_table table, kist_cursor* cursor,
                           kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(cursor, "cursor"));
    KIST_ASSIGN(const auto owner, use<TransactionObject>(txn));
    std::shared_ptr<CursorObject> object;
    {
      const Hold hold(*owner->turn);
      KIST_ASSIGN(const engine::Txn* const in, owner->txn());
      KIST_ASSIGN(Cursor opened, in->cursor(table_of(table)));
      object = std::make_shared<CursorObject>(owner->database, owner->turn, std::move(opened));
    }
    return publish(object, owner->database.get(), cursor);
  });
}

kist_code kist_cursor_copy(kist_cursor cursor, kist_cursor* copy, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(copy, "copy"));
    KIST_ASSIGN(const auto source, use<CursorObject>(cursor));
    std::shared_ptr<CursorObject> object;
    {
      const std::lock_guard lock(source->mutex);
      const Hold hold(*source->turn);
      object = std::make_shared<CursorObject>(source->database, source->turn, *source->value);
    }
    return publish(object, source->database.get(), copy);
  });
}

kist_code kist_cursor_rebind(kist_cursor cursor, kist_txn txn, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<CursorObject>(cursor));
    KIST_ASSIGN(const auto to, use<TransactionObject>(txn));
    const std::lock_guard lock(object->mutex);
    const std::shared_ptr<Turn> from = object->turn;  // must outlive the hold
    const Hold hold(*from, *to->turn);
    KIST_ASSIGN(const engine::Txn* const in, to->txn());
    KIST_TRY(object->value->rebind(*in));
    object->turn = to->turn;
    object->pending.reset();
    return {};
  });
}

kist_code kist_cursor_close(kist_cursor cursor, kist_error* error) noexcept {
  return guarded(error, [&] { return close_simply<CursorObject>(cursor); });
}

kist_code kist_cursor_move(kist_cursor cursor, uint32_t move, kist_bytes* key, kist_bytes* value,
                           bool* found, kist_error* error) noexcept {
  return move_cursor(cursor, {key, value, found}, error,
                     [&](Cursor& at) { return move_as(at, move); });
}

kist_code kist_cursor_seek(kist_cursor cursor, uint32_t how, const void* key, size_t key_size,
                           kist_bytes* found_key, kist_bytes* found_value, bool* found,
                           kist_error* error) noexcept {
  return move_cursor(cursor, {found_key, found_value, found}, error,
                     [&](Cursor& at) -> Result<bool> {
                       KIST_ASSIGN(const Bytes bytes, given_bytes(key, key_size, "key"));
                       return seek_as(at, how, bytes);
                     });
}

kist_code kist_cursor_seek_pair(kist_cursor cursor, uint32_t how, const void* key, size_t key_size,
                                const void* value, size_t value_size, kist_bytes* found_key,
                                kist_bytes* found_value, bool* found, kist_error* error) noexcept {
  return move_cursor(cursor, {found_key, found_value, found}, error,
                     [&](Cursor& at) -> Result<bool> {
                       KIST_ASSIGN(const Bytes bytes, given_bytes(key, key_size, "key"));
                       KIST_ASSIGN(const Bytes sought, given_bytes(value, value_size, "value"));
                       return seek_pair_as(at, how, bytes, sought);
                     });
}

kist_code kist_cursor_seek_value(kist_cursor cursor, const void* value, size_t value_size,
                                 kist_bytes* found_value, bool* found, kist_error* error) noexcept {
  return move_cursor(cursor, {nullptr, found_value, found}, error, [&](Cursor& at) -> Result<bool> {
    KIST_ASSIGN(const Bytes sought, given_bytes(value, value_size, "value"));
    return at.seek_value(sought);
  });
}

kist_code kist_cursor_seek_nth(kist_cursor cursor, uint64_t n, kist_bytes* key, kist_bytes* value,
                               bool* found, kist_error* error) noexcept {
  return move_cursor(cursor, {key, value, found}, error,
                     [&](Cursor& at) { return at.seek_nth(n); });
}

kist_code kist_cursor_scroll(kist_cursor cursor, int64_t n, kist_bytes* key, kist_bytes* value,
                             bool* found, kist_error* error) noexcept {
  return move_cursor(cursor, {key, value, found}, error, [&](Cursor& at) { return at.scroll(n); });
}

kist_code kist_cursor_place(kist_cursor cursor, uint32_t* place, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(place, "place"));
    return with_cursor(cursor, [&](CursorObject&, const Cursor& at) -> Result<void> {
      KIST_ASSIGN(const bool first, at.on_first());
      KIST_ASSIGN(const bool last, at.on_last());
      std::uint32_t bits = at.valid() ? KIST_PLACE_RECORD : 0;
      if (first) bits |= KIST_PLACE_FIRST;
      if (last) bits |= KIST_PLACE_LAST;
      if (at.off()) bits |= KIST_PLACE_OFF;
      *place = bits;
      return {};
    });
  });
}

kist_code kist_cursor_rank(kist_cursor cursor, uint64_t* rank, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(rank, "rank"));
    return with_cursor(cursor, [&](CursorObject&, const Cursor& at) -> Result<void> {
      KIST_ASSIGN(*rank, at.rank());
      return {};
    });
  });
}

kist_code kist_cursor_compare(kist_cursor a, kist_cursor b, int* order,
                              kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(order, "order"));
    return with_cursors(a, b, [&](const Cursor& one, const Cursor& other) -> Result<void> {
      KIST_ASSIGN(*order, one.compare(other));
      return {};
    });
  });
}

kist_code kist_cursor_distance(kist_cursor a, kist_cursor b, int64_t* distance,
                               kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(distance, "distance"));
    return with_cursors(a, b, [&](const Cursor& one, const Cursor& other) -> Result<void> {
      KIST_ASSIGN(*distance, one.distance(other));
      return {};
    });
  });
}
