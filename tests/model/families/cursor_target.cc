#include "tests/model/families/cursor_target.h"

namespace kist::test::model {

CursorTarget::CursorTarget(World& world, const View& from) : view(from) {
  if (view.cursors->empty()) {
    name = world.some_table(*view.state);
    world.call("cursor", name);
    view.cursors->push_back({must(view.txn->cursor(world.handle(name))), name,
                             view.state->find(name)->identity(), Position::start()});
  }
  const std::size_t which = world.random.below(view.cursors->size());
  at = &(*view.cursors)[which];
  cursor = &at->cursor;
  name = at->table;
  table = view.find(name);
  if (table == nullptr) {
    world.call("first, without a table", name, which);
    refused(cursor->first(), ErrorCode::kTableNotFound);
    require(!cursor->valid(), "a cursor without a table is valid");
    return;
  }
  if (table->identity() != at->identity) {
    // Another table has taken the name.
    world.call("first, in a new table", name, which);
    at->identity = table->identity();
    moved_to(cursor->first(), 0);
  }
  at->position.settle(*table);
}

void CursorTarget::moved(const Result<bool>& got, bool on, Position to, Where where) {
  at->position = std::move(to);
  same(got, on, where);
  look(where);
}

void CursorTarget::moved_to(const Result<bool>& got, std::size_t i, Where where) {
  moved(got, i < table->size(), Position::on(*table, i), where);
}

void CursorTarget::moved_before(const Result<bool>& got, std::size_t i, Where where) {
  moved(got, i > 0, i > 0 ? Position::on(*table, i - 1) : Position::start(), where);
}

void CursorTarget::look(Where where) const {
  const bool on = valid();
  require(cursor->valid() == on, on ? "stands on no record" : "stands on a record", where);
  if (!on) {
    require(cursor->key().empty(), "a key where no record is", where);
    refused(cursor->value(), ErrorCode::kCursorInvalid, where);
    return;
  }
  const Pair& pair = record();
  require(engine::as_text(cursor->key()) == pair.key,
          "stands on " + show(engine::as_text(cursor->key())) + " instead of " + show(pair.key),
          where);
  same(cursor->value(), pair.value, where);
}

}  // namespace kist::test::model
