#pragma once

#include <mutex>
#include <utility>

#include <kist/engine/cursor.h>
#include <kist/kist_engine.h>

#include "kvstore/c_api/answers.h"
#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/errors.h"

namespace kist::c_api {

/// Runs a callable (CursorObject&, engine::Cursor&) -> Result<void> in the turn of a cursor's
/// transaction.
template <typename Body>
Result<void> with_cursor(kist_cursor cursor, Body&& body) {
  KIST_ASSIGN(const auto object, use<CursorObject>(cursor));
  const std::lock_guard lock(object->mutex);
  const Hold hold(*object->turn);
  return body(*object, *object->value);
}

/// Where a function gives a record; each may be null.
struct RecordOut {
  kist_bytes* key;
  kist_bytes* value;
  bool* found;

  void clear() const {
    if (key != nullptr) *key = {};
    if (value != nullptr) *value = {};
    if (found != nullptr) *found = false;
  }

  /// Gives the record that `cursor` stands on.
  Result<void> give(const engine::Cursor& cursor) const {
    if (value != nullptr) {
      KIST_ASSIGN(const engine::Bytes bytes, cursor.value());
      *value = borrowed(bytes);
    }
    if (key != nullptr) *key = borrowed(cursor.key());
    if (found != nullptr) *found = true;
    return {};
  }
};

/// Runs a callable (engine::Cursor&) -> Result<bool> that moves a cursor, and gives the record that
/// it then stands on, on behalf of an exported function.
template <typename Move>
kist_code move_cursor(kist_cursor cursor, const RecordOut& out, kist_error* error,
                      Move&& move) noexcept {
  return guarded(error, [&]() -> Result<void> {
    out.clear();
    return with_cursor(cursor, [&](CursorObject& object, engine::Cursor& at) -> Result<void> {
      object.pending.reset();
      KIST_ASSIGN(const bool found, std::forward<Move>(move)(at));
      return found ? out.give(at) : Result<void>();
    });
  });
}

}  // namespace kist::c_api
