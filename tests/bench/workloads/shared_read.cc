// One process writes, another one reads what the first has written.

#include <atomic>
#include <chrono>
#include <new>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <sys/mman.h>

#include "tests/bench/process.h"
#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kMostRecords = 10000;
constexpr auto kPace = 1ms;  // one write each, for engines that keep up
constexpr auto kPatience = 120s;

/// How far the two are, in memory that they share.
class Progress {
 public:
  enum Phase : int { kLoading, kWriting, kWritten, kRead, kFailed };

  Progress() {
    void* memory = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw Failure("no shared memory");
    phase_ = new (memory) std::atomic<int>(kLoading);
  }
  ~Progress() { ::munmap(phase_, sizeof *phase_); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void reach(Phase phase) { phase_->store(phase); }
  bool reached(Phase phase) const { return phase_->load() >= phase; }
  void wait_for(Phase phase) const {
    const Clock::time_point end = Clock::now() + kPatience;
    while (!reached(phase)) {
      if (Clock::now() > end) throw Failure("the other process is not getting on");
      std::this_thread::sleep_for(100us);
    }
    if (reached(kFailed)) throw Failure("the other process failed");
  }
  /// `work` in a child; when it fails, the other one does not wait for it.
  template <typename Work>
  auto guarded(Work work) {
    return [this, work]() -> nlohmann::json {
      try {
        return work();
      } catch (...) {
        reach(kFailed);
        throw;
      }
    };
  }

 private:
  std::atomic<int>* phase_;
};

nlohmann::json write(Round& round, KeySpan records, Progress& progress) {
  const auto store = round.open();
  const auto session = store->session();
  session->put_each(records, round.new_values(0), records.size(), nullptr);
  std::mt19937_64 random(round.number());
  Keys keys;
  for (std::size_t i = round.scaled(300, 100); i > 0; --i) {
    keys.add(records[random() % records.size()]);
  }
  progress.reach(Progress::kWriting);
  const Clock::time_point start = Clock::now();
  Clock::time_point next = start;
  ValuePool::Stream values = round.new_values(1);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    session->put_each(KeySpan(keys).part(i, 1), values, 1, nullptr);
    values.next();
    next += kPace;
    std::this_thread::sleep_until(next);
  }
  const std::chrono::duration<double> took = Clock::now() - start;
  progress.reach(Progress::kWritten);
  progress.wait_for(Progress::kRead);
  return static_cast<double>(keys.size()) / took.count();
}

nlohmann::json read(Round& round, KeySpan records, Progress& progress) {
  constexpr std::size_t kReads = 64;  // between two looks at the clock and at the other process
  progress.wait_for(Progress::kWriting);
  const auto store = round.open();
  const auto session = store->session();
  session->get_each(records, 1, nullptr);
  Latencies latencies;
  std::uint64_t reads = 0;
  const Costs before = Costs::so_far();
  for (std::size_t at = 0; !progress.reached(Progress::kWritten) || reads == 0;
       at = (at + kReads) % records.size()) {
    const std::size_t count = std::min(kReads, records.size() - at);
    session->get_each(records.part(at, count), 1, &latencies);
    reads += count;
  }
  Measurement result = difference(before, Costs::so_far());
  result.operations = reads;
  add_latencies(result, latencies);
  add_rate(result);
  // After all the writes there is one right answer.
  result.digest = session->get_each(records, 1, nullptr);
  progress.reach(Progress::kRead);
  return to_json(result);
}

Measurement shared_read(Round& round) {
  round.needs_many_processes();
  const Keys& all = round.data().shuffled();
  const KeySpan records = KeySpan(all).part(0, std::min(all.size(), kMostRecords));
  Progress progress;
  Child writer(progress.guarded([&] { return write(round, records, progress); }));
  Child reader(progress.guarded([&] { return read(round, records, progress); }));
  double writes = 0;
  try {
    writes = writer.result();
  } catch (const Failure& failure) {
    // Whichever began: the other only says that this one failed.
    try {
      reader.result();
    } catch (const Failure& other) {
      throw Failure(fmt::format("writing: {}; reading: {}", failure.what(), other.what()));
    }
    throw;
  }
  Measurement result = from_json(reader.result());
  result.metrics["writes_per_second"] = {writes, "1/s"};
  return result;
}

const WorkloadEntry kSharedRead({
    .place = 63,
    .name = "shared-read",
    .what = "get in one process, a read transaction each, while another overwrites, no flush",
    .start = Start::kEmpty,
    .run = &shared_read,
});

}  // namespace
}  // namespace kist::bench
