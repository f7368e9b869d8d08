// When commits last, two phases, what is committed beside records: kist_engine_commit.h.

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>

#include <kist/kist_engine.h>

#include "kvstore/c_api/answers.h"
#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/structs.h"

namespace kist::c_api {
namespace {

using Markers = std::array<std::uint64_t, 3>;

kist_latency answer_of(const engine::Latency& found) {
  kist_latency answer{};
  static_assert(std::size(decltype(answer.buckets){}) == engine::Latency::kBuckets);
  answer.count = found.count;
  answer.total = found.total;
  answer.longest = found.longest;
  std::ranges::copy(found.buckets, answer.buckets);
  return answer;
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_db_sync(kist_db db, kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_database(db, [](const engine::Database& database) { return database.sync(); });
  });
}

kist_code kist_db_durable_id(kist_db db, uint64_t* id, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(id, "id"));
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(*id, database.durable_id());
      return {};
    });
  });
}

kist_code kist_db_wait_durable(kist_db db, uint64_t id, int64_t timeout_ms,
                               kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_database(db, [&](const engine::Database& database) {
      return database.wait_durable(id, wait_of(timeout_ms));
    });
  });
}

kist_code kist_db_poll(kist_db db, int64_t* again_ms, kist_error* error) noexcept {
  return guarded(error, [&] {
    if (again_ms != nullptr) *again_ms = KIST_NEVER;
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(const auto again, database.poll());
      if (again_ms != nullptr && again) *again_ms = again->count();
      return {};
    });
  });
}

kist_code kist_db_commit_profile(kist_db db, kist_commit_profile* profile,
                                 kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(const engine::EnvironmentStats found, database.stats());
      kist_commit_profile answer{};
      answer.lock = answer_of(found.commits.lock);
      answer.tree = answer_of(found.commits.tree);
      answer.hash = answer_of(found.commits.hash);
      answer.write = answer_of(found.commits.write);
      answer.flush = answer_of(found.commits.flush);
      return write_answer(answer, sizeof(kist_commit_profile), "profile", profile);
    });
  });
}

kist_code kist_db_prepared(kist_db db, kist_prepared* prepared, kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(const std::optional<engine::PreparedTxn> found, database.prepared());
      kist_prepared answer{};
      if (found) {
        answer.id = found->id;
        std::ranges::copy(found->markers, answer.markers);
      }
      return write_answer(answer, sizeof(kist_prepared), "prepared", prepared);
    });
  });
}

kist_code kist_db_commit_prepared(kist_db db, uint64_t id, int64_t timeout_ms,
                                  kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_database(db, [&](const engine::Database& database) {
      return database.commit_prepared(id, wait_of(timeout_ms));
    });
  });
}

kist_code kist_db_roll_back_prepared(kist_db db, uint64_t id, int64_t timeout_ms,
                                     kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_database(db, [&](const engine::Database& database) {
      return database.roll_back_prepared(id, wait_of(timeout_ms));
    });
  });
}

kist_code kist_txn_markers(kist_txn txn, uint64_t* markers, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (markers == nullptr) return fail(ErrorCode::kInvalidArgument, "markers is NULL");
    std::fill_n(markers, Markers().size(), 0);
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      std::ranges::copy(in.markers(), markers);
      return {};
    });
  });
}

kist_code kist_txn_set_markers(kist_txn txn, const uint64_t* markers, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (markers == nullptr) return fail(ErrorCode::kInvalidArgument, "markers is NULL");
    return with_writer(txn, [&](engine::WriteTxn& in) {
      return in.set_markers(Markers{markers[0], markers[1], markers[2]});
    });
  });
}

kist_code kist_db_metadata(kist_db db, kist_buffer* metadata, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(metadata, "metadata"));
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(const std::string found, database.metadata());
      *metadata = copied(found);
      return {};
    });
  });
}

kist_code kist_txn_set_metadata(kist_txn txn, const void* metadata, size_t metadata_size,
                                kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const engine::Bytes bytes, given_bytes(metadata, metadata_size, "metadata"));
    return with_writer(txn, [&](engine::WriteTxn& in) { return in.set_metadata(bytes); });
  });
}

kist_code kist_txn_domain_version(kist_txn txn, uint64_t* version, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(version, "version"));
    return with_txn(txn, [&](const engine::Txn& in) -> Result<void> {
      *version = in.domain_version();
      return {};
    });
  });
}

kist_code kist_txn_set_domain_version(kist_txn txn, uint64_t version, kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_writer(txn, [&](engine::WriteTxn& in) { return in.set_domain_version(version); });
  });
}
