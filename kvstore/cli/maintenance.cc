#include "kvstore/cli/maintenance.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include <kist/engine/backup.h>
#include <kist/engine/database.h>
#include <kist/engine/dump.h>
#include <kist/engine/page_walk.h>
#include <kist/engine/salvage.h>
#include <kist/manager.h>

#include "kvstore/cli/value_text.h"

namespace kist::cli {
namespace {

namespace fs = std::filesystem;

/// The directory of a profile that is to be made, which may exist.
Result<void> make_directory(const std::string& profile) {
  std::error_code error;
  fs::create_directories(profile, error);
  if (!error) return {};
  return fail(ErrorCode::kIo, profile + ": cannot be created: " + error.message());
}

/// A file that is written, or read, from its start to its end. Closes it.
struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

Result<File> open_file(const std::string& path, const char* mode) {
  File file(std::fopen(path.c_str(), mode));
  if (file) return file;
  const bool missing = !fs::exists(path) && *mode == 'r';
  return fail(missing ? ErrorCode::kNotFound : ErrorCode::kIo, path + ": cannot be opened");
}

engine::ByteSink sink_of(std::FILE* file, std::string name) {
  return [file, name = std::move(name)](Bytes bytes) -> Result<void> {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size()) return {};
    return fail(ErrorCode::kIo, name + ": cannot be written");
  };
}

engine::ByteSource source_of(std::FILE* file, std::string name) {
  return [file, name = std::move(name)](std::span<std::uint8_t> out) -> Result<std::size_t> {
    const std::size_t got = std::fread(out.data(), 1, out.size(), file);
    if (got != 0 || std::ferror(file) == 0) return got;
    return fail(ErrorCode::kIo, name + ": cannot be read");
  };
}

void print_backup(const engine::BackupReport& report, const OutputOptions& options) {
  if (options.json) {
    print_json({{"transaction", report.point.transaction},
                {"pages", report.pages},
                {"bytes", report.bytes}});
  }
}

}  // namespace

std::string data_file(const std::string& profile) {
  return (fs::path(profile) / kDataFileName).string();
}

Result<engine::Database> open_engine(const std::string& profile, bool read_only, bool create) {
  engine::Options options;
  options.create = create;
  options.read_only = read_only;
  return engine::Database::open(data_file(profile), options);
}

engine::ProgressCallback progress_on_stderr(bool shown, std::string what) {
  if (!shown) return {};
  return [what = std::move(what), told = -1](const engine::Progress& progress) mutable {
    if (progress.total == 0) return true;
    const int percent = static_cast<int>(progress.done * 100 / progress.total);
    if (percent == told) return true;
    told = percent;
    std::fputs(fmt::format("\r{} {:3}%{}", what, percent, percent >= 100 ? "\n" : "").c_str(),
               stderr);
    return true;
  };
}

Result<int> backup(const BackupArguments& arguments, const OutputOptions& options) {
  KIST_ASSIGN(const engine::Database database, open_engine(arguments.profile, true));
  const engine::BackupOptions how{.compacted = arguments.compact,
                                  .bytes_per_second = arguments.rate,
                                  .progress = progress_on_stderr(arguments.progress, "backup")};
  const bool to_stdout = arguments.file == "-";
  const engine::ByteSink out = sink_of(stdout, "standard output");
  engine::BackupReport report;
  if (arguments.since.empty()) {
    KIST_ASSIGN(report, to_stdout ? engine::backup(database, out, how)
                                  : engine::backup(database, arguments.file, how));
  } else {
    KIST_ASSIGN(const engine::BackupPoint since, engine::backup_point(arguments.since));
    KIST_ASSIGN(report, to_stdout ? engine::backup_since(database, since, out, how)
                                  : engine::backup_since(database, since, arguments.file, how));
  }
  if (!to_stdout) print_backup(report, options);
  return kExitOk;
}

Result<int> restore(const RestoreArguments& arguments, const OutputOptions& options) {
  KIST_TRY(make_directory(arguments.profile));
  const engine::BackupOptions how{.progress = progress_on_stderr(arguments.progress, "restore")};
  KIST_ASSIGN(
      const engine::BackupReport report,
      engine::restore(arguments.full, arguments.increments, data_file(arguments.profile), how));
  print_backup(report, options);
  return kExitOk;
}

Result<int> copy(const CopyArguments& arguments, const OutputOptions& options) {
  const engine::Options how{.create = false, .read_only = true, .snapshot = arguments.snapshot};
  KIST_ASSIGN(const engine::Database database,
              engine::Database::open(data_file(arguments.from), how));
  KIST_TRY(make_directory(arguments.to));
  KIST_ASSIGN(const engine::BackupReport report,
              engine::backup(database, data_file(arguments.to),
                             {.progress = progress_on_stderr(arguments.progress, "copy")}));
  print_backup(report, options);
  return kExitOk;
}

Result<int> compact_in_place(const CompactionArguments& arguments, const OutputOptions& options) {
  KIST_ASSIGN(engine::Database database, open_engine(arguments.profile, false));
  engine::CompactBudget budget = arguments.step;
  if (arguments.time != 0) budget.time = std::chrono::milliseconds(arguments.time);
  std::uint64_t moved = 0;
  engine::CompactProgress step;
  for (std::uint64_t steps = 1; !step.done; ++steps) {
    if (arguments.pause != 0 && steps > 1) {
      std::this_thread::sleep_for(std::chrono::milliseconds(arguments.pause));
    }
    KIST_ASSIGN(step, database.compact(budget));
    moved += step.pages_moved;
    if (!arguments.progress) continue;
    std::fputs(fmt::format("\rcompact: step {}, {} pages moved, {} in the file{}", steps, moved,
                           step.file_pages, step.done ? "\n" : "")
                   .c_str(),
               stderr);
  }
  const std::uint64_t page_size = database.page_size();
  KIST_TRY(database.close());
  if (options.json) {
    print_json({{"pages_moved", moved},
                {"file_pages", step.file_pages},
                {"file_bytes", step.file_pages * page_size},
                {"pages_held", step.pages_held}});
  } else {
    print(fmt::format("{} pages moved; the file has {} pages, {} of them not free yet\n", moved,
                      step.file_pages, step.pages_held));
  }
  return kExitOk;
}

Result<int> compact(const CopyArguments& arguments, const OutputOptions& options) {
  KIST_ASSIGN(const engine::Database database, open_engine(arguments.from, true));
  KIST_TRY(make_directory(arguments.to));
  const engine::BackupOptions how{.compacted = true,
                                  .progress = progress_on_stderr(arguments.progress, "compact")};
  KIST_ASSIGN(const engine::BackupReport report,
              engine::backup(database, data_file(arguments.to), how));
  print_backup(report, options);
  return kExitOk;
}

Result<int> salvage(const CopyArguments& arguments, const OutputOptions& options) {
  KIST_TRY(make_directory(arguments.to));
  const std::string damaged =
      fs::is_directory(arguments.from) ? data_file(arguments.from) : arguments.from;
  const engine::SalvageOptions how{.older_versions = arguments.older_versions,
                                   .progress = progress_on_stderr(arguments.progress, "salvage")};
  KIST_ASSIGN(const engine::SalvageReport report,
              engine::salvage(damaged, data_file(arguments.to), how));
  if (options.json) {
    auto losses = nlohmann::json::array();
    for (const engine::SalvageLoss& loss : report.losses) {
      losses.push_back({{"table", loss.table},
                        {"page", loss.page},
                        {"records", loss.records},
                        {"what", loss.what}});
    }
    print_json({{"complete", report.complete()},
                {"transaction", report.transaction},
                {"newest", report.newest},
                {"records", report.records},
                {"recovered", report.recovered},
                {"older", report.older},
                {"lost", report.lost},
                {"losses", std::move(losses)}});
  } else {
    for (const engine::SalvageLoss& loss : report.losses) {
      print(fmt::format("page {}: {}{} records lost: {}\n", loss.page,
                        loss.table.empty() ? std::string() : one_line(loss.table) + ": ",
                        loss.records, one_line(loss.what)));
    }
    if (report.slots_lost) print("all meta slots are lost\n");
    if (report.seed_lost) print("contents could not be verified\n");
    if (report.transaction != report.newest) {
      print(fmt::format("transaction {} is not whole, {} was taken\n", report.newest,
                        report.transaction));
    }
    print(fmt::format("{} records salvaged, {} of them where no way led any more; {} lost\n",
                      report.records, report.recovered, report.lost));
  }
  return report.complete() ? kExitOk : kExitNotFound;
}

Result<int> dump(const TextArguments& arguments, const OutputOptions&) {
  KIST_ASSIGN(const engine::Database database, open_engine(arguments.profile, true));
  const auto progress = progress_on_stderr(arguments.progress, "dump");
  if (arguments.file == "-") {
    KIST_TRY(engine::dump(database, sink_of(stdout, "standard output"), progress));
    return kExitOk;
  }
  KIST_ASSIGN(File file, open_file(arguments.file, "wbx"));
  KIST_TRY(engine::dump(database, sink_of(file.get(), arguments.file), progress));
  if (std::fflush(file.get()) != 0)
    return fail(ErrorCode::kIo, arguments.file + ": was not written");
  return kExitOk;
}

Result<int> load(const TextArguments& arguments, const OutputOptions& options) {
  File file;
  if (arguments.file != "-") {
    KIST_ASSIGN(file, open_file(arguments.file, "rb"));
  }
  KIST_TRY(make_directory(arguments.profile));
  KIST_ASSIGN(engine::Database database, open_engine(arguments.profile, false, true));
  std::FILE* const from = file ? file.get() : stdin;
  KIST_ASSIGN(const engine::DumpReport report,
              engine::load(database, source_of(from, arguments.file),
                           progress_on_stderr(arguments.progress, "load")));
  KIST_TRY(database.close());
  if (options.json) print_json({{"tables", report.tables}, {"records", report.records}});
  return kExitOk;
}

Result<int> page_use(const std::string& profile, const OutputOptions& options) {
  KIST_ASSIGN(const engine::Database database, open_engine(profile, true));
  KIST_ASSIGN(const engine::PageStats stats, engine::page_stats(database));
  const std::initializer_list<std::pair<const char*, engine::PageCount>> uses{
      {"meta", stats.meta},
      {"branch", stats.branch},
      {"leaf", stats.leaf},
      {"large_value", stats.large_value},
      {"space_record", stats.space_record},
      {"free", stats.free},
      {"pending", stats.pending}};
  auto object = nlohmann::json::object();
  for (const auto& [name, count] : uses) {
    object[name] = {{"pages", count.pages}, {"bytes_used", count.bytes_used}};
    if (options.json) continue;
    const std::uint64_t bytes = count.pages * stats.page_size;
    print(fmt::format("{:<16} {:>10} pages {:>3}% full\n", name, count.pages,
                      bytes == 0 ? 0 : count.bytes_used * 100 / bytes));
  }
  auto tables = nlohmann::json::array();
  for (const engine::TablePages& table : stats.tables) {
    const std::uint64_t pages = table.branch.pages + table.leaf.pages + table.large_value.pages;
    nlohmann::json one{{"branch", table.branch.pages},
                       {"leaf", table.leaf.pages},
                       {"large_value", table.large_value.pages}};
    put_key(one, table.name, options);
    tables.push_back(std::move(one));
    if (options.json) continue;
    print(fmt::format(
        "{:>10} pages: {}\n", pages,
        table.name.empty() ? std::string("(catalog of stores)") : one_line(table.name)));
  }
  object["tables"] = std::move(tables);
  if (options.json) print_json(object);
  return kExitOk;
}

}  // namespace kist::cli
