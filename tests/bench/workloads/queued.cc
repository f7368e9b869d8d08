// Callers that wait for their writes to be durable, through a queue that commits them in groups.

#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

constexpr std::size_t kCallers = 64;

/// Also says how many times as fast as one caller alone they are.
Measurement queue_64(Round& round) {
  const auto store = round.open();
  const auto session = store->session();
  session->scan(true);
  const KeySpan keys(round.data().shuffled());
  const std::size_t alone = round.scaled(200, 5);
  const std::size_t together = std::min(keys.size() - alone, round.scaled(20000, 500));
  const Measurement one = round.measure(alone, [&] {
    session->put_queued(keys.part(0, alone), round.new_values(1), 1);
    return 0;
  });
  Measurement result = round.measure(together, [&] {
    session->put_queued(keys.part(alone, together), round.new_values(), kCallers);
    return 0;
  });
  result.metrics["speedup"] = {
      result.metrics.at("ops_per_second").value / one.metrics.at("ops_per_second").value, "x"};
  return result;
}

const WorkloadEntry kQueue64({
    .place = 25,
    .name = "queue-64",
    .what = "64 callers at a time wait for their queued write to be flushed; beside one of them",
    .durability = Durability::kDurable,
    .start = Start::kLoadedCopy,
    .run = &queue_64,
});

}  // namespace
}  // namespace kist::bench
