// Backups, salvage, dumps and copies, as kist_engine_backup.h has them.

#include <string>
#include <vector>

#include <kist/engine/backup.h>
#include <kist/engine/copy_table.h>
#include <kist/engine/delete_environment.h>
#include <kist/engine/dump.h>
#include <kist/engine/salvage.h>
#include <kist/kist_engine.h>

#include "kvstore/c_api/answers.h"
#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/structs.h"

namespace kist::c_api {
namespace {

engine::ProgressCallback progress_of(kist_progress progress, void* context) {
  if (progress == nullptr) return {};
  return [progress, context](const engine::Progress& now) {
    return progress(context, now.done, now.total);
  };
}

Result<engine::BackupOptions> backup_options_of(const kist_backup_options* given) {
  KIST_ASSIGN(const kist_backup_options read,
              read_options(given, sizeof(kist_backup_options), "options"));
  engine::BackupOptions options;
  options.compacted = read.compacted;
  options.bytes_per_second = read.bytes_per_second;
  options.progress = progress_of(read.progress, read.context);
  if (read.file_mode != 0) options.file_mode = read.file_mode;
  return options;
}

Result<engine::SalvageOptions> salvage_options_of(const kist_salvage_options* given) {
  KIST_ASSIGN(const kist_salvage_options read,
              read_options(given, sizeof(kist_salvage_options), "options"));
  KIST_TRY(check_array(read.comparators, read.comparator_count, "options.comparators"));
  engine::SalvageOptions options;
  options.older_versions = read.older_versions;
  options.progress = progress_of(read.progress, read.context);
  if (read.file_mode != 0) options.file_mode = read.file_mode;
  for (std::size_t i = 0; i < read.comparator_count; ++i) {
    const kist_named_comparator& one = read.comparators[i];
    KIST_ASSIGN(const engine::Bytes name,
                given_bytes(one.name.data, one.name.size, "options.comparators[].name"));
    if (one.compare == nullptr) {
      return fail(ErrorCode::kInvalidArgument, "options.comparators[].compare is NULL");
    }
    options.comparators[std::string(engine::as_text(name))] =
        [compare = one.compare, context = one.context](engine::Bytes a, engine::Bytes b) {
          return compare(context, a.data(), a.size(), b.data(), b.size());
        };
  }
  return options;
}

kist_backup_point answer_of(const engine::BackupPoint& point) {
  return {point.environment_high, point.environment_low, point.transaction, point.commit_nonce};
}

Result<void> give(const engine::BackupReport& found, kist_backup_report* report) {
  if (report == nullptr) return {};
  kist_backup_report answer{};
  answer.point = answer_of(found.point);
  answer.bytes = found.bytes;
  answer.pages = found.pages;
  return write_answer(answer, sizeof(kist_backup_report), "report", report);
}

/// `target`: a path or a sink.
template <typename Target>
Result<void> back_up(kist_db db, const Target& target, const kist_backup_point* since,
                     const kist_backup_options* options, kist_backup_report* report) {
  KIST_TRY(check_answer(report, "report"));
  KIST_ASSIGN(const engine::BackupOptions how, backup_options_of(options));
  return with_database(db, [&](const engine::Database& database) -> Result<void> {
    if (since == nullptr) {
      KIST_ASSIGN(const engine::BackupReport found, engine::backup(database, target, how));
      return give(found, report);
    }
    const engine::BackupPoint point{since->environment_high, since->environment_low,
                                    since->transaction, since->commit_nonce};
    KIST_ASSIGN(const engine::BackupReport found,
                engine::backup_since(database, point, target, how));
    return give(found, report);
  });
}

Result<engine::CheckLevel> level_of(std::uint32_t level) {
  switch (level) {
    case KIST_CHECK_EVERYTHING:
      return engine::CheckLevel::kEverything;
    case KIST_CHECK_SPACE:
      return engine::CheckLevel::kSpace;
    case KIST_CHECK_STRUCTURE:
      return engine::CheckLevel::kStructure;
    default:
      return fail(ErrorCode::kInvalidArgument,
                  "level is " + std::to_string(level) + ", expected KIST_CHECK_...");
  }
}

void give_records(std::uint64_t found, std::uint64_t* records) {
  if (records != nullptr) *records = found;
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_db_backup(kist_db db, const char* path, size_t path_size,
                         const kist_backup_point* since, const kist_backup_options* options,
                         kist_backup_report* report, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const std::string file, path_of(path, path_size));
    return back_up(db, file, since, options, report);
  });
}

kist_code kist_db_backup_to(kist_db db, int descriptor, const kist_backup_point* since,
                            const kist_backup_options* options, kist_backup_report* report,
                            kist_error* error) noexcept {
  return guarded(error, [&] {
    return back_up(db, engine::descriptor_sink(descriptor), since, options, report);
  });
}

kist_code kist_backup_point_of(const char* path, size_t path_size, kist_backup_point* point,
                               kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(point, "point"));
    KIST_ASSIGN(const std::string file, path_of(path, path_size));
    KIST_ASSIGN(const engine::BackupPoint found, engine::backup_point(file));
    *point = answer_of(found);
    return {};
  });
}

kist_code kist_restore(const char* full, size_t full_size, const kist_bytes* increments,
                       size_t count, const char* path, size_t path_size,
                       const kist_backup_options* options, kist_backup_report* report,
                       kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(check_answer(report, "report"));
    KIST_TRY(check_array(increments, count, "increments"));
    KIST_ASSIGN(const std::string from, path_of(full, full_size));
    KIST_ASSIGN(const std::string to, path_of(path, path_size));
    KIST_ASSIGN(const engine::BackupOptions how, backup_options_of(options));
    std::vector<std::string> files;
    for (std::size_t i = 0; i < count; ++i) {
      const auto* name = reinterpret_cast<const char*>(increments[i].data);
      KIST_ASSIGN(std::string file, path_of(name, increments[i].size));
      files.push_back(std::move(file));
    }
    KIST_ASSIGN(const engine::BackupReport found, engine::restore(from, files, to, how));
    return give(found, report);
  });
}

kist_code kist_salvage(const char* damaged, size_t damaged_size, const char* path, size_t path_size,
                       const kist_salvage_options* options, kist_salvage_report* report,
                       kist_buffer* losses, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (losses != nullptr) *losses = {};
    KIST_TRY(check_answer(report, "report"));
    KIST_ASSIGN(const std::string from, path_of(damaged, damaged_size));
    KIST_ASSIGN(const std::string to, path_of(path, path_size));
    KIST_ASSIGN(const engine::SalvageOptions how, salvage_options_of(options));
    KIST_ASSIGN(const engine::SalvageReport found, engine::salvage(from, to, how));
    if (losses != nullptr) {
      std::string text;
      for (const engine::SalvageLoss& loss : found.losses) {
        text += "page " + std::to_string(loss.page) + ": " + std::to_string(loss.records) +
                " records of '" + printable(loss.table) + "': " + printable(loss.what) + "\n";
      }
      *losses = copied(text);
    }
    if (report == nullptr) return {};
    kist_salvage_report answer{};
    answer.complete = found.complete();
    answer.slots_lost = found.slots_lost;
    answer.seed_lost = found.seed_lost;
    answer.space_lost = found.space_lost;
    answer.transaction = found.transaction;
    answer.newest = found.newest;
    answer.records = found.records;
    answer.recovered = found.recovered;
    answer.older = found.older;
    answer.lost = found.lost;
    answer.losses = found.losses.size();
    return write_answer(answer, sizeof(kist_salvage_report), "report", report);
  });
}

kist_code kist_db_dump(kist_db db, int descriptor, kist_progress progress, void* context,
                       uint64_t* records, kist_error* error) noexcept {
  return guarded(error, [&] {
    give_records(0, records);
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(const engine::DumpReport found,
                  engine::dump(database, engine::descriptor_sink(descriptor),
                               progress_of(progress, context)));
      give_records(found.records, records);
      return {};
    });
  });
}

kist_code kist_db_load(kist_db db, int descriptor, kist_progress progress, void* context,
                       uint64_t* records, kist_error* error) noexcept {
  return guarded(error, [&] {
    give_records(0, records);
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(const engine::DumpReport found,
                  engine::load(database, engine::descriptor_source(descriptor),
                               progress_of(progress, context)));
      give_records(found.records, records);
      return {};
    });
  });
}

kist_code kist_txn_copy_table(kist_txn from, kist_table source, kist_txn to, kist_table target,
                              kist_progress progress, void* context, uint64_t* records,
                              kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    give_records(0, records);
    KIST_ASSIGN(const auto one, use<TransactionObject>(from));
    KIST_ASSIGN(const auto other, use<TransactionObject>(to));
    const Hold hold(*one->turn, *other->turn);
    KIST_ASSIGN(const engine::Txn* const reads, one->txn());
    KIST_ASSIGN(engine::WriteTxn* const writes, other->writer());
    KIST_ASSIGN(const std::uint64_t found,
                engine::copy_table(*reads, table_of(source), *writes, table_of(target),
                                   progress_of(progress, context)));
    give_records(found, records);
    return {};
  });
}

kist_code kist_db_check_level(kist_db db, uint32_t level, kist_progress progress, void* context,
                              kist_check_report* report, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(report, "report"));
    engine::CheckOptions options;
    KIST_ASSIGN(options.level, level_of(level));
    options.progress = progress_of(progress, context);
    return with_database(db, [&](const engine::Database& database) -> Result<void> {
      KIST_ASSIGN(const engine::CheckReport found, database.check(options));
      give(found, report);
      return {};
    });
  });
}

kist_code kist_delete_environment(const char* path, size_t path_size, bool* deleted,
                                  kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (deleted != nullptr) *deleted = false;
    KIST_ASSIGN(const std::string file, path_of(path, path_size));
    KIST_ASSIGN(const bool was_there, engine::delete_environment(file));
    if (deleted != nullptr) *deleted = was_there;
    return {};
  });
}
