// Many threads that commit at the same time.

#include <mutex>

#include "tests/bench/crew.h"
#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

constexpr std::size_t kCommitters = 16;

Measurement commit_together(Round& round) {
  // Each has records of its own, so that the end is the same whoever comes first.
  const std::size_t share = round.data().size() / kCommitters;
  const std::size_t each = std::min(round.scaled(50, 5), share);
  const auto store = round.open();
  store->session()->scan(true);
  std::mutex mutex;
  Latencies latencies;
  Crew crew(kCommitters, [&](std::size_t i, const std::function<void()>& ready) {
    const KeySpan keys = KeySpan(round.data().shuffled()).part(i * share, each);
    const auto session = store->session();
    Latencies own;
    own.reserve(each);
    ready();
    session->put_each(keys, round.new_values(i), 1, &own);
    const std::scoped_lock lock(mutex);
    latencies.insert(latencies.end(), own.begin(), own.end());
  });
  return round.measure(
      kCommitters * each,
      [&] {
        crew.run();
        return 0;
      },
      &latencies);
}

const WorkloadEntry kCommitSync16({
    .place = 23,
    .name = "commit-sync-16",
    .what = "16 threads overwrite one record a transaction each, flushed",
    .durability = Durability::kDurable,
    .start = Start::kLoadedCopy,
    .run = &commit_together,
});

}  // namespace
}  // namespace kist::bench
