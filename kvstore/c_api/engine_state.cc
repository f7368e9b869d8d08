// What a transaction knows of itself, and the points in it that can be returned to.

#include <bit>
#include <type_traits>

#include <kist/kist_engine.h>

#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/errors.h"

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_txn_id(kist_txn txn, uint64_t* id, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(id, "id"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      *id = in.id();
      return {};
    });
  });
}

kist_code kist_txn_lag(kist_txn txn, uint64_t* lag, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(lag, "lag"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      KIST_ASSIGN(*lag, in.lag());
      return {};
    });
  });
}

kist_code kist_txn_memory_used(kist_txn txn, uint64_t* bytes, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(bytes, "bytes"));
    return with_writer(txn, [&](const engine::WriteTxn& in) -> Result<void> {
      *bytes = in.memory_used();
      return {};
    });
  });
}

kist_code kist_txn_outlives_writes(kist_txn txn, const void* data, size_t size, bool* outlives,
                                   kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(outlives, "outlives"));
    KIST_ASSIGN(const engine::Bytes bytes, given_bytes(data, size, "data"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      *outlives = in.outlives_writes(bytes);
      return {};
    });
  });
}

namespace {

// A savepoint is a number in C. Whatever number it is, the engine tells whether it gave it.
static_assert(std::is_trivially_copyable_v<engine::Savepoint>);

engine::Savepoint savepoint_of(kist_savepoint savepoint) {
  return std::bit_cast<engine::Savepoint>(savepoint.id);
}

}  // namespace

kist_code kist_txn_savepoint(kist_txn txn, kist_savepoint* savepoint, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(savepoint, "savepoint"));
    return with_writer(txn, [&](engine::WriteTxn& in) -> Result<void> {
      KIST_ASSIGN(const engine::Savepoint made, in.savepoint());
      savepoint->id = std::bit_cast<std::uint64_t>(made);
      return {};
    });
  });
}

kist_code kist_txn_rollback_to(kist_txn txn, kist_savepoint savepoint, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<TransactionObject>(txn));
    const Hold hold(*object->turn, Hold::For::kEnd);
    KIST_ASSIGN(engine::WriteTxn* const in, object->writer());
    return in->rollback_to(savepoint_of(savepoint));
  });
}

kist_code kist_txn_release(kist_txn txn, kist_savepoint savepoint, kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_writer(txn,
                       [&](engine::WriteTxn& in) { return in.release(savepoint_of(savepoint)); });
  });
}
