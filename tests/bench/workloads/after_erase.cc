// Small commits after very many pages were given up in one transaction.

#include <algorithm>
#include <chrono>

#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

constexpr std::size_t kCommits = 1000;
constexpr std::size_t kPasses = 10;

/// The first three quarters of a sorted store are erased in one transaction. What is measured are
/// the commits of one record after that; `before_p50_us` and `before_p99_us` are the same commits
/// before it, `erase_seconds` is the transaction itself.
Measurement after_erase(Round& round) {
  const Keys& sorted = round.data().sorted();
  const std::size_t erased = sorted.size() / 4 * 3;
  const KeySpan keys(sorted, erased, std::min(kCommits, sorted.size() - erased));
  const auto store = round.open();
  const auto session = store->session();
  session->bulk_load(sorted, round.new_values());

  Measurement before;
  Latencies earlier;
  for (std::size_t pass = 0; pass < kPasses; ++pass) {
    session->put_each(keys, round.new_values(1 + pass), 1, &earlier);
  }
  add_latencies(before, std::move(earlier));

  const auto start = std::chrono::steady_clock::now();
  session->erase_range(sorted[0], sorted[erased]);
  const std::chrono::duration<double> erasing = std::chrono::steady_clock::now() - start;

  Latencies latencies;
  latencies.reserve(keys.size() * kPasses);
  Measurement result = round.measure(
      keys.size() * kPasses,
      [&] {
        for (std::size_t pass = 0; pass < kPasses; ++pass) {
          session->put_each(keys, round.new_values(1 + kPasses + pass), 1, &latencies);
        }
        return 0;
      },
      &latencies);
  result.metrics["erase_seconds"] = {erasing.count(), "s"};
  result.metrics["before_p50_us"] = before.metrics["p50_us"];
  result.metrics["before_p99_us"] = before.metrics["p99_us"];
  return result;
}

const WorkloadEntry kAfterErase({
    .place = 105,
    .name = "after-erase",
    .what =
        "overwrite one record a transaction after three quarters of the store were erased in one",
    .start = Start::kEmpty,
    .run = &after_erase,
});

}  // namespace
}  // namespace kist::bench
