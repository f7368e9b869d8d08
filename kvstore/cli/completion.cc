#include <memory>
#include <string>

#include <fmt/format.h>

#include "kvstore/cli/inspection.h"

namespace kist::cli {
namespace {

/// Long options of a command, each with two dashes, separated by spaces; --help, which all have,
/// with those of the tool.
std::string options_of(const CLI::App& app) {
  std::string words;
  for (const CLI::Option* option : app.get_options()) {
    if (option == app.get_help_ptr() && app.get_parent() != nullptr) continue;
    for (const std::string& name : option->get_lnames()) words += " --" + name;
  }
  return words;
}

/// Also for zsh, which understands it after bashcompinit. Where no option begins, files follow.
std::string for_bash(const CLI::App& app) {
  std::string commands;
  std::string cases;
  for (const CLI::App* command : app.get_subcommands({})) {
    commands += " " + command->get_name();
    cases += fmt::format("    {}) options=\"{}{}\" ;;\n", command->get_name(), options_of(*command),
                         options_of(app));
  }
  return fmt::format(R"(_kist() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" command="" options="{0}" i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "${{COMP_WORDS[i]}}" in
      -*) ;;
      *) command="${{COMP_WORDS[i]}}"; break ;;
    esac
  done
  case "$command" in
{1}    "") [[ "$word" == -* ]] || {{ COMPREPLY=($(compgen -W "{2}" -- "$word")); return; }} ;;
  esac
  if [[ "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}}
complete -o filenames -F _kist kist
)",
                     options_of(app), cases, commands);
}

std::string quoted(const std::string& text) {
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') word += '\\';
    word += c;
  }
  return word + "'";
}

std::string for_fish(const CLI::App& app) {
  std::string lines;
  const auto add = [&](const std::string& when, const CLI::App& of) {
    for (const CLI::Option* option : of.get_options()) {
      if (option == of.get_help_ptr() && of.get_parent() != nullptr) continue;
      for (const std::string& name : option->get_lnames()) {
        lines += fmt::format("complete -c kist{} -l {} -d {}\n", when, name,
                             quoted(option->get_description()));
      }
    }
  };
  add("", app);
  for (const CLI::App* command : app.get_subcommands({})) {
    const std::string& name = command->get_name();
    lines += fmt::format("complete -c kist -n __fish_use_subcommand -f -a {} -d {}\n", name,
                         quoted(command->get_description()));
    add(fmt::format(" -n '__fish_seen_subcommand_from {}'", name), *command);
  }
  return lines;
}

}  // namespace

void add_completion(CLI::App& app, std::function<Result<int>()>& command) {
  CLI::App* completion =
      app.add_subcommand("completion", "Print how a shell completes these commands");
  auto shell = std::make_shared<std::string>();
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([&app, shell, &command] {
    command = [&app, shell]() -> Result<int> {
      if (*shell == "zsh") print("autoload -U +X bashcompinit && bashcompinit\n");
      print(*shell == "fish" ? for_fish(app) : for_bash(app));
      return kExitOk;
    };
  });
}

}  // namespace kist::cli
