#include <limits>

#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {

void look_at_sequence(World& world) {
  const Source at(world);
  world.call("sequence", at.name);
  same(at.txn.sequence(at.handle), at.table.sequence);
}

void advance_sequence(World& world) {
  const Target at(world);
  static constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t amount =
      world.random.one_in(20) ? kMost - world.random.below(20) : world.random.below(5);
  world.call("advance_sequence", at.name, amount);
  const Result<std::uint64_t> got = at.txn.advance_sequence(at.handle, amount);
  if (amount > kMost - at.table.sequence) return refused(got, ErrorCode::kInvalidArgument);
  same(got, at.table.sequence);
  at.table.sequence += amount;
}

}  // namespace kist::test::model
