#include "kvstore/cli/transfer.h"

#include <cstdio>
#include <map>
#include <memory>

#include <fmt/format.h>

#include <kist/manager.h>
#include <kist/transfer.h>

#include "kvstore/cli/maintenance.h"

namespace kist::cli {
namespace {

const std::map<std::string, ImportFormat> kFormats{{"detect", ImportFormat::kDetect},
                                                   {"safe-mode", ImportFormat::kSafeMode},
                                                   {"lmdb", ImportFormat::kLmdb},
                                                   {"json", ImportFormat::kJson}};
const std::map<std::string, OnConflict> kConflicts{{"error", OnConflict::kError},
                                                   {"ignore", OnConflict::kIgnore},
                                                   {"replace", OnConflict::kReplace}};

engine::ByteSink sink_of(std::FILE* file, const std::string& name) {
  return [file, name](Bytes bytes) -> Result<void> {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size()) return {};
    return fail(ErrorCode::kIo, name + ": cannot be written");
  };
}

Result<ExportReport> export_to(const Profile& profile, std::FILE* file, const std::string& name,
                               const ExportOptions& options) {
  KIST_ASSIGN(const ExportReport report, export_json(profile, sink_of(file, name), options));
  if (std::fflush(file) != 0) return fail(ErrorCode::kIo, name + ": was not written");
  return report;
}

}  // namespace

Result<int> import_file(const ImportArguments& arguments, const OutputOptions& options) {
  ImportOptions how;
  how.format = kFormats.at(arguments.format);
  how.conflict = kConflicts.at(arguments.on_conflict);
  how.values = arguments.plain_bytes ? ImportValues::kBytes : ImportValues::kRkv;
  how.unnamed = arguments.unnamed;
  how.stores = arguments.stores;
  how.progress = progress_on_stderr(arguments.progress, "import");
  KIST_ASSIGN(const Profile profile,
              Manager::instance().open(arguments.profile, {.create = arguments.create,
                                                           .create_directory = arguments.create}));
  KIST_ASSIGN(const ImportReport report, kist::import_file(profile, arguments.file, how));
  KIST_TRY(profile.close());
  if (options.json) {
    print_json({{"stores", report.stores},
                {"records", report.records},
                {"added", report.added},
                {"unchanged", report.unchanged},
                {"replaced", report.replaced},
                {"ignored", report.ignored}});
  } else {
    print(fmt::format("{} records of {} stores: {} added, {} unchanged, {} replaced, {} ignored\n",
                      report.records, report.stores, report.added, report.unchanged,
                      report.replaced, report.ignored));
  }
  return kExitOk;
}

Result<int> export_file(const ExportArguments& arguments, const OutputOptions& /*options*/) {
  ExportOptions how;
  how.stores = arguments.stores;
  how.progress = progress_on_stderr(arguments.progress, "export");
  KIST_ASSIGN(const Profile profile,
              Manager::instance().open(arguments.profile, {.create = false, .read_only = true}));
  if (arguments.file == "-") {
    KIST_TRY(export_to(profile, stdout, "standard output", how));
    return kExitOk;
  }
  std::FILE* const file = std::fopen(arguments.file.c_str(), "wbx");
  if (file == nullptr) return fail(ErrorCode::kIo, arguments.file + ": cannot be created");
  const auto report = export_to(profile, file, arguments.file, how);
  std::fclose(file);
  if (!report) {
    std::remove(arguments.file.c_str());
    return std::unexpected(report.error());
  }
  return kExitOk;
}

void add_transfer(CLI::App& app, const OutputOptions& output,
                  std::function<Result<int>()>& command) {
  CLI::App* in = app.add_subcommand("import", "Store what a file of another format holds");
  auto given = std::make_shared<ImportArguments>();
  in->add_option("PROFILE", given->profile, "Directory of the profile")->required();
  in->add_option("FILE", given->file, "rkv's data.safe.bin, LMDB's data.mdb or a JSON export")
      ->required();
  in->add_option("--format", given->format, "What FILE is: detect, safe-mode, lmdb or json")
      ->check(CLI::IsMember({"detect", "safe-mode", "lmdb", "json"}))
      ->capture_default_str();
  in->add_option("--on-conflict", given->on_conflict,
                 "A key that has another value: error, ignore or replace")
      ->check(CLI::IsMember({"error", "ignore", "replace"}))
      ->capture_default_str();
  in->add_flag("--bytes", given->plain_bytes, "Values of LMDB are plain bytes, not rkv's");
  in->add_option("--unnamed", given->unnamed, "Store for what has no database's name")
      ->capture_default_str();
  in->add_option("--store", given->stores, "Only this store; may be repeated");
  in->add_flag("--create", given->create, "Create the profile where missing");
  in->add_flag("--progress", given->progress, "Show how far it is");
  in->callback([given, &output, &command] {
    command = [given, &output] { return cli::import_file(*given, output); };
  });

  CLI::App* out = app.add_subcommand("export", "Write stores as JSON that import reads");
  auto wanted = std::make_shared<ExportArguments>();
  out->add_option("PROFILE", wanted->profile, "Directory of the profile")->required();
  out->add_option("FILE", wanted->file, "New file; - is standard output")->capture_default_str();
  out->add_option("--store", wanted->stores, "Only this store; may be repeated");
  out->add_flag("--progress", wanted->progress, "Show how far it is");
  out->callback([wanted, &output, &command] {
    command = [wanted, &output] { return cli::export_file(*wanted, output); };
  });
}

}  // namespace kist::cli
