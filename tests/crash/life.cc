#include "tests/crash/life.h"

#include <exception>
#include <unordered_set>

#include "tests/crash/judge.h"
#include "tests/crash/states.h"

namespace kist::test {
namespace {

// For each point in a second life; there are many of them.
constexpr std::size_t kSecondLimit = 12;

/// A bug that is there for as long as this object.
class Planting {
 public:
  Planting(const PlantedBug* bug, PlantedBug::When when) {
    if (bug == nullptr || bug->when != when) return;
    bug_ = bug;
    engine::plant(bug_->bug, true);
  }
  ~Planting() {
    if (bug_ != nullptr) engine::plant(bug_->bug, false);
  }
  Planting(const Planting&) = delete;
  Planting& operator=(const Planting&) = delete;

 private:
  const PlantedBug* bug_ = nullptr;
};

/// Judges the states of one trace, and of the lives after them.
class Lives {
 public:
  Lives(const Trace& trace, const LifeLimits& limits, std::uint64_t seed)
      : trace_(trace), limits_(limits), random_(seed), judge_(trace.contents, met_) {}

  bool judge(const std::vector<Event>& events) {
    return generate_states(
        Disk(), events, {}, limits_.states, random_,
        [&](const CrashState& state) { return accept(state); },
        [&](const Disk& disk, const CrashState& state) { return all_die(disk, state); });
  }

  std::uint64_t states() const { return met_.size(); }
  const std::string& violation() const { return violation_; }

 private:
  bool accept(const CrashState& state) {
    const std::uint64_t before = judge_.distinct();
    if (!judge_.accept(state)) {
      violation_ = judge_.violation();
      return false;
    }
    const bool fresh = judge_.distinct() != before && state.files.contains("store");
    if (!fresh || limits_.lives == 0 || !random_.one_in(limits_.lives)) return true;
    Disk disk;
    for (const auto& [name, content] : state.files) disk.put(name, content);
    return live_on(disk, state, ", then after recovery ");
  }

  // All processes die, the machine does not: what was written is there to be read, and on its way
  // to the device; after a flush that failed it is there to be read only.
  bool all_die(const Disk& disk, const CrashState& now) {
    if (limits_.lives == 0 || now.oldest < 0) return true;
    if (!random_.one_in((limits_.lives + 5) / 6)) return true;
    CrashState state = now;
    state.files = disk.visible();
    if (!live_on(disk, state, ", all processes died, then after recovery ")) return false;
    Disk failing = disk;
    const std::uint64_t kept = random_.below(4);
    failing.fail_flushes([&] { return random_.below(4) < kept; });
    return live_on(failing, state, ", the flush failed, then after recovery ");
  }

  // Recovers what `state` has, writes to it, and judges what a power cut leaves of that on `disk`.
  bool live_on(const Disk& disk, const CrashState& state, const char* what) {
    CrashState start = state;
    start.story += what;
    Trace second(trace_.page_size(), random_.next());
    try {
      second.open_left(state, trace_.contents);
      second_life(second);
    } catch (const std::exception& error) {
      violation_ = start.story + error.what();
      return false;
    }
    Judge judge(second.contents, met_);
    const bool good =
        generate_states(disk.moved_to(second.directory()), second.recorder().events(), start,
                        kSecondLimit, random_, [&](const CrashState& again) {
                          return !random_.one_in(limits_.sample) || judge.accept(again);
                        });
    if (!good) violation_ = judge.violation();
    return good;
  }

  const Trace& trace_;
  const LifeLimits limits_;
  Random random_;
  std::unordered_set<std::uint64_t> met_;
  Judge judge_;
  std::string violation_;
};

}  // namespace

Outcome run_trace(const TraceKind& kind, std::uint32_t page_size, std::uint64_t seed,
                  const LifeLimits& limits, const PlantedBug* bug) {
  Outcome outcome;
  Trace trace(page_size, seed);
  try {
    const Planting planting(bug, PlantedBug::When::kWriting);
    kind.run(trace);
  } catch (const std::exception& error) {
    outcome.violation = std::string("while recording: ") + error.what();
    return outcome;
  }
  const Planting planting(bug, PlantedBug::When::kAfterCrash);
  Lives lives(trace, limits, seed ^ 0x5bd1e995);
  if (!lives.judge(trace.recorder().events())) outcome.violation = lives.violation();
  outcome.states = lives.states();
  outcome.commits = trace.contents.size() - 1;
  return outcome;
}

}  // namespace kist::test
