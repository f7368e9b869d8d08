#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {
namespace {

Reader& some_reader(World& world) {
  if (world.readers.empty()) return world.begin_reader();
  return *world.readers[world.random.below(world.readers.size())];
}

}  // namespace

void renew_reader(World& world) {
  Reader& reader = some_reader(world);
  if (world.random.one_in(2)) {
    world.call("reset");
    reader.txn.reset();
    refused(reader.txn.get({}, {}), ErrorCode::kTransactionEnded);
    for (LiveCursor& at : reader.cursors) {
      refused(at.cursor.next(), ErrorCode::kTransactionEnded);
    }
  }
  world.call("renew");
  same(reader.txn.renew(), reader.id != world.newest_id);
  require(reader.txn.id() == world.newest_id, "renew() does not pin the newest commit");
  reader.id = world.newest_id;
  reader.state = world.committed;
  // The cursors stay, but stand nowhere.
  for (LiveCursor& at : reader.cursors) {
    require(!at.cursor.valid(), "a cursor is valid after renew()");
    const TableModel* table = reader.state.find(at.table);
    at.identity = table != nullptr ? table->identity() : 0;
    at.position = Position::start();
  }
}

void clone_reader(World& world) {
  const Reader& reader = some_reader(world);
  if (world.readers.size() > 8) return;
  world.call("clone");
  auto clone = std::make_unique<Reader>(must(reader.txn.clone()), reader.state, reader.id);
  require(clone->txn.id() == reader.id, "clone() is of another snapshot");
  world.readers.push_back(std::move(clone));
}

void look_at_lag(World& world) {
  const Reader& reader = some_reader(world);
  world.call("lag");
  const std::uint64_t lag = must(reader.txn.lag());
  require(lag <= world.newest_id - reader.id, "lag() is greater than the ids allow");
  require((lag == 0) == (reader.id == world.newest_id), "lag() of another snapshot");
}

}  // namespace kist::test::model
