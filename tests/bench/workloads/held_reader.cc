// Overwriting while one read transaction stays open: what it makes of the file.

#include <algorithm>

#include "tests/bench/store_files.h"
#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

constexpr std::size_t kKeys = 10'000;
constexpr std::size_t kOverwritesOfEach = 100;

/// Each of the first 10,000 keys a hundred times, one a transaction, until the engine's map is
/// full. `overwrites` tells how far it came, `times_the_size` what became of the file.
Measurement held_reader(Round& round) {
  round.options().map_bytes = std::uint64_t{2} << 30;
  const Keys& all = round.data().shuffled();
  const KeySpan keys(all, 0, std::min(kKeys, all.size()));
  const auto store = round.open();
  const auto session = store->session();
  session->put_each(keys, round.new_values(), kBatch, nullptr);
  const std::uint64_t before = store_bytes(round.directory());
  const Step hold[] = {{Step::Kind::kBeginRead}, {Step::Kind::kGet, keys[0]}};
  session->perform(hold, round.new_values(1), nullptr);
  std::size_t overwrites = 0;
  Latencies latencies;
  latencies.reserve(keys.size() * kOverwritesOfEach);
  Measurement result = round.measure(
      keys.size() * kOverwritesOfEach,
      [&] {
        try {
          for (std::size_t pass = 0; pass < kOverwritesOfEach; ++pass) {
            session->put_each(keys, round.new_values(2 + pass), 1, &latencies);
            overwrites += keys.size();
          }
        } catch (const Failure&) {
          // The file may not become longer.
        }
        return 0;
      },
      &latencies);
  result.operations = std::max<std::size_t>(overwrites, 1);
  const auto after = static_cast<double>(store_bytes(round.directory()));
  result.metrics["overwrites"] = {static_cast<double>(overwrites), ""};
  result.metrics["times_the_size"] = {after / static_cast<double>(before), ""};
  return result;
}

const WorkloadEntry kHeldReader({
    .place = 104,
    .name = "held-reader",
    .what = "overwrite 10,000 records 100 times over, one a transaction, while a reader stays open",
    .start = Start::kEmpty,
    .may_stop_early = true,
    .run = &held_reader,
});

}  // namespace
}  // namespace kist::bench
