#include <string>

#include <kist/engine/database.h>
#include <kist/kist_engine.h>

#include "kvstore/c_api/answers.h"
#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/engine_options.h"
#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/structs.h"

namespace kist::c_api {
namespace {

/// Publishes what `open`, a callable (const engine::Options&) -> Result<Database>, opens.
template <typename Open>
Result<void> open_with(const kist_db_options* options, const Open& open, kist_db* db) {
  KIST_TRY(prepare_out(db, "db"));
  KIST_ASSIGN(const GivenOptions given, options_of(options));
  KIST_ASSIGN(engine::Database opened, open(given.options));
  KIST_TRY(publish(std::make_shared<DatabaseObject>(std::move(opened)), nullptr, db));
  if (given.callbacks) given.callbacks->keep_promise(given.release);
  return {};
}

/// A comparator of C. Its copies share this; the last one to go releases the context.
struct Comparison {
  kist_comparator compare;
  void* context;
  void (*release)(void* context);

  Comparison(kist_comparator function, void* with)
      : compare(function), context(with), release(nullptr) {}
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;
  ~Comparison() {
    if (release != nullptr) release(context);
  }
};

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_db_open(const char* path, size_t path_size, const kist_db_options* options,
                       kist_db* db, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(db, "db"));
    KIST_ASSIGN(const std::string file, path_of(path, path_size));
    return open_with(
        options,
        [&](const engine::Options& checked) { return engine::Database::open(file, checked); }, db);
  });
}

kist_code kist_db_open_in_memory(const kist_db_options* options, kist_db* db,
                                 kist_error* error) noexcept {
  return guarded(error, [&] { return open_with(options, engine::Database::open_in_memory, db); });
}

kist_code kist_db_close(kist_db db, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    const auto last_use = close<DatabaseObject>(db);
    if (last_use) return (*last_use)->close();
    if (last_use.error().code == ErrorCode::kForked) return {};
    return std::unexpected(last_use.error());
  });
}

kist_code kist_db_check(kist_db db, kist_check_report* report, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(report, "report"));
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(const engine::CheckReport found, database.check());
      give(found, report);
      return {};
    });
  });
}

kist_code kist_db_stats(kist_db db, kist_engine_stats* stats, kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(const engine::EnvironmentStats found, database.stats());
      kist_engine_stats answer{};
      answer.page_size = found.page_size;
      answer.file_pages = found.file_pages;
      answer.free_pages = found.free_pages;
      answer.pending_pages = found.pending_pages;
      answer.transaction_id = found.transaction_id;
      answer.durable_id = found.durable_id;
      answer.oldest_pinned = found.oldest_pinned;
      answer.tables = found.tables;
      answer.flushes = found.flushes;
      answer.bytes_written = found.bytes_written;
      answer.pages_reused = found.pages_reused;
      answer.unflushed_bytes = found.unflushed_bytes;
      answer.pages_verified = found.pages_verified;
      answer.pages_copied = found.operations.copied;
      answer.pages_created = found.operations.created;
      answer.pages_split = found.operations.split;
      answer.pages_merged = found.operations.merged;
      answer.pages_spilled = found.operations.spilled;
      return write_answer(answer, sizeof(kist_engine_stats), "stats", stats);
    });
  });
}

kist_code kist_db_limits(kist_db db, kist_engine_limits* limits, kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      kist_engine_limits answer{};
      answer.page_size = database.page_size();
      answer.max_key_size = database.max_key_size();
      answer.max_table_name_size = database.max_table_name_size();
      return write_answer(answer, sizeof(kist_engine_limits), "limits", limits);
    });
  });
}

kist_code kist_db_path(kist_db db, kist_buffer* path, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(path, "path"));
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      *path = copied(database.path());
      return {};
    });
  });
}

kist_code kist_db_table(kist_db db, const void* name, size_t name_size, kist_table* table,
                        kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(table, "table"));
    KIST_ASSIGN(const std::string_view text, view_of(name, name_size, "name"));
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(const engine::Table found, database.table(text));
      *table = handle_of(found);
      return {};
    });
  });
}

kist_code kist_db_register_comparator(kist_db db, const void* name, size_t name_size,
                                      kist_comparator compare, void* context,
                                      void (*release)(void* context), kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const std::string_view text, view_of(name, name_size, "name"));
    if (compare == nullptr) return fail(ErrorCode::kInvalidArgument, "compare is NULL");
    const auto comparison = std::make_shared<Comparison>(compare, context);
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_TRY(database.register_comparator(text, [comparison](engine::Bytes a, engine::Bytes b) {
        return comparison->compare(comparison->context, a.data(), a.size(), b.data(), b.size());
      }));
      comparison->release = release;
      return {};
    });
  });
}
