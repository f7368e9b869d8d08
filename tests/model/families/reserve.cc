#include <algorithm>

#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {

void reserve(World& world) {
  const Target at(world);
  const std::string key = world.words.key(at.table);
  const std::string value = world.words.value(at.table, key);
  world.call("reserve", at.name, key, value);
  const Result<std::span<std::uint8_t>> room =
      at.txn.reserve(at.handle, as_bytes(key), value.size());
  if (at.table.multi()) return refused(room, ErrorCode::kMisuse);
  must(room);
  require(room->size() == value.size(), "reserve() gives another size");
  require(std::ranges::all_of(*room, [](std::uint8_t byte) { return byte == 0; }),
          "reserved bytes are not zero");
  std::ranges::copy(as_bytes(value), room->begin());
  at.table.put(key, value).value();
  same(at.txn.get(at.handle, as_bytes(key)), at.table.get(key));
}

}  // namespace kist::test::model
