#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include <kist/kist_enums.h>

#include "kvstore/cli/commands.h"
#include "kvstore/cli/inspection.h"
#include "kvstore/cli/maintenance.h"
#include "kvstore/cli/transfer.h"

namespace kist::cli {

namespace {

/// Which command was given, bound to its arguments.
using Command = std::function<Result<int>()>;

constexpr const char* kFooter =
    "Exit status: 0 done; 1 a key, or a prepared transaction, was not there, check found "
    "violations, salvage losses, or the newest state is not whole; 2 wrong usage; 3 error.\n"
    "A VALUE or KEY that starts with a dash goes after --.";

constexpr const char* kTypes = "bool, u64, i64, f64, instant, uuid, string, json or blob";

CLI::Option* add_type(CLI::App* command, std::string& type) {
  return command->add_option("-t,--type", type, kTypes)
      ->check(
          CLI::IsMember({"bool", "u64", "i64", "f64", "instant", "uuid", "string", "json", "blob"}))
      ->capture_default_str();
}

void add_get(CLI::App& app, const OutputOptions& output, Command& command) {
  CLI::App* get = app.add_subcommand("get", "Print the value of a key");
  auto arguments = std::make_shared<GetArguments>();
  get->add_option("PROFILE", arguments->profile, "Directory of the profile")->required();
  get->add_option("STORE", arguments->store)->required();
  get->add_option("KEY", arguments->key)->required();
  get->add_option("--pointer", arguments->pointer, "A member of a JSON value: /name/0/name");
  get->add_flag("--raw", arguments->raw,
                "Print the bytes of a string, JSON or blob, nothing added");
  get->callback([arguments, &output, &command] {
    command = [arguments, &output] { return cli::get(*arguments, output); };
  });
}

void add_set(CLI::App& app, const OutputOptions& output, Command& command) {
  CLI::App* set = app.add_subcommand("set", "Store a value under a key");
  auto arguments = std::make_shared<SetArguments>();
  set->add_option("PROFILE", arguments->profile, "Directory of the profile")->required();
  set->add_option("STORE", arguments->store)->required();
  set->add_option("KEY", arguments->key)->required();
  set->add_option("VALUE", arguments->value,
                  "The value; a blob as base64:..., hex:... or @file, JSON also as @file; @- reads "
                  "standard input")
      ->required();
  add_type(set, arguments->type);
  set->add_flag("--create", arguments->create, "Create the profile and the store where missing");
  set->add_flag("--multi", arguments->multi, "The store keeps several values a key");
  set->add_option("--keys", arguments->keys, "The keys of the store: bytes, or integers")
      ->check(CLI::IsMember({"bytes", "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"}));
  set->callback([arguments, &output, &command] {
    command = [arguments, &output] { return cli::set(*arguments, output); };
  });
}

void add_patch(CLI::App& app, const OutputOptions& output, Command& command) {
  CLI::App* patch = app.add_subcommand("patch", "Change a JSON value by a merge patch");
  auto arguments = std::make_shared<PatchArguments>();
  patch->add_option("PROFILE", arguments->profile, "Directory of the profile")->required();
  patch->add_option("STORE", arguments->store)->required();
  patch->add_option("KEY", arguments->key)->required();
  patch->add_option("PATCH", arguments->patch, "JSON, or @file; null removes a member")->required();
  patch->callback([arguments, &output, &command] {
    command = [arguments, &output] { return cli::patch(*arguments, output); };
  });
}

void add_delete(CLI::App& app, const OutputOptions& output, Command& command) {
  CLI::App* erase = app.add_subcommand("delete", "Remove keys, all in one transaction");
  auto arguments = std::make_shared<DeleteArguments>();
  erase->add_option("PROFILE", arguments->profile, "Directory of the profile")->required();
  erase->add_option("STORE", arguments->store)->required();
  erase->add_option("KEY", arguments->keys)->required();
  CLI::Option* value = erase->add_option("--value", arguments->value, "Remove this value only");
  add_type(erase, arguments->type)->needs(value);
  erase->callback([arguments, &output, &command] {
    command = [arguments, &output] { return cli::erase(*arguments, output); };
  });
}

void add_list(CLI::App& app, const OutputOptions& output, Command& command) {
  CLI::App* list =
      app.add_subcommand("list", "List the stores of a profile, or the records of a store");
  auto arguments = std::make_shared<ListArguments>();
  list->add_option("PROFILE", arguments->profile, "Directory of the profile")->required();
  CLI::Option* store = list->add_option("STORE", arguments->store);
  const auto of_a_store = [store](CLI::Option* option) { option->needs(store); };
  of_a_store(list->add_option("--prefix", arguments->prefix, "Only keys that start so"));
  of_a_store(list->add_option("--from", arguments->from, "First key"));
  of_a_store(list->add_option("--to", arguments->to, "First key not listed any more"));
  of_a_store(list->add_option("--limit", arguments->limit, "At most so many records"));
  of_a_store(list->add_flag("--reverse", arguments->reverse, "Last key first"));
  of_a_store(list->add_flag("--keys", arguments->keys_only, "Keys only"));
  of_a_store(list->add_flag("--full", arguments->full, "Do not cut long values"));
  list->callback([arguments, &output, &command] {
    command = [arguments, &output] { return cli::list(*arguments, output); };
  });
}

void add_stat(CLI::App& app, const OutputOptions& output, Command& command) {
  CLI::App* stat = app.add_subcommand("stat", "Print sizes and counters of a profile or a store");
  auto arguments = std::make_shared<StatArguments>();
  stat->add_option("PROFILE", arguments->profile, "Directory of the profile")->required();
  CLI::Option* store = stat->add_option("STORE", arguments->store);
  stat->add_flag("--pages", arguments->pages,
                 "Count pages by their use, of the file and each table")
      ->excludes(store);
  stat->callback([arguments, &output, &command] {
    command = [arguments, &output] { return cli::stat(*arguments, output); };
  });
}

void add_check(CLI::App& app, const OutputOptions& output, Command& command) {
  CLI::App* check = app.add_subcommand("check", "Verify a profile: every page and every value");
  auto arguments = std::make_shared<CheckArguments>();
  check->add_option("PROFILE", arguments->profile, "Directory of the profile")->required();
  check
      ->add_option("--level", arguments->level,
                   "space: free space only; structure: every page but values; everything")
      ->check(CLI::IsMember({"space", "structure", "everything"}))
      ->capture_default_str();
  check->add_flag("--progress", arguments->progress, "Show how far it is");
  check->callback([arguments, &output, &command] {
    command = [arguments, &output] { return cli::check(*arguments, output); };
  });
}

int run(int argc, char** argv) {
  OutputOptions output;
  Command command;
  CLI::App app("Read and write Kist profiles", "kist");
  app.set_version_flag("--version", KIST_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  app.add_flag("--json", output.json, "Print JSON, errors too");
  app.add_flag("--hex-keys", output.hex_keys, "Take and print keys as hexadecimal digits");
  add_get(app, output, command);
  add_set(app, output, command);
  add_patch(app, output, command);
  add_delete(app, output, command);
  add_list(app, output, command);
  add_stat(app, output, command);
  add_check(app, output, command);
  add_maintenance(app, output, command);
  add_transfer(app, output, command);
  add_inspection(app, output, command);
  add_completion(app, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  const Result<int> status = command();
  return finish(status ? *status : report(status.error(), output));
}

}  // namespace

}  // namespace kist::cli

int main(int argc, char** argv) {
  try {
    return kist::cli::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kist: %s\n", error.what());
    return kist::cli::kExitError;
  }
}
