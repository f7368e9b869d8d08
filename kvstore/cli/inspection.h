#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "kvstore/cli/output.h"

/// Commands that look beneath the stores of a profile: kvstore/docs/cli.md.
namespace kist::cli {

/// Lists who reads a profile, in all processes.
Result<int> readers(const std::string& profile, const OutputOptions& options);

/// Lists the older states that the file still names. kExitNotFound when the newest is not whole.
Result<int> snapshots(const std::string& profile, const OutputOptions& options);

struct PreparedArguments {
  std::string profile;
  std::uint64_t commit = 0;     // the transaction to commit; 0: none
  std::uint64_t roll_back = 0;  // or to forget
};
/// Shows the prepared transaction, or decides it. kExitNotFound when there is none to show.
Result<int> prepared(const PreparedArguments& arguments, const OutputOptions& options);

struct MapArguments {
  std::string profile;
  std::uint64_t columns = 64;
  std::uint64_t rows = 32;
};
/// Draws what the pages of the file are used for.
Result<int> map(const MapArguments& arguments, const OutputOptions& options);

/// Adds all of them to the command line. What was given is left in `command`.
void add_inspection(CLI::App& app, const OutputOptions& output,
                    std::function<Result<int>()>& command);

/// Adds a command that prints how a shell completes the others, which have been added before.
void add_completion(CLI::App& app, std::function<Result<int>()>& command);

}  // namespace kist::cli
