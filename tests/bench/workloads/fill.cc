// Filling an empty store.

#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

Measurement fill(Round& round, const Keys& keys) {
  const auto store = round.open();
  const auto session = store->session();
  return round.measure(keys.size(), [&] {
    session->put_each(keys, round.new_values(), kBatch, nullptr);
    return 0;
  });
}

Measurement fill_in_order(Round& round) {
  return fill(round, round.data().sorted());
}

Measurement fill_at_random(Round& round) {
  return fill(round, round.data().shuffled());
}

Measurement bulk_load(Round& round) {
  const Keys& keys = round.data().sorted();
  const auto store = round.open();
  const auto session = store->session();
  return round.measure(keys.size(), [&] {
    session->bulk_load(keys, round.new_values());
    return 0;
  });
}

const WorkloadEntry kFillSeqBatch({
    .place = 10,
    .name = "fillseq-batch",
    .what = "insert in key order, 1,000 a transaction, no flush",
    .start = Start::kEmpty,
    .run = &fill_in_order,
});

const WorkloadEntry kFillRandBatch({
    .place = 11,
    .name = "fillrand-batch",
    .what = "insert in random order, 1,000 a transaction, no flush",
    .start = Start::kEmpty,
    .run = &fill_at_random,
});

const WorkloadEntry kBulkLoad({
    .place = 12,
    .name = "bulk-load",
    .what = "insert in key order by the engine's means for that, no flush",
    .start = Start::kEmpty,
    .run = &bulk_load,
});

}  // namespace
}  // namespace kist::bench
