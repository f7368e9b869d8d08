#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {
namespace {

using engine::Bytes;

/// Everything that a transaction with an open one within must refuse.
void use_outer(World& world) {
  Level& outer = world.levels[world.random.below(world.levels.size() - 1)];
  const engine::Table table = world.handle(world.some_table(outer.state));
  const Bytes key = as_bytes("key");
  const auto which = world.random.below(12);
  world.call("use of an outer transaction", which);
  constexpr ErrorCode kMisuse = ErrorCode::kMisuse;
  switch (which) {
    case 0:
      return refused(outer.txn.get(table, key), kMisuse);
    case 1:
      return refused(outer.txn.put(table, key, key), kMisuse);
    case 2:
      return refused(outer.txn.erase(table, key), kMisuse);
    case 3:
      return refused(outer.txn.count(table), kMisuse);
    case 4:
      return refused(outer.txn.nested(), kMisuse);
    case 5:
      return refused(outer.txn.savepoint(), kMisuse);
    case 6:
      return refused(outer.txn.read_uncommitted(), kMisuse);
    case 7:
      return refused(outer.txn.cursor(table), kMisuse);
    case 8:
      return refused(outer.txn.table_names(), kMisuse);
    case 9:
      return refused(outer.txn.clear(table), kMisuse);
    case 10:
      return refused(outer.txn.create_table(world.handle("one"), true), kMisuse);
    default:
      for (LiveCursor& at : outer.cursors) {
        refused(at.cursor.next(), kMisuse);
        refused(at.cursor.seek(key), kMisuse);
        require(!at.cursor.valid(), "a cursor of an outer transaction is valid");
      }
  }
}

}  // namespace

void misuse(World& world) {
  if (world.levels.size() > 1 && !world.random.one_in(4)) return use_outer(world);
  switch (world.random.below(4)) {
    case 0:
      world.call("a second write transaction");
      refused(world.database->write(std::chrono::milliseconds(0)), ErrorCode::kBusy);
      return refused(world.database->write(), ErrorCode::kMisuse);
    case 1:
      if (world.levels.size() < 2) return;
      world.call("commit_and_continue of a nested transaction");
      return refused(world.level().txn.commit_and_continue(), ErrorCode::kMisuse);
    case 2: {
      const std::string missing = "no such table";
      world.call("use of a missing table");
      const engine::Table table = world.handle(missing);
      refused(world.level().txn.get(table, as_bytes("key")), ErrorCode::kTableNotFound);
      refused(world.level().txn.put(table, as_bytes("key"), {}), ErrorCode::kTableNotFound);
      refused(world.level().txn.cursor(table), ErrorCode::kTableNotFound);
      return refused(world.level().txn.clear(table), ErrorCode::kTableNotFound);
    }
    default: {
      world.call("use of a transaction that has ended");
      engine::ReadTxn txn = must(world.database->read());
      engine::Cursor cursor = must(txn.cursor({}));
      if (world.random.one_in(2)) same(cursor.first(), !world.committed.find("")->empty());
      txn.end();
      refused(txn.get({}, as_bytes("key")), ErrorCode::kTransactionEnded);
      refused(cursor.next(), ErrorCode::kTransactionEnded);
      return refused(cursor.seek(as_bytes("key")), ErrorCode::kTransactionEnded);
    }
  }
}

}  // namespace kist::test::model
