// kist_bench: the same workloads on Kist and its peers, interleaved round by round.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tests/bench/kist_engine.h"
#include "tests/bench/lmdb_engine.h"
#include "tests/bench/report.h"
#include "tests/bench/workloads.h"

namespace kist::bench {
namespace {

namespace fs = std::filesystem;

struct Settings {
  std::vector<std::string> workloads;
  std::vector<std::string> engines;
  std::string keys{kKeyKindNames[0]};
  std::size_t value_size = 100;
  std::size_t records = 200000;
  std::size_t rounds = 5;
  std::string json;
  std::string directory;
};

/// One engine prepared for one workload. Each call runs it once and returns operations a second.
using Runner = std::function<double(std::uint64_t round)>;

template <typename Engine>
Runner make_runner(const Workload& workload, Dataset& data, const fs::path& directory) {
  const auto open = [directory, &workload](bool fresh) {
    if (fresh) {
      fs::remove_all(directory);
      fs::create_directories(directory);
    }
    return std::make_shared<Engine>(directory.string(), workload.durable);
  };
  std::shared_ptr<Engine> loaded;
  if (workload.loaded) {
    loaded = open(true);
    fill(*loaded, data, data.shuffled());
  }
  return [=, &workload, &data](std::uint64_t round) {
    const std::shared_ptr<Engine> engine = loaded ? loaded : open(true);
    const auto start = std::chrono::steady_clock::now();
    const std::uint64_t operations = run(workload.name, *engine, data, round);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return static_cast<double>(operations) / took.count();
  };
}

using MakeRunner = Runner (*)(const Workload&, Dataset&, const fs::path&);

const std::vector<std::pair<std::string, MakeRunner>>& engines() {
  static const std::vector<std::pair<std::string, MakeRunner>> all = {
      {std::string(KistEngine::kName), &make_runner<KistEngine>},
      {std::string(LmdbEngine::kName), &make_runner<LmdbEngine>},
      {std::string(LmdbWritemapEngine::kName), &make_runner<LmdbWritemapEngine>},
  };
  return all;
}

std::vector<Row> measure(const Workload& workload, const Settings& settings, Dataset& data) {
  std::vector<std::pair<std::string, Runner>> runners;
  for (const auto& [name, make] : engines()) {
    if (std::ranges::find(settings.engines, name) == settings.engines.end()) continue;
    runners.emplace_back(name, make(workload, data, fs::path(settings.directory) / name));
  }
  std::map<std::string, std::vector<double>> rates;
  for (std::uint64_t round = 0; round <= settings.rounds; ++round) {
    for (const auto& [name, runner] : runners) {
      const double rate = runner(round);
      if (round > 0) rates[name].push_back(rate);  // the first round warms up
    }
  }
  std::vector<Row> rows;
  for (const auto& [name, runner] : runners) {
    rows.push_back({std::string(workload.name), name, settings.keys, settings.value_size,
                    "ops_per_second", "1/s", median(rates[name]), rates[name]});
  }
  return rows;
}

int bench(const Settings& settings) {
  const auto kind = std::ranges::find(kKeyKindNames, settings.keys) - std::begin(kKeyKindNames);
  Dataset data(static_cast<KeyKind>(kind), settings.records, settings.value_size, 20261120);
  std::vector<Row> rows;
  for (const Workload& workload : kWorkloads) {
    if (std::ranges::find(settings.workloads, workload.name) == settings.workloads.end()) continue;
    fmt::print(stderr, "{}: {}\n", workload.name, workload.what);
    for (Row& row : measure(workload, settings, data)) rows.push_back(std::move(row));
  }
  fs::remove_all(settings.directory);
  fmt::print("{} keys, values of {} bytes, {} records, median of {} interleaved rounds\n\n{}",
             settings.keys, settings.value_size, settings.records, settings.rounds,
             as_table(rows, settings.engines));
  if (!settings.json.empty() && !write_json(rows, settings.json)) {
    give_up("cannot write " + settings.json);
  }
  return 0;
}

int list() {
  for (const Workload& workload : kWorkloads)
    fmt::print("workload {:20} {}\n", workload.name, workload.what);
  for (const auto& [name, make] : engines()) fmt::print("engine   {}\n", name);
  for (const std::string_view name : kKeyKindNames) fmt::print("keys     {}\n", name);
  return 0;
}

int main_of(int argc, char** argv) {
  Settings settings;
  std::vector<std::string> all_workloads;
  std::vector<std::string> all_engines;
  for (const Workload& workload : kWorkloads) all_workloads.emplace_back(workload.name);
  for (const auto& [name, make] : engines()) all_engines.push_back(name);
  settings.workloads = all_workloads;
  settings.engines = all_engines;

  CLI::App app{"Runs the same workloads on Kist and its peers, side by side"};
  bool only_list = false;
  app.add_flag("--list", only_list, "List workloads, engines and kinds of keys");
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
  app.add_option("--records", settings.records, "Records")->check(CLI::Range(1000, 100000000));
  app.add_option("--rounds", settings.rounds, "Rounds that count")->check(CLI::Range(1, 1000));
  app.add_option("--json", settings.json, "File to write the figures to");
  std::string parent = fs::temp_directory_path().string();
  app.add_option("--directory", parent, "Where the stores are made")->check(CLI::ExistingDirectory);
  CLI11_PARSE(app, argc, argv);
  if (only_list) return list();
  std::string pattern = parent + "/kist-bench-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) give_up("cannot make a directory in " + parent);
  settings.directory = pattern;
  return bench(settings);
}

}  // namespace
}  // namespace kist::bench

int main(int argc, char** argv) {
  return kist::bench::main_of(argc, argv);
}
