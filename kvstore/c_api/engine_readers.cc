// Who reads, and read transactions that make way: kist_engine_readers.h.

#include <vector>

#include <kist/kist_engine.h>

#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/engine_options.h"
#include "kvstore/c_api/errors.h"

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_db_readers(kist_db db, kist_reader_visitor visit, void* context,
                          kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (visit == nullptr) return fail(ErrorCode::kInvalidArgument, "visit is NULL");
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(const std::vector<engine::Reader> readers, database.readers());
      for (const engine::Reader& reader : readers) {
        const kist_reader_info info = info_of(reader);
        if (!visit(context, &info)) break;
      }
      return {};
    });
  });
}

kist_code kist_txn_park(kist_txn txn, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<TransactionObject>(txn));
    const Hold hold(*object->turn);
    KIST_ASSIGN(engine::ReadTxn* const read, object->reader("kist_txn_park"));
    return read->park();
  });
}

kist_code kist_txn_unpark(kist_txn txn, bool restart, bool* restarted, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (restarted != nullptr) *restarted = false;
    KIST_ASSIGN(const auto object, use<TransactionObject>(txn));
    const Hold hold(*object->turn);
    KIST_ASSIGN(engine::ReadTxn* const read, object->reader("kist_txn_unpark"));
    KIST_ASSIGN(const engine::Unparked became,
                read->unpark(restart ? engine::IfOusted::kRestart : engine::IfOusted::kFail));
    if (restarted != nullptr) *restarted = became == engine::Unparked::kRestarted;
    return {};
  });
}
