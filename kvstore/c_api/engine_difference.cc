// The difference of two snapshots, as kist_engine_cursor.h has it.

#include <memory>

#include <kist/engine/difference.h>
#include <kist/kist_engine.h>

#include "kvstore/c_api/answers.h"
#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/errors.h"

namespace kist::c_api {
namespace {

/// Runs a callable (engine::Difference&) -> Result<void> in the turns of both transactions.
template <typename Body>
Result<void> with_difference(kist_diff diff, Body&& body) {
  KIST_ASSIGN(const auto object, use<DifferenceObject>(diff));
  const Hold hold(*object->before, *object->after);
  return body(*object->difference);
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_diff_open(kist_txn before, kist_txn after, kist_table table, kist_diff* diff,
                         kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(diff, "diff"));
    KIST_ASSIGN(const auto one, use<TransactionObject>(before));
    KIST_ASSIGN(const auto other, use<TransactionObject>(after));
    std::shared_ptr<DifferenceObject> object;
    {
      const Hold hold(*one->turn, *other->turn);
      KIST_ASSIGN(const engine::Txn* const from, one->txn());
      KIST_ASSIGN(const engine::Txn* const to, other->txn());
      KIST_ASSIGN(engine::Difference opened,
                  engine::Difference::between(*from, *to, table_of(table)));
      object = std::make_shared<DifferenceObject>(one->database, one->turn, other->turn,
                                                  std::move(opened));
    }
    return publish(object, one->database.get(), diff);
  });
}

kist_code kist_diff_next(kist_diff diff, kist_change* change, bool* found,
                         kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(change, "change"));
    KIST_TRY(prepare_out(found, "found"));
    return with_difference(diff, [&](engine::Difference& difference) -> Result<void> {
      KIST_ASSIGN(*found, difference.next());
      if (!*found) return {};
      *change = {borrowed(difference.key()), borrowed(difference.before()),
                 borrowed(difference.after())};
      return {};
    });
  });
}

kist_code kist_diff_pages_visited(kist_diff diff, uint64_t* pages, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(pages, "pages"));
    return with_difference(diff, [&](const engine::Difference& difference) -> Result<void> {
      *pages = difference.pages_visited();
      return {};
    });
  });
}

kist_code kist_diff_close(kist_diff diff, kist_error* error) noexcept {
  return guarded(error, [&] { return close_simply<DifferenceObject>(diff); });
}
