#include "tests/model/families/cursor_target.h"
#include "tests/model/families/families.h"

namespace kist::test::model {
namespace {

using engine::PutMode;

/// Gives the record another value.
void put_value(World& world, CursorTarget& at) {
  const std::string value = at.valid() ? world.words.value(*at.table, at.record().key) : "value";
  world.call("put at the cursor", at.name, at.rank(), value);
  const Result<void> stored = at.cursor->put(as_bytes(value));
  if (at.view.write == nullptr) return refused(stored, ErrorCode::kReadOnly);
  if (!at.valid()) return refused(stored, ErrorCode::kCursorInvalid);
  const Pair old = at.record();
  if (const auto refusal = at.table->refuses(old.key, value)) return refused(stored, *refusal);
  must(stored);
  TableModel& table = at.view.state->change(at.name);
  at.table = &table;
  if (table.multi()) table.erase_pair(old.key, old.value).value();
  table.put(old.key, value).value();
  at.at->position = table.multi() ? Position::at(old.key, value) : Position::at(old.key);
  at.look();
}

void put_record(World& world, CursorTarget& at) {
  const Pair pair = world.words.pair(*at.table);
  const auto mode =
      world.random.one_in(3) ? static_cast<PutMode>(world.random.below(4)) : PutMode::kUpsert;
  world.call("put by the cursor", at.name, pair.key, pair.value, mode);
  const Result<bool> stored = at.cursor->put(as_bytes(pair.key), as_bytes(pair.value), mode);
  if (at.view.write == nullptr) return refused(stored, ErrorCode::kReadOnly);
  TableModel& table = at.view.state->change(at.name);
  at.table = &table;
  const Outcome<bool> put = table.put(pair.key, pair.value, mode);
  agree(stored, put);
  if (put) {
    // To the pair that it stored or found, or to the first of the key.
    const bool pair_is_there = table.multi() && (*put || mode == PutMode::kUpsert);
    at.at->position = pair_is_there ? Position::at(pair.key, pair.value) : Position::at(pair.key);
  }
  at.at->position.settle(table);
  at.look();
}

void erase_record(World& world, CursorTarget& at) {
  const bool whole = world.random.one_in(at.table->multi() ? 10 : 2);
  world.call(whole ? "erase_key at the cursor" : "erase at the cursor", at.name, at.rank());
  const Result<bool> erased = whole ? at.cursor->erase_key() : at.cursor->erase();
  if (at.view.write == nullptr) return refused(erased, ErrorCode::kReadOnly);
  const bool on = at.valid();
  same(erased, on);
  if (on) {
    const Pair pair = at.record();
    TableModel& table = at.view.state->change(at.name);
    at.table = &table;
    if (whole) {
      table.erase(pair.key).value();
    } else {
      table.erase_pair(pair.key, pair.value).value();
    }
  }
  at.look();
}

}  // namespace

void write_with_cursor(World& world) {
  CursorTarget at(world, world.random.one_in(20) ? world.some_view() : world.writer());
  if (!at) return;
  if (at.view.write != nullptr) world.level().touched = true;
  switch (world.random.below(world.growing ? 5 : 8)) {
    case 0:
      return put_value(world, at);
    case 1:
    case 2:
      return put_record(world, at);
    default:
      return erase_record(world, at);
  }
}

}  // namespace kist::test::model
