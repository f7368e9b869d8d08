// kist_bench: the same workloads on Kist and its peers, interleaved round by round.

#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <stdlib.h>

#include "tests/bench/driver.h"
#include "tests/bench/machine.h"
#include "tests/bench/memory_limit.h"
#include "tests/bench/process.h"
#include "tests/bench/report.h"
#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

namespace fs = std::filesystem;

/// A folder of its own for the stores, removed with everything in it and whatever else is left.
class Scratch {
 public:
  explicit Scratch(const std::string& parent) : path_(parent + "/kist-bench-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) throw Failure("cannot make a folder in " + parent);
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    MemoryLimit::remove_left();
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void list() {
  for (const Workload& workload : workloads()) {
    fmt::print("workload {:22} {}\n", workload.name, workload.what);
  }
  for (const Engine& engine : engines()) {
    std::string note = engine.by_default ? "" : " (when named)";
    if (!engine.only_workload.empty()) note += fmt::format(" (in {} only)", engine.only_workload);
    fmt::print("engine   {:22} {}{}\n", engine.name, engine.version, note);
  }
  for (const std::string_view name : kKeyKindNames) fmt::print("keys     {}\n", name);
}

int bench(Settings settings, const std::string& parent, const std::string& json) {
  take_signals();
  const Scratch scratch(parent);
  settings.directory = scratch.path();
  const Results results = run(settings);
  fmt::print(
      "{} keys, values of {} bytes, {} records, median of {} interleaved rounds, seed {}\n\n",
      settings.keys, settings.value_size, settings.records, settings.rounds, settings.seed);
  fmt::print("{}", as_table(results));
  if (!json.empty() && !write_json(results.rows, json)) throw Failure("cannot write " + json);
  return 0;
}

int main_of(int argc, char** argv) {
  Settings settings;
  std::vector<std::string> all_workloads;
  std::vector<std::string> all_engines;
  for (const Workload& workload : workloads()) all_workloads.push_back(workload.name);
  for (const Engine& engine : engines()) {
    all_engines.push_back(engine.name);
    if (engine.by_default) settings.engines.push_back(engine.name);
  }
  settings.workloads = all_workloads;

  CLI::App app{"Runs the same workloads on Kist and its peers, side by side"};
  bool only_list = false;
  bool only_describe = false;
  std::string json;
  std::string parent = fs::temp_directory_path().string();
  app.add_flag("--list", only_list, "List workloads, engines and kinds of keys");
  app.add_flag("--describe", only_describe, "Say what machine and engines these are, as Markdown");
  app.add_option("--workload", settings.workloads, "Workloads, separated by commas")
      ->delimiter(',')
      ->check(CLI::IsMember(all_workloads));
  app.add_option("--engine", settings.engines, "Engines, separated by commas")
      ->delimiter(',')
      ->check(CLI::IsMember(all_engines));
  app.add_option("--keys", settings.keys, "Kind of keys")
      ->check(CLI::IsMember(
          std::vector<std::string>(std::begin(kKeyKindNames), std::end(kKeyKindNames))));
  app.add_option("--value-size", settings.value_size, "Bytes of a value")
      ->check(CLI::Range(1, 1 << 24));
  app.add_option("--records", settings.records, "Records")->check(CLI::Range(100, 100000000));
  app.add_option("--rounds", settings.rounds, "Rounds")->check(CLI::Range(1, 1000));
  app.add_option("--seed", settings.seed, "What keys and values are drawn from");
  app.add_option("--json", json, "File to write the figures to");
  app.add_option("--directory", parent, "Where the stores are made")->check(CLI::ExistingDirectory);
  CLI11_PARSE(app, argc, argv);
  try {
    if (only_list) return list(), 0;
    if (only_describe) return fmt::print("{}", describe(parent)), 0;
    return bench(settings, parent, json);
  } catch (const Failure& failure) {
    fmt::print(stderr, "kist_bench: {}\n", failure.what());
    return 1;
  }
}

}  // namespace
}  // namespace kist::bench

int main(int argc, char** argv) {
  return kist::bench::main_of(argc, argv);
}
