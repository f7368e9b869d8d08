#include <algorithm>

#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {
namespace {

using engine::CountOf;
using engine::Record;

CountOf some_count(Random& random) {
  return random.one_in(3) ? CountOf::kKeys : CountOf::kPairs;
}

}  // namespace

void rank(World& world) {
  const Source at(world);
  const std::string key = world.words.bound(at.table);
  const CountOf what = some_count(world.random);
  world.call("rank", at.name, key, what);
  same(at.txn.rank(at.handle, as_bytes(key), what), at.table.count(0, at.table.lower(key), what));
}

void count(World& world) {
  const Source at(world);
  const CountOf what = some_count(world.random);
  switch (world.random.below(3)) {
    case 0: {
      world.call("count", at.name, what);
      return same(at.txn.count(at.handle, what), at.table.count(0, at.table.size(), what));
    }
    case 1: {
      const std::string prefix = world.words.prefix(at.table);
      world.call("count_prefix", at.name, prefix, what);
      const Result<std::uint64_t> got = at.txn.count_prefix(at.handle, as_bytes(prefix), what);
      if (at.table.key_order_by_function()) {
        return refused(got, ErrorCode::kMisuse);
      }
      const auto [begin, end] = at.table.with_prefix(prefix);
      return same(got, at.table.count(begin, end, what));
    }
    default: {
      std::optional<std::string> from;
      std::optional<std::string> to;
      if (!world.random.one_in(5)) from = world.words.bound(at.table);
      if (!world.random.one_in(5)) to = world.words.bound(at.table);
      world.call("count_range", at.name, from, to, what);
      const std::size_t begin = from ? at.table.lower(*from) : 0;
      const std::size_t end = to ? at.table.lower(*to) : at.table.size();
      return same(at.txn.count_range(at.handle, optional_bytes(from), optional_bytes(to), what),
                  at.table.count(begin, end, what));
    }
  }
}

void nth(World& world) {
  const Source at(world);
  const CountOf what = some_count(world.random);
  const std::uint64_t n = world.random.below(at.table.size() + 2);
  world.call("nth", at.name, n, what);
  same(at.txn.nth(at.handle, n, what), at.table.nth(n, what));
}

void split(World& world) {
  const Source at(world);
  const std::size_t parts = world.random.between(1, 12);
  std::optional<std::string> from;
  if (world.random.one_in(2)) from = world.words.bound(at.table);
  std::optional<std::string> to;
  if (!world.random.one_in(2)) to = world.words.bound(at.table);
  world.call("split", at.name, parts, from, to);
  const std::vector<std::string> cuts =
      must(at.txn.split(at.handle, parts, optional_bytes(from), optional_bytes(to)));

  const std::size_t begin = from ? at.table.lower(*from) : 0;
  const std::size_t end = std::max(begin, to ? at.table.lower(*to) : at.table.size());
  require(cuts.size() < parts, "split() returns too many keys");
  if (!at.table.multi()) {
    require(cuts.size() == std::min(parts, std::max<std::size_t>(end - begin, 1)) - 1,
            "split() returns " + std::to_string(cuts.size()) + " keys for " +
                std::to_string(end - begin) + " records");
  }
  std::size_t last = begin;
  std::size_t shortest = end - begin;
  std::size_t longest = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t cut = i == cuts.size() ? end : at.table.lower(cuts[i]);
    require(cut == end || (at.table.same_key(cut, cuts[i]) && cut < end), "split() cuts at no key");
    require(cut > last || begin == end, "a part of split() is empty");
    shortest = std::min(shortest, cut - last);
    longest = std::max(longest, cut - last);
    last = cut;
  }
  if (!at.table.multi()) require(longest - shortest <= 1, "split() makes unequal parts");
}

void sample(World& world) {
  const Source at(world);
  const std::size_t n = world.random.below(12);
  const std::uint64_t seed = world.random.below(5);
  world.call("sample", at.name, n, seed);
  const std::vector<Record> records = must(at.txn.sample(at.handle, n, seed));
  require(records.size() == (at.table.empty() ? 0 : n), "sample() returns another number");
  const std::vector<Record> again = must(at.txn.sample(at.handle, n, seed));
  for (std::size_t i = 0; i < records.size(); ++i) {
    require(comparable(records[i]) == comparable(again[i]), "sample() does not repeat itself");
    const auto [key, value] = comparable(records[i]);
    require(at.table.contains_pair(key, value), "sample() invents " + show(key));
  }
}

}  // namespace kist::test::model
