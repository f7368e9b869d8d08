#include "tests/bench/driver.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "tests/bench/process.h"
#include "tests/bench/store_files.h"
#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

constexpr std::size_t kAgedTimes = 10;
constexpr std::uint64_t kAgeingPart = std::uint64_t{1} << 40;

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::ranges::find(list, name) != list.end();
}

/// The stores of one engine.
class Stable {
 public:
  Stable(const Engine& engine, const Dataset& data, std::string directory)
      : engine_(&engine), data_(&data), directory_(std::move(directory)) {}

  /// Puts into place what a workload starts with, and returns where that is.
  std::string prepare(Start start) {
    const std::string copy = directory_ + "/work";
    switch (start) {
      case Start::kEmpty:
        make_empty(copy);
        return copy;
      case Start::kLoaded:
        return loaded();
      case Start::kLoadedCopy:
        copy_store(loaded(), copy);
        return copy;
      case Start::kAged:
        return aged();
      case Start::kAgedCopy:
        copy_store(aged(), copy);
        return copy;
    }
    return {};
  }
  /// Removes what a workload may have changed, so that nothing of it is still to be written.
  void clear() { make_empty(directory_ + "/work"); }

 private:
  std::string loaded() {
    const std::string directory = directory_ + "/loaded";
    if (loaded_) return directory;
    make_empty(directory);
    in_child([&] {
      const auto store = engine_->open({.directory = directory});
      store->session()->put_each(data_->shuffled(), data_->values().stream(0), kBatch, nullptr);
      return nullptr;
    });
    flush_store(directory);
    loaded_ = true;
    return directory;
  }
  std::string aged() {
    const std::string directory = directory_ + "/aged";
    if (aged_) return directory;
    copy_store(loaded(), directory);
    in_child([&] {
      const auto store = engine_->open({.directory = directory});
      const auto session = store->session();
      for (std::size_t i = 0; i < kAgedTimes; ++i) {
        session->put_each(data_->draw(data_->size(), kAgeingPart + i),
                          data_->values().stream(kAgeingPart + i), kBatch, nullptr);
      }
      return nullptr;
    });
    flush_store(directory);
    aged_ = true;
    return directory;
  }

  const Engine* engine_;
  const Dataset* data_;
  std::string directory_;
  bool loaded_ = false;
  bool aged_ = false;
};

/// Digest of all records, for workloads that may have changed them; nothing where the engine cannot
/// say.
std::optional<std::uint64_t> content(const Workload& workload, const Round& round) {
  if (workload.start == Start::kLoaded || workload.start == Start::kAged) return std::nullopt;
  if (workload.may_stop_early) return std::nullopt;
  if (!round.engine().only_workload.empty()) return std::nullopt;
  try {
    return round.open()->session()->scan(true);
  } catch (const Skipped&) {
    return std::nullopt;
  }
}

/// Runs one workload on all engines and holds their digests against each other.
class Race {
 public:
  Race(const Settings& settings, const Dataset& data, const Workload& workload)
      : settings_(settings), data_(data), workload_(workload) {}

  void round(const Engine& engine, Stable& stable, std::uint64_t number) {
    if (out_.contains(engine.name)) return;
    try {
      const std::string directory = stable.prepare(workload_.start);
      const nlohmann::json report = in_child([&] {
        Round round(workload_, engine, data_, directory, number);
        nlohmann::json result = to_json(workload_.run(round));
        // Once is enough: what takes its time here is not measured.
        const auto digest = number == 1 ? content(workload_, round) : std::nullopt;
        if (digest) result["content"] = *digest;
        return result;
      });
      Measurement measurement = from_json(report);
      measurement.metrics["file_bytes"] = {static_cast<double>(store_bytes(directory)), "B"};
      if (!engine.writes_counted) measurement.metrics.erase("bytes_written");
      stable.clear();
      compare(engine, fmt::format("what it read in round {}", number), measurement.digest);
      if (report.contains("content")) {
        compare(engine, "what the store holds at the end", report["content"]);
      }
      for (const auto& [name, metric] : measurement.metrics) {
        rounds_[engine.name][name].push_back(metric);
      }
    } catch (const Skipped& skipped) {
      out_.insert(engine.name);
      stable.clear();
      fmt::print(stderr, "SKIPPED {} of {}: {}\n", workload_.name, engine.name, skipped.what());
      skips_.push_back({workload_.name, engine.name, skipped.what()});
    } catch (const Failure& failure) {
      throw Failure(fmt::format("{} {}: {}", workload_.name, engine.name, failure.what()));
    }
  }

  void report(const std::vector<const Engine*>& engines, Results& results) {
    for (const Engine* engine : engines) {
      for (const auto& [name, metrics] : rounds_[engine->name]) {
        Row row{
            .workload = workload_.name,
            .engine = engine->name,
            .keys = settings_.keys,
            .value_size = workload_.value_size != 0 ? workload_.value_size : settings_.value_size,
            .metric = name,
            .unit = metrics.front().unit};
        for (const Metric& metric : metrics) row.rounds.push_back(metric.value);
        row.value = median(row.rounds);
        results.rows.push_back(std::move(row));
      }
    }
    results.skips.insert(results.skips.end(), skips_.begin(), skips_.end());
  }

 private:
  void compare(const Engine& engine, const std::string& what, std::uint64_t digest) {
    const auto [first, is_first] = digests_.try_emplace(what, engine.name, digest);
    if (!is_first && first->second.second != digest) {
      throw Failure(fmt::format("{} is not that of {}", what, first->second.first));
    }
  }

  const Settings& settings_;
  const Dataset& data_;
  const Workload& workload_;
  std::set<std::string> out_;
  std::map<std::string, std::map<std::string, std::vector<Metric>>> rounds_;
  std::map<std::string, std::pair<std::string, std::uint64_t>> digests_;
  std::vector<Skip> skips_;
};

}  // namespace

Results run(const Settings& settings) {
  const auto kind = std::ranges::find(kKeyKindNames, settings.keys) - std::begin(kKeyKindNames);
  const Dataset data(static_cast<KeyKind>(kind), settings.records, settings.value_size,
                     settings.seed);
  std::map<std::string, Stable> stables;
  for (const Engine& engine : engines()) {
    stables.emplace(engine.name,
                    Stable(engine, data, fmt::format("{}/{}", settings.directory, engine.name)));
  }
  Results results;
  for (const Engine& engine : engines()) {
    if (contains(settings.engines, engine.name)) results.engines.push_back(engine.name);
  }
  for (const Workload& workload : workloads()) {
    if (!contains(settings.workloads, workload.name)) continue;
    std::vector<const Engine*> runners;
    for (const Engine& engine : engines()) {
      const bool meant = engine.only_workload.empty() || engine.only_workload == workload.name;
      if (meant && contains(settings.engines, engine.name)) runners.push_back(&engine);
    }
    fmt::print(stderr, "{}: {}\n", workload.name, workload.what);
    Race race(settings, data, workload);
    for (std::uint64_t number = 1; number <= settings.rounds; ++number) {
      // Another one begins each time, so that none always follows the same.
      for (std::size_t i = 0; i < runners.size(); ++i) {
        const Engine& engine = *runners[(i + number) % runners.size()];
        race.round(engine, stables.at(engine.name), number);
      }
    }
    race.report(runners, results);
  }
  return results;
}

}  // namespace kist::bench
