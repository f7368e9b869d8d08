// Making a store as small as it goes.

#include <filesystem>

#include "tests/bench/store_files.h"
#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

/// In place or into a copy, as the engine does it. An operation is a record.
Measurement compaction(Round& round) {
  const std::string copy = round.directory() + ".compact";
  make_empty(copy);
  Measurement result;
  {
    const auto store = round.open();
    const auto session = store->session();
    session->scan(true);
    result = round.measure(round.data().size(), [&] {
      session->compact(copy);
      return 0;
    });
  }
  const std::uint64_t copied = store_bytes(copy);
  std::filesystem::remove_all(copy);
  result.metrics["compacted_bytes"] = {
      static_cast<double>(copied > 0 ? copied : store_bytes(round.directory())), "B"};
  return result;
}

const WorkloadEntry kCompaction({
    .place = 90,
    .name = "compaction",
    .what = "compact a store that was filled at random",
    .start = Start::kLoadedCopy,
    .run = &compaction,
});

}  // namespace
}  // namespace kist::bench
