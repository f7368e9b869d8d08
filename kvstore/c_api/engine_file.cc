// The file beneath a database: kist_engine_file.h.

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <kist/engine/page_walk.h>
#include <kist/engine/recovery.h>
#include <kist/kist_engine.h>

#include "kvstore/c_api/answers.h"
#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/structs.h"

namespace kist::c_api {
namespace {

using engine::Access;
using engine::PageUse;

static_assert(KIST_ACCESS_NORMAL == static_cast<int>(Access::kNormal));
static_assert(KIST_ACCESS_RANDOM == static_cast<int>(Access::kRandom));
static_assert(KIST_ACCESS_SEQUENTIAL == static_cast<int>(Access::kSequential));
static_assert(KIST_ACCESS_WILL_NEED == static_cast<int>(Access::kWillNeed));
static_assert(KIST_PAGE_META_SLOTS == static_cast<int>(PageUse::kMetaSlots));
static_assert(KIST_PAGE_BRANCH == static_cast<int>(PageUse::kBranch));
static_assert(KIST_PAGE_LEAF == static_cast<int>(PageUse::kLeaf));
static_assert(KIST_PAGE_LARGE_VALUE == static_cast<int>(PageUse::kLargeValue));
static_assert(KIST_PAGE_SPACE_RECORD == static_cast<int>(PageUse::kSpaceRecord));
static_assert(KIST_PAGE_FREE == static_cast<int>(PageUse::kFree));
static_assert(KIST_PAGE_PENDING == static_cast<int>(PageUse::kPending));

Result<void> check_visitor(bool given) {
  if (given) return {};
  return fail(ErrorCode::kInvalidArgument, "visit is NULL");
}

Result<engine::CompactBudget> budget_of(const kist_compact_budget* given) {
  KIST_ASSIGN(const kist_compact_budget read,
              read_options(given, sizeof(kist_compact_budget), "budget"));
  engine::CompactBudget budget;
  if (read.pages != 0) budget.pages = read.pages;
  if (read.time_ms != 0) {
    constexpr std::uint64_t kLongest = std::uint64_t{1000} * 60 * 60 * 24;  // of a step: a day
    budget.time = std::chrono::milliseconds(std::min(read.time_ms, kLongest));
  }
  return budget;
}

kist_page_count answer_of(const engine::PageCount& found) {
  return {found.pages, found.bytes_used};
}

kist_page_usage answer_of(const engine::PageUsage& found) {
  kist_page_usage answer{};
  answer.struct_size = sizeof answer;
  answer.use = static_cast<std::uint32_t>(found.use);
  answer.level = found.level;
  answer.catalog = found.catalog;
  answer.table = bytes_of(found.table);
  answer.page = found.page;
  answer.pages = found.pages;
  answer.birth = found.birth;
  answer.entries = found.entries;
  answer.bytes_used = found.bytes_used;
  return answer;
}

kist_page_stats answer_of(const engine::PageStats& found) {
  kist_page_stats answer{};
  answer.page_size = static_cast<std::uint32_t>(found.page_size);
  answer.meta = answer_of(found.meta);
  answer.branch = answer_of(found.branch);
  answer.leaf = answer_of(found.leaf);
  answer.large_value = answer_of(found.large_value);
  answer.space_record = answer_of(found.space_record);
  answer.free = answer_of(found.free);
  answer.pending = answer_of(found.pending);
  return answer;
}

kist_table_pages answer_of(const engine::TablePages& found) {
  kist_table_pages answer{};
  answer.struct_size = sizeof answer;
  answer.name = bytes_of(found.name);
  answer.branch = answer_of(found.branch);
  answer.leaf = answer_of(found.leaf);
  answer.large_value = answer_of(found.large_value);
  return answer;
}

/// `missing`: as C may read it; borrowed.
kist_stored_snapshot answer_of(const engine::StoredSnapshot& found, const std::string& missing) {
  kist_stored_snapshot answer{};
  answer.struct_size = sizeof answer;
  answer.whole = found.whole;
  answer.prepared = found.prepared;
  answer.missing = missing.c_str();
  answer.id = found.id;
  answer.file_pages = found.file_pages;
  answer.tables = found.tables;
  answer.records = found.records;
  answer.domain_version = found.domain_version;
  std::ranges::copy(found.markers, answer.markers);
  return answer;
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_db_warm_up(kist_db db, uint64_t bytes, uint64_t* warmed,
                          kist_error* error) noexcept {
  return guarded(error, [&] {
    if (warmed != nullptr) *warmed = 0;
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(const std::uint64_t done, database.warm_up(bytes));
      if (warmed != nullptr) *warmed = done;
      return {};
    });
  });
}

kist_code kist_db_advise(kist_db db, uint32_t access, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (access > KIST_ACCESS_WILL_NEED) {
      return fail(ErrorCode::kInvalidArgument,
                  "access is " + std::to_string(access) + ", expected KIST_ACCESS_...");
    }
    return with_database(db, [&](const engine::Database& database) {
      return database.advise(static_cast<Access>(access));
    });
  });
}

kist_code kist_db_lock_in_memory(kist_db db, bool on, kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_database(
        db, [&](const engine::Database& database) { return database.lock_in_memory(on); });
  });
}

kist_code kist_db_compact(kist_db db, const kist_compact_budget* budget, int64_t timeout_ms,
                          kist_compact_progress* progress, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(check_answer(progress, "progress"));
    KIST_ASSIGN(const engine::CompactBudget limits, budget_of(budget));
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(const engine::CompactProgress done,
                  database.compact(limits, wait_of(timeout_ms)));
      if (progress == nullptr) return {};
      kist_compact_progress answer{};
      answer.done = done.done;
      answer.pages_moved = done.pages_moved;
      answer.file_pages = done.file_pages;
      answer.pages_held = done.pages_held;
      return write_answer(answer, sizeof(kist_compact_progress), "progress", progress);
    });
  });
}

kist_code kist_txn_dirty_pages(kist_txn txn, uint64_t* pages, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(pages, "pages"));
    return with_writer(txn, [&](const engine::WriteTxn& in) -> Result<void> {
      *pages = in.dirty_pages();
      return {};
    });
  });
}

kist_code kist_txn_page_operations(kist_txn txn, kist_page_operations* operations,
                                   kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_writer(txn, [&](const engine::WriteTxn& in) -> Result<void> {
      const engine::PageOperations found = in.page_operations();
      kist_page_operations answer{};
      answer.copied = found.copied;
      answer.created = found.created;
      answer.split = found.split;
      answer.merged = found.merged;
      answer.spilled = found.spilled;
      return write_answer(answer, sizeof(kist_page_operations), "operations", operations);
    });
  });
}

kist_code kist_db_walk_pages(kist_db db, kist_page_visitor visit, void* context,
                             kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(check_visitor(visit != nullptr));
    return with_database(db, [&](const engine::Database& database) {
      return engine::walk_pages(database, [&](const engine::PageUsage& found) {
        const kist_page_usage usage = answer_of(found);
        return visit(context, &usage);
      });
    });
  });
}

kist_code kist_db_page_stats(kist_db db, kist_page_stats* stats, kist_table_pages_visitor visit,
                             void* context, kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(const engine::PageStats found, engine::page_stats(database));
      KIST_TRY(write_answer(answer_of(found), sizeof(kist_page_stats), "stats", stats));
      if (visit == nullptr) return {};
      for (const engine::TablePages& table : found.tables) {
        const kist_table_pages pages = answer_of(table);
        if (!visit(context, &pages)) break;
      }
      return {};
    });
  });
}

kist_code kist_list_snapshots(const char* path, size_t path_size, kist_snapshot_visitor visit,
                              void* context, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(check_visitor(visit != nullptr));
    KIST_ASSIGN(const std::string file, path_of(path, path_size));
    KIST_ASSIGN(const std::vector<engine::StoredSnapshot> found, engine::list_snapshots(file));
    for (const engine::StoredSnapshot& one : found) {
      const std::string missing = printable(one.missing);
      const kist_stored_snapshot told = answer_of(one, missing);
      if (!visit(context, &told)) break;
    }
    return {};
  });
}
