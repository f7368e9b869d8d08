// What can be asked of a profile as a whole: its stores, its sizes, its soundness.

#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include <kist/kist.h>

#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/structs.h"
#include "kvstore/c_api/values.h"

namespace kist::c_api {
namespace {

/// What kist_names.memory points to.
struct NameList {
  Arena arena;
  std::vector<kist_bytes> items;
};

std::string text_of(const engine::CheckReport& report) {
  std::string text;
  for (const engine::Violation& violation : report.violations) {
    text += violation.where + ": " + violation.what + "\n";
  }
  return printable(text);
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_profile_list_stores(kist_profile profile, kist_names* names,
                                   kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(names, "names"));
    KIST_ASSIGN(const auto object, use<ProfileObject>(profile));
    KIST_ASSIGN(const std::vector<StoreInfo> stores, object->profile.stores());
    auto list = std::make_unique<NameList>();
    for (const StoreInfo& store : stores) {
      list->items.push_back(bytes_of(list->arena.copy(store.name)));
    }
    names->items = list->items.data();
    names->count = list->items.size();
    names->memory = list.release();
    return {};
  });
}

void kist_names_free(kist_names* names) noexcept {
  if (names == nullptr) return;
  delete static_cast<NameList*>(names->memory);
  *names = {};
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
    const std::string text = text_of(found);
    report->text = copy_text(text);
    report->text_size = text.size();
    report->violations = found.violations.size();
    report->pages_walked = found.pages_walked;
    report->records = found.records;
    return {};
  });
}

void kist_check_report_free(kist_check_report* report) noexcept {
  if (report == nullptr) return;
  std::free(report->text);
  *report = {};
}
