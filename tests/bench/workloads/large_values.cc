// Values of 2 MB.

#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

constexpr std::size_t kLarge = 2000000;

/// Writes each in a transaction of its own, then reads all of them; both count as operations.
Measurement large_values(Round& round) {
  const ValuePool values(kLarge, round.number());
  const std::size_t count = round.scaled(32, 10);
  const KeySpan keys = KeySpan(round.data().shuffled()).part(0, count);
  const auto store = round.open();
  const auto session = store->session();
  double written = 0;
  Measurement result = round.measure(2 * count, [&] {
    session->put_each(keys, values.stream(0), 1, nullptr);
    written = Costs::so_far().now;
    return session->get_each(keys, 0, nullptr);
  });
  const auto megabytes = static_cast<double>(count * kLarge) / 1e6;
  result.metrics["write_mb_per_second"] = {megabytes / (written - result.start), "MB/s"};
  result.metrics["read_mb_per_second"] = {megabytes / (result.end - written), "MB/s"};
  return result;
}

const WorkloadEntry kLargeValues({
    .place = 70,
    .name = "large-values",
    .what = "put values of 2 MB, a transaction each, no flush, then get them",
    .start = Start::kEmpty,
    .value_size = kLarge,
    .run = &large_values,
});

}  // namespace
}  // namespace kist::bench
