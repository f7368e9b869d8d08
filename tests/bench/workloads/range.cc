// Reads of many records in order, and counts and removals of ranges.

#include <random>

#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

Measurement scan(Round& round, bool forward) {
  const auto store = round.open();
  const auto session = store->session();
  session->scan(forward);
  return round.measure(round.data().size(), [&] { return session->scan(forward); });
}

Measurement scan_forward(Round& round) {
  return scan(round, true);
}

Measurement scan_backward(Round& round) {
  return scan(round, false);
}

Measurement range_10(Round& round) {
  const Keys from = round.data().draw(round.scaled(1U << 20, 200), round.number());
  const auto store = round.open();
  const auto session = store->session();
  session->scan(true);
  return round.measure(from.size(), [&] { return session->ranges(from, 10); });
}

/// Ranges of a hundredth of all records each.
Measurement count_range(Round& round) {
  const Keys& sorted = round.data().sorted();
  const std::size_t span = sorted.size() / 100;
  std::mt19937_64 random(round.number());
  Keys from;
  Keys to;
  for (std::size_t i = round.scaled(200, 100); i > 0; --i) {
    const std::size_t begin = random() % (sorted.size() - span);
    from.add(sorted[begin]);
    to.add(sorted[begin + span]);
  }
  const auto store = round.open();
  const auto session = store->session();
  session->scan(true);
  Measurement result = round.measure(from.size(), [&] { return session->count_ranges(from, to); });
  if (result.digest != from.size() * span) throw Failure("a range was counted wrong");
  return result;
}

/// The half in the middle. An operation is a record removed.
Measurement erase_half(Round& round) {
  const Keys& sorted = round.data().sorted();
  const std::size_t begin = sorted.size() / 4;
  const std::size_t end = begin + sorted.size() / 2;
  const auto store = round.open();
  const auto session = store->session();
  session->scan(true);
  return round.measure(end - begin, [&] {
    session->erase_range(sorted[begin], sorted[end]);
    return 0;
  });
}

const WorkloadEntry kScan({
    .place = 50,
    .name = "scan",
    .what = "every record in order",
    .run = &scan_forward,
});

const WorkloadEntry kScanReverse({
    .place = 51,
    .name = "scan-reverse",
    .what = "every record in reverse order",
    .run = &scan_backward,
});

const WorkloadEntry kRange10({
    .place = 52,
    .name = "range-10",
    .what = "ten records from a random key on",
    .run = &range_10,
});

const WorkloadEntry kCountRange({
    .place = 53,
    .name = "count-range",
    .what = "count the records of a random range, a hundredth of all",
    .run = &count_range,
});

const WorkloadEntry kEraseHalf({
    .place = 54,
    .name = "erase-half",
    .what = "remove the half of the records in the middle, no flush",
    .start = Start::kLoadedCopy,
    .run = &erase_half,
});

const WorkloadEntry kAgedScan({
    .place = 101,
    .name = "aged-scan",
    .what = "scan in a store that was overwritten ten times over",
    .start = Start::kAged,
    .run = &scan_forward,
});

}  // namespace
}  // namespace kist::bench
