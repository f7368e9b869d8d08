#include "tests/model/families/families.h"

namespace kist::test::model {

void read_uncommitted(World& world) {
  Level& level = world.level();
  if (level.uncommitted.size() > 3) return;
  if (!level.uncommitted.empty() && world.random.one_in(3)) {
    const Reader& reader = *level.uncommitted[world.random.below(level.uncommitted.size())];
    world.call("clone of an uncommitted reader");
    level.uncommitted.push_back(
        std::make_unique<Reader>(must(reader.txn.clone()), reader.state, reader.id));
    return;
  }
  world.call("read_uncommitted");
  level.uncommitted.push_back(
      std::make_unique<Reader>(must(level.txn.read_uncommitted()), level.state, level.txn.id()));
}

void end_uncommitted(World& world) {
  Level& level = world.level();
  if (level.uncommitted.empty()) return;
  const std::size_t which = world.random.below(level.uncommitted.size());
  if (world.random.one_in(world.small() ? 2 : 10)) {
    world.compare(world.view_of(*level.uncommitted[which]));
  }
  world.call("end", which);
  level.uncommitted[which]->txn.end();
  level.uncommitted.erase(level.uncommitted.begin() + static_cast<std::ptrdiff_t>(which));
}

}  // namespace kist::test::model
