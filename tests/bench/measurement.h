#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/bench/engine.h"

namespace kist::bench {

/// A figure and what it counts.
struct Metric {
  double value = 0;
  std::string unit;
};

/// What one run of one workload gave.
struct Measurement {
  std::uint64_t operations = 0;
  double start = 0;  ///< Seconds on the machine's steady clock, the same in all processes.
  double end = 0;
  std::uint64_t digest = 0;  ///< Of everything that was read; must be the same for all engines.
  std::map<std::string, Metric> metrics;  ///< All but ops_per_second, which add_rate() adds.
};

/// Where a process stands; the difference of two is what something took.
struct Costs {
  double now = 0;  ///< Seconds on the steady clock.
  double cpu_seconds = 0;
  std::uint64_t flushes = 0;
  std::uint64_t bytes_written = 0;

  static Costs so_far();
};

/// Bytes of memory that only this process has, files not counted.
std::uint64_t private_bytes();

/// Of operations that took place between two moments.
Measurement difference(const Costs& before, const Costs& after);
/// Adds p50_us, p99_us and max_us; nothing for no latencies.
void add_latencies(Measurement& measurement, Latencies latencies);
/// Adds ops_per_second.
void add_rate(Measurement& measurement);
/// What several processes or threads did at the same time, taken together: sums, from the earliest
/// start to the latest end. Percentiles are not kept.
Measurement together(const std::vector<Measurement>& parts);

nlohmann::json to_json(const Measurement& measurement);
Measurement from_json(const nlohmann::json& json);

}  // namespace kist::bench
