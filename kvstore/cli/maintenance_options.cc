#include <memory>

#include "kvstore/cli/maintenance.h"

namespace kist::cli {
namespace {

using Command = std::function<Result<int>()>;

void add_backup(CLI::App& app, const OutputOptions& output, Command& command) {
  CLI::App* backup = app.add_subcommand("backup", "Back a profile up while others use it");
  auto arguments = std::make_shared<BackupArguments>();
  backup->add_option("PROFILE", arguments->profile, "Directory of the profile")->required();
  backup->add_option("FILE", arguments->file, "New file; - is standard output")->required();
  backup->add_option("--since", arguments->since, "Only what changed since that backup");
  backup->add_flag("--compact", arguments->compact, "Leave out free space; takes longer");
  backup->add_option("--rate", arguments->rate, "At most so many bytes a second");
  backup->add_flag("--progress", arguments->progress, "Show how far it is");
  backup->callback([arguments, &output, &command] {
    command = [arguments, &output] { return cli::backup(*arguments, output); };
  });
}

void add_restore(CLI::App& app, const OutputOptions& output, Command& command) {
  CLI::App* restore = app.add_subcommand("restore", "Make a new profile of backups");
  auto arguments = std::make_shared<RestoreArguments>();
  restore->add_option("PROFILE", arguments->profile, "Directory of the new profile")->required();
  restore->add_option("FULL", arguments->full, "A full backup")->required();
  restore->add_option("INCREMENT", arguments->increments, "What was backed up --since, in order");
  restore->add_flag("--progress", arguments->progress, "Show how far it is");
  restore->callback([arguments, &output, &command] {
    command = [arguments, &output] { return cli::restore(*arguments, output); };
  });
}

void add_copies(CLI::App& app, const OutputOptions& output, Command& command) {
  CLI::App* salvage =
      app.add_subcommand("salvage", "Make a new profile of what can be read of a damaged one");
  auto damaged = std::make_shared<CopyArguments>();
  salvage->add_option("DAMAGED", damaged->from, "The damaged profile, or its file")->required();
  salvage->add_option("PROFILE", damaged->to, "Directory of the new profile")->required();
  salvage->add_flag("--older", damaged->older_versions,
                    "Where pages are lost, take older versions of them");
  salvage->add_flag("--progress", damaged->progress, "Show how far it is");
  salvage->callback([damaged, &output, &command] {
    command = [damaged, &output] { return cli::salvage(*damaged, output); };
  });
  CLI::App* copy = app.add_subcommand("copy", "Copy a profile while others use it");
  auto copied = std::make_shared<CopyArguments>();
  copy->add_option("PROFILE", copied->from, "Directory of the profile")->required();
  copy->add_option("NEW", copied->to, "Directory of the new profile")->required();
  copy->add_option("--snapshot", copied->snapshot,
                   "The state that this transaction left, see snapshots; nobody else may use the "
                   "profile meanwhile");
  copy->add_flag("--progress", copied->progress, "Show how far it is");
  copy->callback([copied, &output, &command] {
    command = [copied, &output] { return cli::copy(*copied, output); };
  });
}

void add_compact(CLI::App& app, const OutputOptions& output, Command& command) {
  CLI::App* compact = app.add_subcommand(
      "compact", "Free a profile of its free space while others use it, in a copy or in place");
  auto copied = std::make_shared<CopyArguments>();
  auto stepwise = std::make_shared<CompactionArguments>();
  compact->add_option("PROFILE", copied->from, "Directory of the profile")->required();
  CLI::Option* to = compact->add_option("NEW", copied->to, "Directory of the new profile");
  CLI::Option* in_place = compact
                              ->add_flag("--in-place", stepwise->in_place,
                                         "Move pages and shorten the file, step by step")
                              ->excludes(to);
  compact->add_option("--pages", stepwise->step.pages, "Pages to move in a step, at most")
      ->needs(in_place)
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  compact->add_option("--time", stepwise->time, "Milliseconds of a step, at most")->needs(in_place);
  compact->add_option("--pause", stepwise->pause, "Milliseconds between steps")->needs(in_place);
  compact->add_flag("--progress", copied->progress, "Show how far it is");
  compact->callback([copied, stepwise, &output, &command] {
    if (stepwise->in_place) {
      stepwise->profile = copied->from;
      stepwise->progress = copied->progress;
      command = [stepwise, &output] { return cli::compact_in_place(*stepwise, output); };
    } else if (copied->to.empty()) {
      throw CLI::RequiredError("NEW or --in-place");
    } else {
      command = [copied, &output] { return cli::compact(*copied, output); };
    }
  });
}

void add_texts(CLI::App& app, const OutputOptions& output, Command& command) {
  const auto add = [&](const char* name, const char* what, const char* file, auto run) {
    CLI::App* text = app.add_subcommand(name, what);
    auto arguments = std::make_shared<TextArguments>();
    text->add_option("PROFILE", arguments->profile, "Directory of the profile")->required();
    text->add_option("FILE", arguments->file, file)->capture_default_str();
    text->add_flag("--progress", arguments->progress, "Show how far it is");
    text->callback([arguments, run, &output, &command] {
      command = [arguments, run, &output] { return run(*arguments, output); };
    });
  };
  add("dump", "Write everything in a profile as text", "New file; - is standard output", cli::dump);
  add("load", "Store a dump in a new or empty profile", "The dump; - is standard input", cli::load);
}

}  // namespace

void add_maintenance(CLI::App& app, const OutputOptions& output, Command& command) {
  add_backup(app, output, command);
  add_restore(app, output, command);
  add_copies(app, output, command);
  add_compact(app, output, command);
  add_texts(app, output, command);
}

}  // namespace kist::cli
