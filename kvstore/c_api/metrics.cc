#include <string>
#include <string_view>

#include <kist/kist.h>
#include <kist/metrics.h>

#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/structs.h"

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_profile_metrics(kist_profile profile, kist_metrics* metrics,
                               kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<ProfileObject>(profile));
    KIST_ASSIGN(const Metrics found, object->profile.environment_metrics());
    kist_metrics answer{};
    answer.commits = found.commits.count;
    answer.commit_ns = found.commits.total;
    answer.longest_commit_ns = found.commits.longest;
    answer.transactions = found.transactions;
    answer.memory = found.memory;
    for (const auto& [code, count] : found.errors) {
      answer.errors[static_cast<std::size_t>(code)] = count;
    }
    return write_answer(answer, sizeof(kist_metrics), "metrics", metrics);
  });
}

kist_code kist_store_get_metrics(kist_store store, kist_store_metrics* metrics,
                                 kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<StoreObject>(store));
    const std::string_view name = object->store.name();
    KIST_ASSIGN(const engine::TableStats stats, object->profile.store_stats(name));
    KIST_ASSIGN(const engine::EnvironmentStats environment, object->profile.stats());
    kist_store_metrics answer{};
    answer.records = stats.records;
    answer.bytes =
        (stats.branch_pages + stats.leaf_pages + stats.overflow_pages) * environment.page_size;
    return write_answer(answer, sizeof(kist_store_metrics), "metrics", metrics);
  });
}

kist_code kist_profile_listen(kist_profile profile,
                              void (*listener)(void* context, const kist_event* event),
                              void* context, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const auto object, use<ProfileObject>(profile));
    if (listener == nullptr) return object->profile.listen(nullptr);
    return object->profile.listen([listener, context](const Event& event) {
      const std::string message = printable(event.error.message);
      kist_event told{};
      told.commit = event.kind == Event::Kind::kCommit;
      told.took_ns = static_cast<std::uint64_t>(event.took.count());
      told.transaction = event.transaction;
      told.writes = event.writes;
      told.code = told.commit ? KIST_OK : static_cast<kist_code>(event.error.code);
      told.message = message.c_str();
      told.message_size = message.size();
      listener(context, &told);
    });
  });
}
