#include "tests/model/ending.h"

#include <utility>

namespace kist::test::model {
namespace {

using engine::Durability;

std::uint64_t some_length(World& world) {
  return world.random.between(1, 2 * world.mean_transaction);
}

/// Compares what the transaction shows just before it ends, now and then.
void look_back(World& world) {
  if (world.random.one_in(world.small() ? 20 : 200)) world.compare(world.writer());
}

void abort(World& world) {
  world.call("abort");
  if (world.random.one_in(2)) world.level().txn.abort();
  world.levels.pop_back();
}

}  // namespace

void begin_writer(World& world) {
  world.transaction_start = world.operations;
  ++world.figures.transactions;
  world.call("write");
  world.levels.push_back(
      {.txn = must(world.database->write()), .state = world.committed, .left = some_length(world)});
}

void commit(World& world) {
  look_back(world);
  Level& level = world.level();
  const auto durability = world.random.one_in(100) ? Durability::kDurable : Durability::kRelaxed;
  world.call("commit", durability == Durability::kDurable ? "durable" : "relaxed");
  const std::uint64_t id = must(level.txn.commit(durability));
  require(id >= world.newest_id, "commit() returned an id that is not new");
  if (!level.touched) require(id == world.newest_id, "a commit of nothing has a new id");
  world.newest_id = id;
  world.committed = level.state;
  world.levels.pop_back();
  if (world.small() || world.random.one_in(50)) world.check();
}

void end_level(World& world) {
  if (world.random.one_in(10)) return abort(world);
  commit(world);
}

}  // namespace kist::test::model
