#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {
namespace {

using engine::Table;

void create(World& world, const std::string& name) {
  Level& level = world.level();
  const engine::TableOptions options = world.words.options();
  const TableModel* there = level.state.find(name);
  const bool exist_ok = world.random.one_in(3);
  world.call("create_table", name, exist_ok);
  const Result<void> created = level.txn.create_table(world.handle(name), options, exist_ok);
  if (there == nullptr) {
    must(created);
    level.state.create(name, world.new_table(options));
  } else if (!exist_ok) {
    refused(created, ErrorCode::kTableExists);
  } else if (there->options() == options) {
    must(created);
  } else {
    refused(created, ErrorCode::kOptionConflict);
  }
}

void drop(World& world, const std::string& name) {
  Level& level = world.level();
  world.call("drop_table", name);
  const Result<void> dropped = level.txn.drop_table(world.handle(name));
  if (level.state.find(name) == nullptr) return refused(dropped, ErrorCode::kTableNotFound);
  must(dropped);
  level.state.drop(name);
}

void rename(World& world, const std::string& from, const std::string& to) {
  Level& level = world.level();
  world.call("rename_table", from, to);
  const Result<void> renamed = level.txn.rename_table(world.handle(from), world.handle(to));
  if (level.state.find(from) == nullptr) return refused(renamed, ErrorCode::kTableNotFound);
  if (level.state.find(to) != nullptr) return refused(renamed, ErrorCode::kTableExists);
  must(renamed);
  level.state.rename(from, to);
}

void clear(World& world) {
  const Target at(world);
  world.call("clear", at.name, at.table.size());
  same(at.txn.clear(at.handle), at.table.erase_at(0, at.table.size()));
}

}  // namespace

void change_tables(World& world) {
  Level& level = world.level();
  level.touched = true;
  const std::string name = world.some_table_name();
  if (level.state.find(name) == nullptr && !world.random.one_in(10)) return create(world, name);
  // Tables live for some time, but all of them end.
  const std::uint64_t dice = world.random.below(world.growing ? 40 : 8);
  if (dice == 0) return drop(world, name);
  if (dice == 1) return clear(world);
  if (world.random.one_in(2)) return create(world, name);
  rename(world, name, world.some_table_name());
}

}  // namespace kist::test::model
