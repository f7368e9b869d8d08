// What can be asked of a profile as a whole: its stores, its sizes, its soundness.

#include <string>
#include <vector>

#include <kist/kist.h>

#include "kvstore/c_api/answers.h"
#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/structs.h"

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_profile_list_stores(kist_profile profile, kist_names* names,
                                   kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(names, "names"));
    KIST_ASSIGN(const auto object, use<ProfileObject>(profile));
    KIST_ASSIGN(const std::vector<StoreInfo> stores, object->profile.stores());
    std::vector<std::string> found;
    found.reserve(stores.size());
    for (const StoreInfo& store : stores) found.push_back(store.name);
    *names = copied(found);
    return {};
  });
}

kist_code kist_profile_stats(kist_profile profile, kist_stats* stats, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<ProfileObject>(profile));
    KIST_ASSIGN(const engine::EnvironmentStats found, object->profile.stats());
    KIST_ASSIGN(const std::vector<StoreInfo> stores, object->profile.stores());
    kist_stats answer{};
    answer.page_size = found.page_size;
    answer.file_pages = found.file_pages;
    answer.free_pages = found.free_pages;
    answer.pending_pages = found.pending_pages;
    answer.transaction_id = found.transaction_id;
    answer.durable_id = found.durable_id;
    answer.oldest_pinned = found.oldest_pinned;
    answer.stores = stores.size();
    answer.flushes = found.flushes;
    answer.bytes_written = found.bytes_written;
    return write_answer(answer, sizeof(kist_stats), "stats", stats);
  });
}

kist_code kist_profile_check(kist_profile profile, kist_check_report* report,
                             kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(report, "report"));
    KIST_ASSIGN(const auto object, use<ProfileObject>(profile));
    KIST_ASSIGN(const engine::CheckReport found, object->profile.check());
    give(found, report);
    return {};
  });
}
