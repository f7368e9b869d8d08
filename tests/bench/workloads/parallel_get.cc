// Reads by two threads, and by two processes, at the same time.

#include <array>

#include "tests/bench/crew.h"
#include "tests/bench/process.h"
#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

KeySpan half(const Dataset& data, std::size_t which) {
  const std::size_t size = data.size() / 2;
  return KeySpan(data.shuffled()).part(which * size, size);
}

/// Also says how many times as fast as one thread two are, one after the other in this process.
Measurement get_in_threads(Round& round) {
  const auto store = round.open();
  double one = 0;
  {
    const auto session = store->session();
    session->scan(true);
    const Measurement alone = round.measure(half(round.data(), 0).size(), [&] {
      return session->get_each(half(round.data(), 0), 0, nullptr);
    });
    one = alone.metrics.at("ops_per_second").value;
  }
  std::array<std::uint64_t, 2> digests = {};
  Crew crew(digests.size(), [&](std::size_t i, const std::function<void()>& ready) {
    const auto session = store->session();
    ready();
    digests[i] = session->get_each(half(round.data(), i), 0, nullptr);
  });
  Measurement result = round.measure(2 * half(round.data(), 0).size(), [&] {
    crew.run();
    return digests[0] + digests[1];
  });
  result.metrics["speedup"] = {result.metrics.at("ops_per_second").value / one, "x"};
  return result;
}

Measurement get_in_processes(Round& round) {
  round.needs_many_processes();
  Gate gate;
  const auto work = [&](std::size_t which) {
    const auto store = round.open();
    const auto session = store->session();
    session->scan(true);
    const KeySpan keys = half(round.data(), which);
    gate.pass();
    return to_json(round.measure(keys.size(), [&] { return session->get_each(keys, 0, nullptr); }));
  };
  Child first([&] { return work(0); });
  Child second([&] { return work(1); });
  gate.open();
  std::vector<Measurement> parts;
  parts.push_back(from_json(first.result()));
  parts.push_back(from_json(second.result()));
  Measurement result = together(parts);
  add_rate(result);
  return result;
}

const WorkloadEntry kGet2Threads({
    .place = 61,
    .name = "get-2-threads",
    .what = "two threads get half of the records each",
    .run = &get_in_threads,
});

const WorkloadEntry kGet2Processes({
    .place = 62,
    .name = "get-2-processes",
    .what = "two processes get half of the records each",
    .run = &get_in_processes,
});

}  // namespace
}  // namespace kist::bench
