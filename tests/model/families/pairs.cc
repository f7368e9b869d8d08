#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {

void get_pair(World& world) {
  const Source at(world);
  const Pair pair = world.words.pair(at.table);
  if (world.random.one_in(2)) {
    world.call("contains_pair", at.name, pair.key, pair.value);
    return same(at.txn.contains_pair(at.handle, as_bytes(pair.key), as_bytes(pair.value)),
                at.table.contains_pair(pair.key, pair.value));
  }
  world.call("count_values", at.name, pair.key);
  same(at.txn.count_values(at.handle, as_bytes(pair.key)), at.table.count_values(pair.key));
}

}  // namespace kist::test::model
