#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {
namespace {

using engine::Bytes;
using engine::PutMode;

PutMode some_mode(Random& random) {
  return random.one_in(3) ? static_cast<PutMode>(random.below(4)) : PutMode::kUpsert;
}

/// Sometimes a key or a value that the table must refuse.
void spoil(World& world, const TableModel& table, Pair& pair) {
  if (!world.random.one_in(200)) return;
  const std::size_t longest = world.database->max_key_size();
  if (table.value_size() != 0 && world.random.one_in(2)) {
    pair.value.resize(table.value_size() + world.random.between(1, 3));
  } else if (table.key_size() != 0) {
    pair.key.resize(world.random.one_in(2) ? table.key_size() - 1 : table.key_size() + 1);
  } else {
    pair.key.resize(longest + world.random.between(1, 3), 'x');
  }
}

}  // namespace

void put(World& world) {
  const Target at(world);
  Pair pair = world.random.one_in(4) ? world.words.pair(at.table) : world.words.new_pair(at.table);
  spoil(world, at.table, pair);
  const PutMode mode = some_mode(world.random);
  world.call("put", at.name, pair.key, pair.value, mode);
  agree(at.txn.put(at.handle, as_bytes(pair.key), as_bytes(pair.value), mode),
        at.table.put(pair.key, pair.value, mode));
}

void append(World& world) {
  const Target at(world);
  if (at.table.empty()) return put(world);
  // A successor of the last pair, where one is to be found by chance.
  Pair pair = world.words.pair(at.table);
  for (int tries = 0; tries < 4; ++tries) {
    if (at.table.upper(pair.key, pair.value) == at.table.size()) break;
    pair = world.words.pair(at.table);
    if (at.table.key_size() == 0 && world.random.one_in(2)) {
      pair.key = (at.table.at(at.table.size() - 1).key + world.random.bytes(1))
                     .substr(0, world.database->max_key_size());
    }
  }
  world.call("put", at.name, pair.key, pair.value, PutMode::kAppend);
  agree(at.txn.put(at.handle, as_bytes(pair.key), as_bytes(pair.value), PutMode::kAppend),
        at.table.put(pair.key, pair.value, PutMode::kAppend));
}

void erase(World& world) {
  const Target at(world);
  const std::string key = world.words.key(at.table);
  // Whole groups only now and then.
  if (at.table.multi() && !world.random.one_in(6)) return;
  world.call("erase", at.name, key);
  agree(at.txn.erase(at.handle, as_bytes(key)), at.table.erase(key));
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
