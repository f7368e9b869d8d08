// Reads of single records.

#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

constexpr std::size_t kMany = 64;

/// Every page is in memory, mapped and verified before the clock starts.
template <typename Read>
Measurement read_all(Round& round, Read read) {
  const Keys& keys = round.data().shuffled();
  const auto store = round.open();
  const auto session = store->session();
  session->scan(true);
  return round.measure(keys.size(), [&] { return read(*session, keys); });
}

Measurement get_random(Round& round) {
  return read_all(
      round, [](Session& session, const Keys& keys) { return session.get_each(keys, 0, nullptr); });
}

Measurement get_random_txn(Round& round) {
  return read_all(
      round, [](Session& session, const Keys& keys) { return session.get_each(keys, 1, nullptr); });
}

Measurement get_many(Round& round) {
  return read_all(round,
                  [](Session& session, const Keys& keys) { return session.get_many(keys, kMany); });
}

const WorkloadEntry kGetRandom({
    .place = 40,
    .name = "get-random",
    .what = "get every record in random order, one read transaction",
    .run = &get_random,
});

const WorkloadEntry kGetRandomTxn({
    .place = 41,
    .name = "get-random-txn",
    .what = "get every record in random order, a read transaction each",
    .run = &get_random_txn,
});

const WorkloadEntry kGetMany({
    .place = 42,
    .name = "get-many",
    .what = "get every record in random order, 64 at a time",
    .run = &get_many,
});

const WorkloadEntry kAgedGet({
    .place = 100,
    .name = "aged-get",
    .what = "get-random in a store that was overwritten ten times over",
    .start = Start::kAged,
    .run = &get_random,
});

}  // namespace
}  // namespace kist::bench
