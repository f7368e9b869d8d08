#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {

/// Stores a record made of spans that the transaction itself returned.
void put_own_bytes(World& world) {
  const Target at(world);
  const std::string from = world.words.known_key(at.table);
  const std::optional<engine::Bytes> value = must(at.txn.get(at.handle, as_bytes(from)));
  if (!value) return;
  engine::Cursor cursor = must(at.txn.cursor(at.handle));
  if (!must(cursor.seek(as_bytes(world.words.key(at.table))))) return;
  const std::string key = engine::to_string(cursor.key());
  const std::string copy = engine::to_string(*value);
  world.call("put of own bytes", at.name, key, copy);
  switch (world.random.below(3)) {
    case 0:
      return agree(at.txn.put(at.handle, cursor.key(), *value), at.table.put(key, copy));
    case 1:
      return agree(at.txn.replace(at.handle, cursor.key(), *value), at.table.replace(key, copy));
    default:
      return agree(at.txn.erase_pair(at.handle, cursor.key(), *value),
                   at.table.erase_pair(key, copy));
  }
}

/// Bytes that are said to outlive the next write do.
void keep_bytes(World& world) {
  const Target at(world);
  const std::string key = world.words.known_key(at.table);
  const std::optional<engine::Bytes> value = must(at.txn.get(at.handle, as_bytes(key)));
  if (!value) return;
  const std::string copy = engine::to_string(*value);
  world.call("outlives_writes", at.name, key);
  const bool outlives = at.txn.outlives_writes(*value);
  switch (world.random.below(3)) {
    case 0:
      erase(world);
      break;
    case 1:
      take(world);
      break;
    default:
      put(world);
  }
  if (outlives)
    require(engine::as_text(*value) == copy, "bytes change that were to outlive a write");
}

}  // namespace kist::test::model
