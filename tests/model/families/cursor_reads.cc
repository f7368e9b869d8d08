#include <algorithm>
#include <array>

#include "tests/model/families/cursor_target.h"
#include "tests/model/families/families.h"

namespace kist::test::model {
namespace {

using engine::Bytes;
using engine::Record;

void read_records(World& world, CursorTarget& at) {
  std::array<Record, 30> records;
  const std::span<Record> room = std::span(records).first(world.random.below(records.size()));
  const std::size_t begin = at.rank() + (at.valid() ? 1 : 0);
  const std::size_t many = std::min(room.size(), at.table->size() - begin);
  world.call("read", at.name, begin, room.size());
  same(at.cursor->read(room), many);
  for (std::size_t i = 0; i < many; ++i) {
    require(comparable(room[i]) == comparable(at.table->at(begin + i)), "read() gives others");
  }
  if (many > 0) {
    at.at->position = Position::on(*at.table, begin + many - 1);
  } else if (!room.empty()) {
    at.at->position = Position::end();
  }
  at.look();
}

void read_values(World& world, CursorTarget& at) {
  std::array<Bytes, 30> values;
  const std::span<Bytes> room = std::span(values).first(world.random.between(1, values.size()));
  world.call("read_values", at.name, at.rank(), room.size());
  const Result<std::size_t> got = at.cursor->read_values(room);
  if (!at.valid()) return refused(got, ErrorCode::kCursorInvalid);
  const std::size_t begin = at.rank();
  const std::size_t many = std::min(room.size(), at.table->upper(at.record().key) - begin);
  same(got, many);
  for (std::size_t i = 0; i < many; ++i) {
    require(engine::as_text(room[i]) == at.table->at(begin + i).value,
            "read_values() gives others");
  }
  at.at->position = Position::on(*at.table, begin + many - 1);
  at.look();
}

void read_value_block(World& world, CursorTarget& at) {
  world.call("read_value_block", at.name, at.rank());
  const Result<Bytes> got = at.cursor->read_value_block();
  if (!at.valid()) return refused(got, ErrorCode::kCursorInvalid);
  if (at.table->value_size() == 0) return refused(got, ErrorCode::kMisuse);
  must(Result<void>(got ? Result<void>() : std::unexpected(got.error())));
  const std::size_t size = at.table->value_size();
  const std::size_t begin = at.rank();
  const std::size_t many = got->size() / size;
  require(many > 0 && got->size() % size == 0, "a block of values is cut");
  require(begin + many <= at.table->upper(at.record().key), "a block of values is too long");
  for (std::size_t i = 0; i < many; ++i) {
    require(engine::as_text(got->subspan(i * size, size)) == at.table->at(begin + i).value,
            "a block has other values");
  }
  at.at->position = Position::on(*at.table, begin + many - 1);
  at.look();
}

void scan(World& world, CursorTarget& at) {
  std::uint64_t left = world.random.between(1, 30);
  std::size_t place = at.rank() + (at.valid() ? 1 : 0);
  world.call("scan", at.name, place, left);
  must(at.cursor->scan([&](const Record& record) {
    require(place < at.table->size(), "scan() goes on behind the end");
    require(comparable(record) == comparable(at.table->at(place)), "scan() gives others");
    ++place;
    return --left > 0;
  }));
  require(left == 0 || place == at.table->size(), "scan() ends early");
  at.at->position = left == 0 ? Position::on(*at.table, place - 1) : Position::end();
  at.look();
}

}  // namespace

void read_with_cursor(World& world) {
  CursorTarget at(world);
  if (!at) return;
  switch (world.random.below(4)) {
    case 0:
      return read_records(world, at);
    case 1:
      return read_values(world, at);
    case 2:
      return read_value_block(world, at);
    default:
      return scan(world, at);
  }
}

void look_where_cursor_is(World& world) {
  CursorTarget at(world);
  if (!at) return;
  const std::size_t place = at.rank();
  switch (world.random.below(4)) {
    case 0:
      world.call("rank", at.name, place);
      return same(at.cursor->rank(), place);
    case 1:
      world.call("on_first", at.name, place);
      return same(at.cursor->on_first(), at.valid() && place == 0);
    case 2:
      world.call("on_last", at.name, place);
      return same(at.cursor->on_last(), at.valid() && place + 1 == at.table->size());
    default:
      world.call("off", at.name, place);
      require(at.cursor->off() == (at.at->position.place != Position::Place::kAt),
              "off() contradicts the model");
      return at.look();
  }
}

void compare_cursors(World& world) {
  CursorTarget at(world);
  if (!at) return;
  LiveCursor& other = (*at.view.cursors)[world.random.below(at.view.cursors->size())];
  if (other.table == at.name && other.identity != at.at->identity) return;
  const bool compares = world.random.one_in(2);
  world.call(compares ? "compare" : "distance", at.name, other.table);
  const auto compared = [&]() -> Result<std::int64_t> {
    if (!compares) return at.cursor->distance(other.cursor);
    KIST_ASSIGN(const int order, at.cursor->compare(other.cursor));
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  };
  if (other.table != at.name) {
    const TableModel* its = at.view.find(other.table);
    if (its == nullptr) return;
    if (other.identity == its->identity()) other.position.settle(*its);
    return refused(compared(), ErrorCode::kMisuse);
  }
  other.position.settle(*at.table);
  if (compares) return same(compared(), at.at->position.compare(*at.table, other.position));
  same(compared(), static_cast<std::int64_t>(other.position.rank(*at.table)) -
                       static_cast<std::int64_t>(at.rank()));
}

void open_cursor(World& world) {
  const View view = world.some_view();
  if (view.cursors->size() < 6) {
    const std::string name = world.some_table(*view.state);
    world.call("cursor", name);
    view.cursors->push_back({must(view.txn->cursor(world.handle(name))), name,
                             view.find(name)->identity(), Position::start()});
  } else {
    world.call("close a cursor");
    view.cursors->erase(view.cursors->begin() +
                        static_cast<std::ptrdiff_t>(world.random.below(view.cursors->size())));
  }
}

void copy_cursor(World& world) {
  CursorTarget at(world);
  if (!at) return;
  LiveCursor& other = (*at.view.cursors)[world.random.below(at.view.cursors->size())];
  if (world.random.one_in(2)) {
    world.call("assign a cursor", at.name, other.table);
    other = *at.at;
  } else if (at.view.cursors->size() < 6) {
    world.call("copy a cursor", at.name);
    at.view.cursors->push_back(LiveCursor(*at.at));
  } else {
    world.call("move a cursor", at.name);
    LiveCursor moved(std::move(*at.at));
    *at.at = std::move(moved);
  }
}

void rebind_cursor(World& world) {
  CursorTarget at(world);
  if (!at) return;
  const View to = world.some_view();
  const TableModel* table = to.find(at.name);
  world.call("rebind", at.name);
  must(at.cursor->rebind(*to.txn));
  LiveCursor cursor = *at.at;
  cursor.position = Position::start();
  cursor.identity = table != nullptr ? table->identity() : 0;
  at.view.cursors->erase(at.view.cursors->begin() + (at.at - at.view.cursors->data()));
  to.cursors->push_back(std::move(cursor));
}

}  // namespace kist::test::model
