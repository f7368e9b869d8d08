#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {

void compare_and_set(World& world) {
  const Target at(world);
  const std::string key = world.words.key(at.table);
  std::optional<std::string> expected;
  if (!world.random.one_in(4)) {
    expected = world.random.one_in(4) ? world.words.value(at.table, key)
                                      : std::optional<std::string>(at.table.get(key));
  }
  std::optional<std::string> value;
  if (!world.random.one_in(3)) value = world.words.value(at.table, key);
  world.call("compare_and_set", at.name, key, expected, value);
  agree(at.txn.compare_and_set(at.handle, as_bytes(key), optional_bytes(expected),
                               optional_bytes(value)),
        at.table.compare_and_set(key, expected, value));
}

void replace(World& world) {
  const Target at(world);
  const std::string key = world.words.key(at.table);
  const std::string value = world.words.value(at.table, key);
  world.call("replace", at.name, key, value);
  agree(at.txn.replace(at.handle, as_bytes(key), as_bytes(value)), at.table.replace(key, value));
}

void take(World& world) {
  const Target at(world);
  const std::string key = world.words.key(at.table);
  world.call("take", at.name, key);
  agree(at.txn.take(at.handle, as_bytes(key)), at.table.take(key));
}

}  // namespace kist::test::model
