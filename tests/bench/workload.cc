#include "tests/bench/workload.h"

#include <algorithm>
#include <utility>

namespace kist::bench {
namespace {

std::vector<Workload>& registry() {
  static std::vector<Workload> all;
  return all;
}

}  // namespace

const std::vector<Workload>& workloads() {
  return registry();
}

WorkloadEntry::WorkloadEntry(Workload workload) {
  std::vector<Workload>& all = registry();
  all.insert(std::ranges::upper_bound(all, workload.place, {}, &Workload::place),
             std::move(workload));
}

Round::Round(const Workload& workload, const Engine& engine, const Dataset& data,
             std::string directory, std::uint64_t number)
    : engine_(&engine),
      data_(&data),
      options_{.directory = std::move(directory), .durability = workload.durability},
      number_(number),
      private_before_(private_bytes()) {}

ValuePool::Stream Round::new_values(std::uint64_t part) const {
  return data_->values().stream((number_ << 20) + part);
}

std::size_t Round::scaled(std::size_t most, std::size_t per_thousand) const {
  return std::clamp<std::size_t>(data_->size() * per_thousand / 1000, 1, most);
}

void Round::needs_many_processes() const {
  if (!engine_->many_processes) {
    throw Skipped("its stores can be open in one process only");
  }
}

Measurement Round::measure(std::uint64_t operations, const std::function<std::uint64_t()>& work,
                           Latencies* latencies) const {
  const Costs before = Costs::so_far();
  const std::uint64_t digest = work();
  const Costs after = Costs::so_far();
  Measurement result = difference(before, after);
  result.operations = operations;
  result.digest = digest;
  const std::uint64_t now = private_bytes();
  const std::uint64_t own =
      latencies == nullptr ? 0 : latencies->capacity() * sizeof(std::uint64_t);
  result.metrics["private_bytes"] = {
      static_cast<double>(now - std::min(now, private_before_ + own)), "B"};
  if (latencies != nullptr) add_latencies(result, *latencies);
  add_rate(result);
  return result;
}

}  // namespace kist::bench
