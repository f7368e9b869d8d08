#pragma once

#include <string>
#include <vector>

#include "tests/bench/dataset.h"
#include "tests/bench/report.h"

namespace kist::bench {

/// What to run.
struct Settings {
  std::vector<std::string> workloads;
  std::vector<std::string> engines;
  std::string keys{kKeyKindNames[0]};
  std::size_t value_size = 100;
  std::size_t records = 200000;
  std::size_t rounds = 5;
  std::uint64_t seed = 20261120;
  std::string directory;  ///< Where the stores are made; everything in it is removed afterwards.
};

/// Runs every workload on every engine, all engines in turn in each round, each run in a process of
/// its own. Throws Failure when an engine fails or did not read what the others read.
Results run(const Settings& settings);

}  // namespace kist::bench
