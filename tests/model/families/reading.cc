#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {

void get(World& world) {
  const Source at(world);
  const std::string key = world.words.key(at.table);
  if (world.random.one_in(4)) {
    world.call("contains", at.name, key);
    return same(at.txn.contains(at.handle, as_bytes(key)), at.table.contains(key));
  }
  world.call("get", at.name, key);
  same(at.txn.get(at.handle, as_bytes(key)), at.table.get(key));
}

void look_at_tables(World& world) {
  const View view = world.some_view();
  const std::string name = world.some_table_name();
  const engine::Table handle = world.handle(name);
  const TableModel* table = view.find(name);
  world.call("exists", name);
  same(view.txn->exists(handle), table != nullptr);
  world.call("count", name);
  if (table == nullptr) return refused(view.txn->count(handle), ErrorCode::kTableNotFound);
  same(view.txn->count(handle), table->size());
  world.call("table_options", name);
  engine::TableOptions options = table->options();
  options.value_size = static_cast<std::uint16_t>(table->value_size());
  require(must(view.txn->table_options(handle)) == options, "table_options() are others");
  world.call("table_stats", name);
  const engine::TableStats stats = must(view.txn->table_stats(handle));
  require(stats.records == table->size(), "table_stats() counts other records");
  require((stats.depth == 0) == table->empty(), "only an empty table has no levels");
}

}  // namespace kist::test::model
