// Opening a store.

#include "tests/bench/process.h"
#include "tests/bench/store_files.h"
#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

Measurement open_close(Round& round) {
  const std::size_t times = round.scaled(20, 10);
  Latencies latencies;
  latencies.reserve(times);
  return round.measure(
      times,
      [&] {
        double last = Costs::so_far().now;
        for (std::size_t i = 0; i < times; ++i) {
          round.open();
          const double now = Costs::so_far().now;
          latencies.push_back(static_cast<std::uint64_t>((now - last) * 1e9));
          last = now;
        }
        return 0;
      },
      &latencies);
}

/// Each time: nothing of the store is in memory, a new process opens it and gets one record.
Measurement cold_first_value(Round& round) {
  const std::size_t times = round.scaled(10, 5);
  const Keys keys = round.data().draw(times, round.number());
  Latencies latencies;
  std::vector<Measurement> parts;
  double seconds = 0;
  for (std::size_t i = 0; i < times; ++i) {
    evict_store(round.directory());
    parts.push_back(from_json(in_child([&] {
      std::unique_ptr<Store> store;
      std::unique_ptr<Session> session;
      return to_json(round.measure(1, [&] {
        store = round.open();
        session = store->session();
        return session->get_each(KeySpan(keys).part(i, 1), 0, nullptr);
      }));
    })));
    const double took = parts.back().end - parts.back().start;
    seconds += took;
    latencies.push_back(static_cast<std::uint64_t>(took * 1e9));
  }
  Measurement result = together(parts);
  result.metrics["private_bytes"].value /= static_cast<double>(times);
  result.end = result.start + seconds;  // without the time between them
  add_rate(result);
  add_latencies(result, latencies);
  return result;
}

const WorkloadEntry kOpenClose({
    .place = 80,
    .name = "open-close",
    .what = "open and close the store, its pages in memory",
    .run = &open_close,
});

const WorkloadEntry kColdFirstValue({
    .place = 81,
    .name = "cold-first-value",
    .what = "a new process opens the store and gets one record, nothing of it in memory",
    .run = &cold_first_value,
});

}  // namespace
}  // namespace kist::bench
