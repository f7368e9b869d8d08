// Overwriting records of a loaded store, drawn at random.

#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

/// `count` records, `batch` a transaction; what a latency is of.
Measurement overwrite(Round& round, std::size_t count, std::size_t batch) {
  const Keys keys = round.data().draw(count, round.number());
  const auto store = round.open();
  const auto session = store->session();
  session->scan(true);
  Latencies latencies;
  latencies.reserve(count);
  return round.measure(
      count,
      [&] {
        session->put_each(keys, round.new_values(), batch, &latencies);
        return 0;
      },
      &latencies);
}

Measurement overwrite_one(Round& round) {
  return overwrite(round, round.scaled(20000, 100), 1);
}

Measurement commit_one(Round& round) {
  return overwrite(round, round.scaled(500, 50), 1);
}

Measurement commit_batch(Round& round) {
  return overwrite(round, round.scaled(10 * kBatch, 1000), kBatch);
}

const WorkloadEntry kOverwriteOne({
    .place = 20,
    .name = "overwrite-one",
    .what = "overwrite one random record a transaction, no flush",
    .start = Start::kLoadedCopy,
    .run = &overwrite_one,
});

const WorkloadEntry kCommitSyncOne({
    .place = 21,
    .name = "commit-sync-one",
    .what = "overwrite one random record a transaction, flushed",
    .durability = Durability::kDurable,
    .start = Start::kLoadedCopy,
    .run = &commit_one,
});

const WorkloadEntry kCommitSyncBatch({
    .place = 22,
    .name = "commit-sync-batch",
    .what = "overwrite 1,000 random records a transaction, flushed",
    .durability = Durability::kDurable,
    .start = Start::kLoadedCopy,
    .run = &commit_batch,
});

const WorkloadEntry kAgedOverwrite({
    .place = 102,
    .name = "aged-overwrite",
    .what = "overwrite-one in a store that was overwritten ten times over",
    .start = Start::kAgedCopy,
    .run = &overwrite_one,
});

const WorkloadEntry kAgedCommitSyncBatch({
    .place = 103,
    .name = "aged-commit-sync-batch",
    .what = "commit-sync-batch in a store that was overwritten ten times over",
    .durability = Durability::kDurable,
    .start = Start::kAgedCopy,
    .run = &commit_batch,
});

}  // namespace
}  // namespace kist::bench
