#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {

using engine::Bytes;

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

void erase_pair(World& world) {
  const Target at(world);
  const Pair pair = world.words.pair(at.table);
  const Bytes key = as_bytes(pair.key);
  const Bytes value = as_bytes(pair.value);
  if (world.random.one_in(3)) {
    world.call("erase_if_equal", at.name, pair.key, pair.value);
    agree(at.txn.erase_if_equal(at.handle, key, value), at.table.erase_pair(pair.key, pair.value));
  } else {
    world.call("erase_pair", at.name, pair.key, pair.value);
    agree(at.txn.erase_pair(at.handle, key, value), at.table.erase_pair(pair.key, pair.value));
  }
}

}  // namespace kist::test::model
