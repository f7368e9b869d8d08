// Many threads, and many processes, that commit at the same time.

#include <deque>
#include <mutex>

#include "tests/bench/crew.h"
#include "tests/bench/process.h"
#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

constexpr std::size_t kCommitters = 16;

/// What each of them does. Each has records of its own, so that the end is the same whoever comes
/// first.
KeySpan keys_of(const Round& round, std::size_t committer) {
  const std::size_t share = round.data().size() / kCommitters;
  const std::size_t each = std::min(round.scaled(50, 5), share);
  return KeySpan(round.data().shuffled()).part(committer * share, each);
}

/// The rate of one alone, in this process, beforehand.
double rate_of_one(Round& round, Store& store) {
  const auto session = store.session();
  session->scan(true);
  const KeySpan keys = keys_of(round, 0);
  const Measurement alone = round.measure(keys.size(), [&] {
    session->put_each(keys, round.new_values(kCommitters), 1, nullptr);
    return 0;
  });
  return alone.metrics.at("ops_per_second").value;
}

Measurement with_speedup(Measurement result, double one) {
  result.metrics["speedup"] = {result.metrics.at("ops_per_second").value / one, "x"};
  return result;
}

/// Also says how many times as fast as one alone they are.
Measurement commit_in_threads(Round& round) {
  const auto store = round.open();
  const double one = rate_of_one(round, *store);
  const std::size_t each = keys_of(round, 0).size();
  std::mutex mutex;
  Latencies latencies;
  Crew crew(kCommitters, [&](std::size_t i, const std::function<void()>& ready) {
    const KeySpan keys = keys_of(round, i);
    const auto session = store->session();
    Latencies own;
    own.reserve(each);
    ready();
    session->put_each(keys, round.new_values(i), 1, &own);
    const std::scoped_lock lock(mutex);
    latencies.insert(latencies.end(), own.begin(), own.end());
  });
  const Measurement result = round.measure(
      kCommitters * each,
      [&] {
        crew.run();
        return 0;
      },
      &latencies);
  return with_speedup(result, one);
}

/// The same with processes.
Measurement commit_in_processes(Round& round) {
  round.needs_many_processes();
  const double one = in_child([&] { return rate_of_one(round, *round.open()); });
  Gate gate;
  std::deque<Child> committers;
  for (std::size_t i = 0; i < kCommitters; ++i) {
    committers.emplace_back([&, i] {
      const auto store = round.open();
      const auto session = store->session();
      const KeySpan keys = keys_of(round, i);
      session->get_each(keys, 0, nullptr);
      gate.pass();
      return to_json(round.measure(keys.size(), [&] {
        session->put_each(keys, round.new_values(i), 1, nullptr);
        return 0;
      }));
    });
  }
  gate.open();
  std::vector<Measurement> parts;
  for (Child& committer : committers) parts.push_back(from_json(committer.result()));
  Measurement result = together(parts);
  add_rate(result);
  return with_speedup(result, one);
}

const WorkloadEntry kCommitSync16({
    .place = 23,
    .name = "commit-sync-16",
    .what = "16 threads overwrite one record a transaction each, flushed",
    .durability = Durability::kDurable,
    .start = Start::kLoadedCopy,
    .run = &commit_in_threads,
});

const WorkloadEntry kCommitSync16Processes({
    .place = 24,
    .name = "commit-sync-16-processes",
    .what = "16 processes overwrite one record a transaction each, flushed",
    .durability = Durability::kDurable,
    .start = Start::kLoadedCopy,
    .run = &commit_in_processes,
});

}  // namespace
}  // namespace kist::bench
