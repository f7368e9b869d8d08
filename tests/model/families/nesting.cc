#include "tests/model/families/families.h"

namespace kist::test::model {

namespace {

/// A savepoint that is no longer one.
void use_forgotten(World& world, const engine::Savepoint& savepoint) {
  if (!world.random.one_in(4)) return;
  world.call("use of a forgotten savepoint");
  refused(world.level().txn.rollback_to(savepoint), ErrorCode::kMisuse);
  refused(world.level().txn.release(savepoint), ErrorCode::kMisuse);
}

}  // namespace

void begin_nested(World& world) {
  if (world.levels.size() > 4) return;
  Level& outer = world.level();
  world.call("nested");
  engine::WriteTxn inner = must(outer.txn.nested());
  world.levels.push_back({.txn = std::move(inner),
                          .state = outer.state,
                          .left = world.random.between(1, world.mean_transaction)});
}

void mark_savepoint(World& world) {
  Level& level = world.level();
  if (level.marks.size() > 4) return;
  world.call("savepoint", level.marks.size());
  level.marks.push_back({must(level.txn.savepoint()), level.state});
}

void roll_back(World& world) {
  Level& level = world.level();
  if (level.marks.empty()) return;
  const std::size_t which = world.random.below(level.marks.size());
  world.call("rollback_to", which);
  level.touched = true;
  must(level.txn.rollback_to(level.marks[which].savepoint));
  level.state = level.marks[which].state;
  level.marks.resize(which + 1);
}

void release_savepoint(World& world) {
  Level& level = world.level();
  if (level.marks.empty()) return;
  const std::size_t which = world.random.below(level.marks.size());
  world.call("release", which);
  const engine::Savepoint savepoint = level.marks[which].savepoint;
  must(level.txn.release(savepoint));
  level.marks.resize(which);
  use_forgotten(world, savepoint);
}

}  // namespace kist::test::model
