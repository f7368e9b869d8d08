#include <memory>

#include "kvstore/cli/inspection.h"

namespace kist::cli {
namespace {

using Command = std::function<Result<int>()>;

void add_lists(CLI::App& app, const OutputOptions& output, Command& command) {
  const auto add = [&](const char* name, const char* what, auto run) {
    CLI::App* list = app.add_subcommand(name, what);
    auto profile = std::make_shared<std::string>();
    list->add_option("PROFILE", *profile, "Directory of the profile")->required();
    list->callback([profile, run, &output, &command] {
      command = [profile, run, &output] { return run(*profile, output); };
    });
  };
  add("readers", "List who reads a profile, and what that holds back", cli::readers);
  add("snapshots", "List the older states that the file still names", cli::snapshots);
}

void add_prepared(CLI::App& app, const OutputOptions& output, Command& command) {
  CLI::App* prepared =
      app.add_subcommand("prepared", "Show the transaction that waits for its decision, or decide");
  auto arguments = std::make_shared<PreparedArguments>();
  prepared->add_option("PROFILE", arguments->profile, "Directory of the profile")->required();
  CLI::Option* commit =
      prepared->add_option("--commit", arguments->commit, "Commit the transaction of that number")
          ->check(CLI::PositiveNumber);
  prepared->add_option("--roll-back", arguments->roll_back, "Forget it for ever")
      ->check(CLI::PositiveNumber)
      ->excludes(commit);
  prepared->callback([arguments, &output, &command] {
    command = [arguments, &output] { return cli::prepared(*arguments, output); };
  });
}

void add_map(CLI::App& app, const OutputOptions& output, Command& command) {
  CLI::App* map = app.add_subcommand("map", "Draw what the pages of the file are used for");
  auto arguments = std::make_shared<MapArguments>();
  map->add_option("PROFILE", arguments->profile, "Directory of the profile")->required();
  map->add_option("--columns", arguments->columns, "Characters a line")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  map->add_option("--rows", arguments->rows, "Lines, at most")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  map->callback([arguments, &output, &command] {
    command = [arguments, &output] { return cli::map(*arguments, output); };
  });
}

}  // namespace

void add_inspection(CLI::App& app, const OutputOptions& output, Command& command) {
  add_lists(app, output, command);
  add_prepared(app, output, command);
  add_map(app, output, command);
}

}  // namespace kist::cli
