#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "kvstore/cli/output.h"

/// Commands that carry stores from and to other formats: kvstore/docs/transfer.md.
namespace kist::cli {

struct ImportArguments {
  std::string profile;
  std::string file;
  std::string format = "detect";
  std::string on_conflict = "error";
  std::string unnamed = "default";
  std::vector<std::string> stores;
  bool plain_bytes = false;
  bool create = false;
  bool progress = false;
};
/// Stores what a file of another format holds.
Result<int> import_file(const ImportArguments& arguments, const OutputOptions& options);

struct ExportArguments {
  std::string profile;
  std::string file = "-";  // "-": standard output
  std::vector<std::string> stores;
  bool progress = false;
};
/// Writes stores as JSON.
Result<int> export_file(const ExportArguments& arguments, const OutputOptions& options);

/// Adds both to the command line. What was given is left in `command`.
void add_transfer(CLI::App& app, const OutputOptions& output,
                  std::function<Result<int>()>& command);

}  // namespace kist::cli
