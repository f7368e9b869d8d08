// Reads from a store of which a fourth fits in memory.

#include <algorithm>

#include <fmt/format.h>

#include "tests/bench/memory_limit.h"
#include "tests/bench/process.h"
#include "tests/bench/store_files.h"
#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

/// What a process needs beside the store.
constexpr std::uint64_t kLeast = std::uint64_t{64} << 20;
constexpr double kSeconds = 3;
constexpr std::size_t kSlice = 100;
constexpr std::size_t kMostSlices = 1000;

Measurement get_some(Round& round, const Keys& keys) {
  const auto store = round.open();
  const auto session = store->session();
  std::uint64_t first = 0;
  std::uint64_t slices = 0;
  Measurement result = round.measure(0, [&] {
    const double end = Costs::so_far().now + kSeconds;
    for (; slices < kMostSlices && (slices == 0 || Costs::so_far().now < end); ++slices) {
      const KeySpan slice = KeySpan(keys).part(slices * kSlice, kSlice);
      const std::uint64_t digest = session->get_each(slice, 0, nullptr);
      if (slices == 0) first = digest;
    }
    return first;
  });
  result.operations = slices * kSlice;
  add_rate(result);
  return result;
}

Measurement larger_than_memory(Round& round) {
  const std::uint64_t limit = std::max(kLeast, round.data().bytes() / 4);
  if (round.data().bytes() < 2 * limit) {
    throw Skipped(fmt::format("records and values of {} MB are too few for the least limit, {} MB",
                              round.data().bytes() >> 20, kLeast >> 20));
  }
  // As many as come in the time: one get may read much.
  const Keys keys = round.data().draw(kMostSlices * kSlice, round.number());
  const MemoryLimit memory(limit);
  evict_store(round.directory());
  round.options().cache_bytes = limit / 4;
  round.options().larger_than_memory = true;
  try {
    return from_json(in_child([&] {
      memory.enter();
      return to_json(get_some(round, keys));
    }));
  } catch (const Killed& killed) {
    throw Skipped(fmt::format("{} with {} MB of memory", killed.what(), limit >> 20));
  }
}

const WorkloadEntry kLargerThanMemory({
    .place = 82,
    .name = "larger-than-memory",
    .what = "get random records in a cgroup whose memory is a fourth of the data",
    .run = &larger_than_memory,
});

}  // namespace
}  // namespace kist::bench
