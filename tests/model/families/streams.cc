#include <algorithm>

#include <kist/engine/value_stream.h>

#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {
namespace {

using engine::Bytes;
using engine::ValueReader;
using engine::ValueWriter;

std::string some_large_value(World& world) {
  if (world.random.one_in(10)) return world.random.bytes(world.random.below(300'000));
  return world.random.bytes(world.random.below(3 * std::min(world.round.page_size, 16384U)));
}

/// Another write while the stream is open.
void write_something(World& world) {
  switch (world.random.below(4)) {
    case 0:
      return put(world);
    case 1:
      return erase(world);
    case 2:
      return take(world);
    default:
      return;
  }
}

}  // namespace

void write_stream(World& world) {
  Level& level = world.level();
  level.touched = true;
  const std::string name = world.some_table(level.state);
  const std::string key = world.words.key(*level.state.find(name));
  const std::string value = some_large_value(world);
  world.call("stream_value", name, key, value.size());
  Result<ValueWriter> writer =
      level.txn.stream_value(world.handle(name), as_bytes(key), value.size());
  if (level.state.find(name)->multi()) return refused(writer, ErrorCode::kMisuse);
  must(Result<void>(writer ? Result<void>() : std::unexpected(writer.error())));
  const bool give_up = world.random.one_in(5);
  const std::size_t end = give_up ? world.random.below(value.size() + 1) : value.size();
  for (std::size_t at = 0; at < end;) {
    const std::size_t piece = std::min<std::size_t>(end - at, world.random.between(1, 100'000));
    world.call("write", piece);
    must(writer->write(as_bytes(value).subspan(at, piece)));
    at += piece;
    if (world.random.one_in(3)) write_something(world);
  }
  if (end < value.size()) {
    if (!world.random.one_in(3)) return;
    world.call("finish too early");
    return refused(writer->finish(), ErrorCode::kMisuse);
  }
  refused(writer->write(as_bytes("x")), ErrorCode::kValueTooLong);
  if (give_up) return;
  world.call("finish");
  must(writer->finish());
  level.state.change(name).put(key, value).value();
  refused(writer->finish(), ErrorCode::kMisuse);
}

void read_stream(World& world) {
  const Source at(world);
  const std::string key = world.words.key(at.table);
  world.call("open_value", at.name, key);
  std::optional<ValueReader> reader = must(at.txn.open_value(at.handle, as_bytes(key)));
  const std::optional<std::string_view> value = at.table.get(key);
  require(reader.has_value() == value.has_value(), "open_value() finds wrongly");
  if (!reader) return;
  require(reader->size() == value->size(), "a stream has another size than its value");
  std::vector<std::uint8_t> piece(world.random.between(1, 100'000));
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t offset = world.random.below(value->size() + 2);
    world.call("read", offset, piece.size());
    const std::size_t got = must(reader->read(offset, piece));
    const std::string_view want =
        offset >= value->size() ? std::string_view() : value->substr(offset, piece.size());
    require(engine::as_text(Bytes(piece).first(got)) == want, "a stream reads other bytes");
  }
}

}  // namespace kist::test::model
