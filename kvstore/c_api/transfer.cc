// Imports and exports, as kist_transfer.h has them.

#include <string>
#include <vector>

#include <kist/kist.h>
#include <kist/transfer.h>

#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/objects.h"
#include "kvstore/c_api/structs.h"

namespace kist::c_api {
namespace {

static_assert(KIST_IMPORT_DETECT == static_cast<int>(ImportFormat::kDetect));
static_assert(KIST_IMPORT_SAFE_MODE == static_cast<int>(ImportFormat::kSafeMode));
static_assert(KIST_IMPORT_LMDB == static_cast<int>(ImportFormat::kLmdb));
static_assert(KIST_IMPORT_JSON == static_cast<int>(ImportFormat::kJson));
static_assert(KIST_ON_CONFLICT_ERROR == static_cast<int>(OnConflict::kError));
static_assert(KIST_ON_CONFLICT_IGNORE == static_cast<int>(OnConflict::kIgnore));
static_assert(KIST_ON_CONFLICT_REPLACE == static_cast<int>(OnConflict::kReplace));

engine::ProgressCallback progress_of(kist_transfer_progress progress, void* context) {
  if (progress == nullptr) return {};
  return [progress, context](const engine::Progress& now) {
    return progress(context, now.done, now.total);
  };
}

Result<std::vector<std::string>> names_of(const kist_bytes* names, std::size_t count) {
  KIST_TRY(check_array(names, count, "stores"));
  std::vector<std::string> read;
  for (std::size_t i = 0; i < count; ++i) {
    KIST_ASSIGN(const engine::Bytes name, given_bytes(names[i].data, names[i].size, "stores[]"));
    read.push_back(engine::to_string(name));
  }
  return read;
}

Result<ImportOptions> options_of(const kist_import_options* given) {
  KIST_ASSIGN(const kist_import_options read,
              read_options(given, sizeof(kist_import_options), "options"));
  if (read.format > KIST_IMPORT_JSON || read.on_conflict > KIST_ON_CONFLICT_REPLACE) {
    return fail(ErrorCode::kInvalidArgument,
                "options.format or options.on_conflict is none of its enumeration");
  }
  ImportOptions options;
  options.format = static_cast<ImportFormat>(read.format);
  options.conflict = static_cast<OnConflict>(read.on_conflict);
  options.values = read.plain_bytes ? ImportValues::kBytes : ImportValues::kRkv;
  KIST_ASSIGN(options.stores, names_of(read.stores, read.store_count));
  KIST_ASSIGN(const engine::Bytes unnamed,
              given_bytes(read.unnamed.data, read.unnamed.size, "options.unnamed"));
  if (!unnamed.empty()) options.unnamed = engine::to_string(unnamed);
  options.progress = progress_of(read.progress, read.context);
  return options;
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_profile_import(kist_profile profile, const char* path, size_t path_size,
                              const kist_import_options* options, kist_import_report* report,
                              kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(check_answer(report, "report"));
    KIST_ASSIGN(const auto object, use<ProfileObject>(profile));
    KIST_ASSIGN(const std::string file, path_of(path, path_size));
    KIST_ASSIGN(const ImportOptions how, options_of(options));
    KIST_ASSIGN(const ImportReport found, import_file(object->profile, file, how));
    if (report == nullptr) return {};
    kist_import_report answer{};
    answer.stores = found.stores;
    answer.records = found.records;
    answer.added = found.added;
    answer.unchanged = found.unchanged;
    answer.replaced = found.replaced;
    answer.ignored = found.ignored;
    return write_answer(answer, sizeof(kist_import_report), "report", report);
  });
}

kist_code kist_profile_export(kist_profile profile, int descriptor, const kist_bytes* stores,
                              size_t store_count, kist_transfer_progress progress, void* context,
                              uint64_t* records, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (records != nullptr) *records = 0;
    KIST_ASSIGN(const auto object, use<ProfileObject>(profile));
    ExportOptions options;
    KIST_ASSIGN(options.stores, names_of(stores, store_count));
    options.progress = progress_of(progress, context);
    KIST_ASSIGN(const ExportReport found,
                export_json(object->profile, engine::descriptor_sink(descriptor), options));
    if (records != nullptr) *records = found.records;
    return {};
  });
}
