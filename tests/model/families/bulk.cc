#include <algorithm>

#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {

using engine::Bytes;
using engine::PutMode;
using engine::Record;

void put_many(World& world) {
  const Target at(world);
  std::vector<Pair> pairs(world.random.below(40));
  for (Pair& pair : pairs) pair = world.words.new_pair(at.table);
  if (world.random.one_in(2)) {
    std::ranges::sort(pairs, [&](const Pair& a, const Pair& b) {
      const int order = at.table.compare_keys(a.key, b.key);
      return order != 0 ? order < 0 : at.table.compare_values(a.value, b.value) < 0;
    });
  }
  std::vector<Record> records;
  for (const Pair& pair : pairs) records.push_back({as_bytes(pair.key), as_bytes(pair.value)});
  const PutMode mode = world.random.one_in(3) ? PutMode::kIfAbsent : PutMode::kUpsert;
  world.call("put_many", at.name, pairs.size(), mode);
  agree(at.txn.put_many(at.handle, records, mode), at.table.put_many(pairs, mode));
}

}  // namespace kist::test::model
