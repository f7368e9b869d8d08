#include "tests/bench/measurement.h"

#include <algorithm>
#include <chrono>
#include <fstream>

#include <sys/resource.h>

#include "tests/bench/calls.h"

namespace kist::bench {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

Costs Costs::so_far() {
  Costs costs;
  rusage used = {};
  ::getrusage(RUSAGE_SELF, &used);
  costs.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  const Calls calls = calls_so_far();
  costs.flushes = calls.flushes;
  costs.bytes_written = calls.bytes_written;
  costs.now =
      std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  return costs;
}

std::uint64_t private_bytes() {
  std::ifstream file("/proc/self/status");
  std::string name;
  while (file >> name) {
    std::uint64_t kilobytes = 0;
    if (name == "RssAnon:" && file >> kilobytes) return kilobytes * 1024;
    file.ignore(1000, '\n');
  }
  return 0;
}

Measurement difference(const Costs& before, const Costs& after) {
  Measurement result;
  result.start = before.now;
  result.end = after.now;
  result.metrics["cpu_seconds"] = {after.cpu_seconds - before.cpu_seconds, "s"};
  result.metrics["flushes"] = {static_cast<double>(after.flushes - before.flushes), "1"};
  result.metrics["bytes_written"] = {
      static_cast<double>(after.bytes_written - before.bytes_written), "B"};
  return result;
}

void add_latencies(Measurement& measurement, Latencies latencies) {
  if (latencies.empty()) return;
  const auto at = [&](double share) {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1));
    std::nth_element(latencies.begin(), latencies.begin() + static_cast<std::ptrdiff_t>(index),
                     latencies.end());
    return Metric{static_cast<double>(latencies[index]) / 1000, "us"};
  };
  measurement.metrics["p50_us"] = at(0.50);
  measurement.metrics["p99_us"] = at(0.99);
  measurement.metrics["max_us"] = at(1);
}

void add_rate(Measurement& measurement) {
  measurement.metrics["ops_per_second"] = {
      static_cast<double>(measurement.operations) / (measurement.end - measurement.start), "1/s"};
}

Measurement together(const std::vector<Measurement>& parts) {
  Measurement sum = parts.at(0);
  for (const char* name : {"p50_us", "p99_us", "max_us"}) sum.metrics.erase(name);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    sum.operations += parts[i].operations;
    sum.start = std::min(sum.start, parts[i].start);
    sum.end = std::max(sum.end, parts[i].end);
    sum.digest += parts[i].digest;
    for (auto& [name, metric] : sum.metrics) {
      const auto other = parts[i].metrics.find(name);
      if (other != parts[i].metrics.end()) metric.value += other->second.value;
    }
  }
  return sum;
}

nlohmann::json to_json(const Measurement& measurement) {
  nlohmann::json metrics = nlohmann::json::object();
  for (const auto& [name, metric] : measurement.metrics) {
    metrics[name] = {metric.value, metric.unit};
  }
  return {{"operations", measurement.operations},
          {"start", measurement.start},
          {"end", measurement.end},
          {"digest", measurement.digest},
          {"metrics", metrics}};
}

Measurement from_json(const nlohmann::json& json) {
  Measurement result;
  result.operations = json.at("operations");
  result.start = json.at("start");
  result.end = json.at("end");
  result.digest = json.at("digest");
  for (const auto& [name, metric] : json.at("metrics").items()) {
    result.metrics[name] = {metric.at(0), metric.at(1)};
  }
  return result;
}

}  // namespace kist::bench
