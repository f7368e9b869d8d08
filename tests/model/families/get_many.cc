#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {

using engine::Bytes;

void get_many(World& world) {
  const Source at(world);
  std::vector<std::string> keys(world.random.below(40));
  for (std::string& key : keys) key = world.words.key(at.table);
  std::vector<Bytes> wanted;
  for (const std::string& key : keys) wanted.push_back(as_bytes(key));
  std::vector<std::optional<Bytes>> values(keys.size());
  world.call("get_many", at.name, keys.size());
  must(at.txn.get_many(at.handle, wanted, values));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    same(Result<std::optional<Bytes>>(values[i]), at.table.get(keys[i]));
  }
}

}  // namespace kist::test::model
