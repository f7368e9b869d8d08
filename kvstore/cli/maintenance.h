#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <kist/engine/database.h>
#include <kist/engine/progress.h>

#include "kvstore/cli/output.h"

/// Commands that keep a profile safe and small: kvstore/docs/cli.md.
namespace kist::cli {

struct BackupArguments {
  std::string profile;
  std::string file;   // "-": standard output
  std::string since;  // the backup before; empty: a full one
  bool compact = false;
  std::uint64_t rate = 0;  // bytes a second
  bool progress = false;
};
/// Backs a profile up while others use it.
Result<int> backup(const BackupArguments& arguments, const OutputOptions& options);

struct RestoreArguments {
  std::string profile;
  std::string full;
  std::vector<std::string> increments;
  bool progress = false;
};
/// Makes a new profile of a backup and the incremental ones that follow it.
Result<int> restore(const RestoreArguments& arguments, const OutputOptions& options);

struct CopyArguments {
  std::string from;
  std::string to;
  bool older_versions = false;            // of salvage
  std::optional<std::uint64_t> snapshot;  // of copy
  bool progress = false;
};
/// Makes a new profile of what can be read of a damaged one. kExitNotFound when something is lost.
Result<int> salvage(const CopyArguments& arguments, const OutputOptions& options);
/// Makes a new profile of the pages of another, or of an older state of it.
Result<int> copy(const CopyArguments& arguments, const OutputOptions& options);
/// Makes a new profile with the content of another and no free space.
Result<int> compact(const CopyArguments& arguments, const OutputOptions& options);

struct CompactionArguments {
  std::string profile;
  bool in_place = false;  // else a copy is asked for
  engine::CompactBudget step;
  std::uint64_t time = 0;   // milliseconds of a step; 0: no bound
  std::uint64_t pause = 0;  // milliseconds between steps
  bool progress = false;
};
/// Makes the file of a profile shorter, step by step, while others use it.
Result<int> compact_in_place(const CompactionArguments& arguments, const OutputOptions& options);

struct TextArguments {
  std::string profile;
  std::string file = "-";  // "-": standard output, or input
  bool progress = false;
};
/// Writes everything as text.
Result<int> dump(const TextArguments& arguments, const OutputOptions& options);
/// Stores what a dump holds in a profile that is created, or empty.
Result<int> load(const TextArguments& arguments, const OutputOptions& options);

/// Prints pages and bytes by their use, of the file and of each store.
Result<int> page_use(const std::string& profile, const OutputOptions& options);

/// Adds all of them to the command line. What was given is left in `command`.
void add_maintenance(CLI::App& app, const OutputOptions& output,
                     std::function<Result<int>()>& command);

/// The data file of a profile.
std::string data_file(const std::string& profile);
/// Opens it beneath the stores.
Result<engine::Database> open_engine(const std::string& profile, bool read_only,
                                     bool create = false);

/// Shows on standard error how far an operation is; nothing when `shown` is false.
engine::ProgressCallback progress_on_stderr(bool shown, std::string what);

}  // namespace kist::cli
