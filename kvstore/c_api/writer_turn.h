#pragma once

#include <mutex>
#include <utility>

#include <kist/kist.h>

#include "kvstore/c_api/objects.h"

namespace kist::c_api {

/// A writer whose turn belongs to the present call.
struct WriterTurn {
  explicit WriterTurn(Use<WriterObject> of) : object(std::move(of)), lock(object->turn) {}
  Use<WriterObject> object;
  std::unique_lock<std::mutex> lock;  // given back before the object
};

/// Waits for the turn. Errors: kClosed.
inline Result<WriterTurn> take_turn(Use<WriterObject> object) {
  WriterTurn turn(std::move(object));
  if (turn.object->ended) return fail(ErrorCode::kClosed, "the writer was closed");
  return turn;
}

/// Runs a callable (Writer&, const Store&) -> Result<void> on behalf of an exported function.
template <typename Body>
Result<void> with_store(kist_writer writer, kist_store store, Body&& body) {
  KIST_ASSIGN(auto object, use<WriterObject>(writer));
  KIST_ASSIGN(const auto to, use<StoreObject>(store));
  KIST_ASSIGN(const WriterTurn turn, take_turn(std::move(object)));
  return body(turn.object->writer, to->store);
}

}  // namespace kist::c_api
