#include "tests/model/ending.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace kist::test::model {
namespace {

using engine::Durability;

std::uint64_t some_length(World& world) {
  return world.random.between(1, 2 * world.mean_transaction);
}

/// Compares what the transaction and its uncommitted readers show just before it ends, now and
/// then.
void look_back(World& world) {
  const std::uint64_t seldom = world.small() ? 20 : 200;
  if (world.random.one_in(seldom)) world.compare(world.writer());
  for (const auto& reader : world.level().uncommitted) {
    if (world.random.one_in(seldom)) world.compare(world.view_of(*reader));
  }
}

/// What belongs to a transaction that has ended must say so.
void look_at_the_ended(Level& level) {
  for (LiveCursor& at : level.cursors) {
    refused(at.cursor.next(), ErrorCode::kTransactionEnded);
    refused(at.cursor.first(), ErrorCode::kTransactionEnded);
    require(!at.cursor.valid(), "a cursor is valid after its transaction");
  }
  for (const auto& reader : level.uncommitted) {
    refused(reader->txn.get({}, {}), ErrorCode::kTransactionEnded);
  }
  refused(level.txn.get({}, {}), ErrorCode::kTransactionEnded);
}

void leave(World& world) {
  if (world.random.one_in(4)) look_at_the_ended(world.level());
  world.levels.pop_back();
}

void abort(World& world) {
  world.call("abort");
  if (world.random.one_in(2)) {
    world.level().txn.abort();
    leave(world);
  } else {
    world.levels.pop_back();
  }
}

/// The end of an outer transaction ends all within it.
void abort_an_outer_one(World& world) {
  const std::size_t which = world.random.below(world.levels.size() - 1);
  world.call("abort of an outer transaction", which);
  world.levels[which].txn.abort();
  while (world.levels.size() > which) {
    look_at_the_ended(world.level());
    world.levels.pop_back();
  }
}

void commit_nested(World& world) {
  look_back(world);
  world.call("commit of a nested transaction");
  Level& inner = world.level();
  Level& outer = world.levels[world.levels.size() - 2];
  must(inner.txn.commit());
  outer.state = inner.state;
  outer.touched = outer.touched || inner.touched;
  leave(world);
}

Durability some_durability(World& world) {
  return world.random.one_in(100) ? Durability::kDurable : Durability::kRelaxed;
}

/// The commit of the outermost transaction has returned `id`.
void committed(World& world, std::uint64_t id) {
  Level& level = world.level();
  require(id >= world.newest_id, "a commit has an id that is not new");
  if (!level.touched) require(id == world.newest_id, "a commit of nothing has a new id");
  world.newest_id = id;
  world.committed = level.state;
  const std::uint64_t size = world.committed.records();
  world.figures.largest = std::max(world.figures.largest, size);
  world.figures.sum_of_sizes += size;
}

void check_sometimes(World& world) {
  if (world.small() || world.random.one_in(50)) world.check();
}

void commit_and_continue(World& world) {
  look_back(world);
  world.transaction_start = world.operations;
  ++world.figures.transactions;
  world.call("commit_and_continue");
  Level& level = world.level();
  committed(world, must(level.txn.commit_and_continue(some_durability(world))));
  require(level.txn.id() == world.newest_id, "goes on from another snapshot");
  for (const auto& reader : level.uncommitted) {
    refused(reader->txn.get({}, {}), ErrorCode::kTransactionEnded);
  }
  level.uncommitted.clear();
  level.marks.clear();
  level.touched = false;
  level.left = some_length(world);
  check_sometimes(world);
}

void commit_and_read(World& world) {
  look_back(world);
  world.call("commit_and_read");
  engine::ReadTxn txn = must(world.level().txn.commit_and_read(some_durability(world)));
  committed(world, txn.id());
  leave(world);
  world.readers.push_back(
      std::make_unique<Reader>(std::move(txn), world.committed, world.newest_id));
  check_sometimes(world);
}

/// The write transaction, made of a reader where one can be; else nothing.
std::optional<engine::WriteTxn> upgraded(World& world) {
  if (world.readers.empty()) return std::nullopt;
  const std::size_t which = world.random.below(world.readers.size());
  Reader& reader = *world.readers[which];
  world.call("upgrade", which);
  Result<engine::WriteTxn> txn = world.database->upgrade(reader.txn);
  if (reader.id != world.newest_id) {
    refused(txn, ErrorCode::kConflict);
    return std::nullopt;
  }
  must(Result<void>(txn ? Result<void>() : std::unexpected(txn.error())));
  refused(reader.txn.get({}, {}), ErrorCode::kTransactionEnded);
  world.readers.erase(world.readers.begin() + static_cast<std::ptrdiff_t>(which));
  return std::move(*txn);
}

}  // namespace

void begin_writer(World& world) {
  world.transaction_start = world.operations;
  ++world.figures.transactions;
  std::optional<engine::WriteTxn> txn;
  if (world.random.one_in(8)) txn = upgraded(world);
  if (!txn) {
    world.call("write");
    txn = must(world.database->write());
  }
  require(txn->id() == world.newest_id, "write() begins on another snapshot than the newest");
  world.levels.push_back(
      {.txn = std::move(*txn), .state = world.committed, .left = some_length(world)});
}

void commit(World& world) {
  look_back(world);
  const Durability durability = some_durability(world);
  world.call("commit", durability == Durability::kDurable ? "durable" : "relaxed");
  committed(world, must(world.level().txn.commit(durability)));
  leave(world);
  check_sometimes(world);
}

void end_level(World& world) {
  if (world.levels.size() > 1 && world.random.one_in(12)) return abort_an_outer_one(world);
  if (world.random.one_in(world.levels.size() > 1 ? 3 : 10)) return abort(world);
  if (world.levels.size() > 1) return commit_nested(world);
  if (world.random.one_in(6)) return commit_and_continue(world);
  if (world.random.one_in(6)) return commit_and_read(world);
  commit(world);
}

}  // namespace kist::test::model
