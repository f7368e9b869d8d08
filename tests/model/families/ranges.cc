#include <algorithm>

#include <kist/engine/range.h>

#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {
namespace {

using engine::Range;
using engine::RangeOptions;
using engine::Record;

RangeOptions some_range(World& world, const TableModel& table) {
  RangeOptions options;
  if (world.random.one_in(4)) {
    options.prefix = world.words.prefix(table);
  } else {
    if (!world.random.one_in(3)) options.from = world.words.bound(table);
    if (!world.random.one_in(3)) options.to = world.words.bound(table);
    options.from_open = world.random.one_in(3);
    options.to_closed = world.random.one_in(3);
  }
  options.reverse = world.random.one_in(2);
  if (world.random.one_in(3)) options.offset = world.random.below(20);
  // Long ones only now and then.
  if (!world.random.one_in(30)) options.limit = world.random.below(30);
  return options;
}

std::vector<const Pair*> expected(const TableModel& table, const RangeOptions& options) {
  std::size_t begin = 0;
  std::size_t end = table.size();
  if (options.prefix) {
    std::tie(begin, end) = table.with_prefix(*options.prefix);
  } else {
    if (options.from) {
      begin = options.from_open ? table.upper(*options.from) : table.lower(*options.from);
    }
    if (options.to) end = options.to_closed ? table.upper(*options.to) : table.lower(*options.to);
  }
  if (begin >= end) return {};
  std::vector<const Pair*> pairs(table.pairs().begin() + static_cast<std::ptrdiff_t>(begin),
                                 table.pairs().begin() + static_cast<std::ptrdiff_t>(end));
  if (options.reverse) std::ranges::reverse(pairs);
  const auto skipped =
      static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(options.offset, pairs.size()));
  pairs.erase(pairs.begin(), pairs.begin() + skipped);
  if (pairs.size() > options.limit) pairs.resize(options.limit);
  return pairs;
}

}  // namespace

void walk_range(World& world) {
  const Source at(world);
  const RangeOptions options = some_range(world, at.table);
  world.call("range", at.name, options.from, options.to, options.prefix, options.reverse,
             options.offset, options.limit);
  Result<Range> range = at.txn.range(at.handle, options);
  if (options.prefix && at.table.key_order_by_function()) {
    return refused(range, ErrorCode::kMisuse);
  }
  must(Result<void>(range ? Result<void>() : std::unexpected(range.error())));
  const std::vector<const Pair*> pairs = expected(at.table, options);
  // Some are left in the middle.
  std::size_t left =
      world.random.one_in(4) ? world.random.below(pairs.size() + 1) : ~std::size_t{0};
  auto pair = pairs.begin();
  for (const Result<Record>& record : *range) {
    if (left-- == 0) return;
    require(pair != pairs.end(), "a range goes on behind its end");
    same(record, **pair++);
  }
  require(pair == pairs.end(), "a range ends early");
}

}  // namespace kist::test::model
