#include <utility>

#include "tests/model/families/families.h"

namespace kist::test::model {

void hold_snapshot(World& world) {
  if (world.readers.size() < 8) world.begin_reader();
}

void release_snapshot(World& world) {
  if (world.readers.empty()) return;
  // Not always the oldest, so that gaps open between those that are held.
  const std::size_t which = world.random.below(world.readers.size());
  if (world.random.one_in(world.small() ? 2 : 10)) {
    world.compare(world.view_of(*world.readers[which]));
  }
  std::swap(world.readers[which], world.readers.back());
  world.readers.pop_back();
}

}  // namespace kist::test::model
