#include <algorithm>

#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {
namespace {

/// An upper bound: mostly near `from`, so that tables do not vanish at every other call.
std::optional<std::string> upper_bound(World& world, const TableModel& table,
                                       const std::string& from) {
  if (world.random.one_in(world.growing ? 60 : 10)) return std::nullopt;
  if (table.empty() || world.random.one_in(world.growing ? 20 : 4)) return world.words.bound(table);
  const std::size_t near = table.lower(from) + world.random.below(world.growing ? 20 : 300);
  return table.at(std::min(near, table.size() - 1)).key;
}

}  // namespace

void erase_range(World& world) {
  const Target at(world);
  std::optional<std::string> from = world.words.bound(at.table);
  const std::optional<std::string> to = upper_bound(world, at.table, *from);
  if (world.random.one_in(world.growing ? 60 : 10)) from.reset();
  world.call("erase_range", at.name, from, to);
  same(at.txn.erase_range(at.handle, optional_bytes(from), optional_bytes(to)),
       at.table.erase_at(from ? at.table.lower(*from) : 0,
                         to ? at.table.lower(*to) : at.table.size()));
}

void erase_prefix(World& world) {
  const Target at(world);
  const std::string prefix = world.words.prefix(at.table);
  world.call("erase_prefix", at.name, prefix);
  const Result<std::uint64_t> erased = at.txn.erase_prefix(at.handle, as_bytes(prefix));
  if (at.table.key_order_by_function()) {
    return refused(erased, ErrorCode::kMisuse);
  }
  const auto [begin, end] = at.table.with_prefix(prefix);
  same(erased, at.table.erase_at(begin, end));
}

}  // namespace kist::test::model
