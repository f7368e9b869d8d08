// Small transactions of everything, and reads mixed with a few writes.

#include <random>

#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

/// Steps whose keys lie in memory in the order of the steps.
class Plan {
 public:
  void add(Step::Kind kind) { steps_.push_back({kind}); }
  void add(Step::Kind kind, std::string_view key) {
    add(kind);
    keys_.add(key);
  }
  /// To be called once everything was added.
  const std::vector<Step>& steps() {
    std::size_t next = 0;
    for (Step& step : steps_) {
      const bool has_key = step.kind == Step::Kind::kGet || step.kind == Step::Kind::kGetOwn ||
                           step.kind == Step::Kind::kPut || step.kind == Step::Kind::kErase;
      if (has_key) step.key = keys_[next++];
    }
    return steps_;
  }

 private:
  std::vector<Step> steps_;
  Keys keys_;
};

Measurement perform(Round& round, Plan& plan, std::size_t operations, std::size_t transactions) {
  const std::vector<Step>& steps = plan.steps();
  const auto store = round.open();
  const auto session = store->session();
  session->scan(true);
  Latencies latencies;
  latencies.reserve(transactions);
  return round.measure(
      operations, [&] { return session->perform(steps, round.new_values(), &latencies); },
      &latencies);
}

/// An operation is a whole transaction: two inserts, a read, an update, a delete.
Measurement crud(Round& round, std::size_t transactions) {
  const Dataset& data = round.data();
  const Keys fresh = data.fresh(2 * transactions);
  std::mt19937_64 random(round.number());
  // Those that are read and updated are none of those that are deleted.
  const std::size_t kept = data.size() - transactions;
  Plan plan;
  for (std::size_t i = 0; i < transactions; ++i) {
    plan.add(Step::Kind::kBeginWrite);
    plan.add(Step::Kind::kPut, fresh[2 * i]);
    plan.add(Step::Kind::kPut, fresh[2 * i + 1]);
    plan.add(Step::Kind::kGetOwn, data.shuffled()[random() % kept]);
    plan.add(Step::Kind::kPut, data.shuffled()[random() % kept]);
    plan.add(Step::Kind::kErase, data.shuffled()[kept + i]);
    plan.add(Step::Kind::kCommit);
  }
  return perform(round, plan, transactions, transactions);
}

Measurement crud_relaxed(Round& round) {
  return crud(round, round.scaled(20000, 100));
}

Measurement crud_durable(Round& round) {
  return crud(round, round.scaled(500, 50));
}

/// Every read and every write in a transaction of its own.
Measurement mixed(Round& round) {
  constexpr std::size_t kOneWriteIn = 20;
  const std::size_t operations = round.scaled(200000, 1000);
  const Keys keys = round.data().draw(operations, round.number());
  Plan plan;
  for (std::size_t i = 0; i < operations; ++i) {
    const bool writes = i % kOneWriteIn == 0;
    plan.add(writes ? Step::Kind::kBeginWrite : Step::Kind::kBeginRead);
    plan.add(writes ? Step::Kind::kPut : Step::Kind::kGet, keys[i]);
    plan.add(writes ? Step::Kind::kCommit : Step::Kind::kEndRead);
  }
  Measurement result = perform(round, plan, operations, operations / kOneWriteIn + 1);
  for (const char* name : {"p50_us", "p99_us", "max_us"}) result.metrics.erase(name);
  return result;
}

const WorkloadEntry kCrud({
    .place = 30,
    .name = "crud",
    .what = "2 inserts, a read, an update, a delete a transaction, no flush",
    .start = Start::kLoadedCopy,
    .run = &crud_relaxed,
});

const WorkloadEntry kCrudSync({
    .place = 31,
    .name = "crud-sync",
    .what = "2 inserts, a read, an update, a delete a transaction, flushed",
    .durability = Durability::kDurable,
    .start = Start::kLoadedCopy,
    .run = &crud_durable,
});

const WorkloadEntry kMixed({
    .place = 60,
    .name = "mixed-95-5",
    .what = "95 gets and 5 overwrites in 100, a transaction each, no flush",
    .start = Start::kLoadedCopy,
    .run = &mixed,
});

}  // namespace
}  // namespace kist::bench
