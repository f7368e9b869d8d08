// kist_crash: records what the engine does to its files, generates the states in which a power cut
// might leave them, opens each, and holds what it finds against what was committed. Then plants
// bugs in the engine and proves that the same method finds each.
//
//   kist_crash                        a short run: every trace, every planted bug
//   kist_crash --seconds N --seed S   new traces until N seconds have passed
//   kist_crash --trace NAME           that kind of trace only, and no planted bugs

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include <unistd.h>

#include "engine/base/failpoints.h"
#include "tests/crash/judge.h"
#include "tests/crash/states.h"
#include "tests/crash/trace.h"
#include "tests/support/must.h"

namespace kist::test {
namespace {

using Clock = std::chrono::steady_clock;
using engine::Bug;

constexpr std::uint64_t kWantedStates = 5000;

struct Outcome {
  std::uint64_t states = 0;  // different ones
  std::uint64_t commits = 0;
  std::string violation;  // empty: none
};

// Crashes once more while `state` is being recovered.
bool crash_in_recovery(Judge& judge, const CrashState& state, Random& random) {
  Recorder recorder;
  const std::int64_t found = judge.open_observed(state, recorder);
  recorder.acknowledged(static_cast<std::uint64_t>(found));
  Disk disk;
  for (const auto& [name, content] : state.files) {
    disk.put(std::filesystem::path(judge.store_path()).replace_filename(name), content);
  }
  return generate_states(disk, recorder.events(), state.oldest,
                         std::max<std::int64_t>(state.newest, 0), 12, random,
                         [&](const CrashState& again) {
                           CrashState both = again;
                           both.story = state.story + ", then in recovery " + again.story;
                           return judge.accept(both);
                         });
}

// Records one trace with one bug planted (or none) and judges its states, at most `limit` a point.
Outcome run_trace(const TraceKind& kind, std::uint32_t page_size, std::uint64_t seed,
                  std::size_t limit, std::optional<Bug> bug) {
  Outcome outcome;
  Trace trace(page_size, seed);
  const bool in_recovery = bug == Bug::kNoProof;
  try {
    if (bug && !in_recovery) engine::plant(*bug, true);
    kind.run(trace);
  } catch (const std::exception& error) {
    outcome.violation = std::string("while recording: ") + error.what();
  }
  if (bug && !in_recovery) engine::plant(*bug, false);
  if (!outcome.violation.empty()) return outcome;

  Judge judge(trace.contents);
  Random random(seed ^ 0x5bd1e995);
  if (in_recovery) engine::plant(*bug, true);
  const bool good = generate_states(
      Disk(), trace.recorder().events(), -1, -1, limit, random, [&](const CrashState& state) {
        const std::uint64_t before = judge.distinct();
        if (!judge.accept(state)) return false;
        const bool fresh = judge.distinct() != before;
        return !fresh || bug || !state.files.contains("store") || !random.one_in(50) ||
               crash_in_recovery(judge, state, random);
      });
  if (in_recovery) engine::plant(*bug, false);
  outcome.states = judge.distinct();
  outcome.commits = trace.contents.size() - 1;
  if (!good) outcome.violation = judge.violation();
  return outcome;
}

struct Totals {
  std::uint64_t states = 0;
  int passed = 0;
  int failed = 0;
};

void run_and_report(const TraceKind& kind, std::uint32_t page_size, std::uint64_t seed,
                    std::size_t limit, Totals& totals) {
  const Outcome outcome = run_trace(kind, page_size, seed, limit, std::nullopt);
  totals.states += outcome.states;
  ++(outcome.violation.empty() ? totals.passed : totals.failed);
  std::printf("%-22s page size %5u  %3llu commits %6llu states  %s\n", kind.name, page_size,
              static_cast<unsigned long long>(outcome.commits),
              static_cast<unsigned long long>(outcome.states),
              outcome.violation.empty() ? "ok" : outcome.violation.c_str());
  std::fflush(stdout);
}

// Each bug must be found by at least one trace.
void prove_the_harness(std::uint64_t seed, Totals& totals) {
  struct Planted {
    Bug bug;
    const char* name;
  };
  for (const Planted planted : {Planted{Bug::kNoFlush, "no flush"},
                                Planted{Bug::kPublishBeforeFlush, "publish before flush"},
                                Planted{Bug::kNoProof, "no checksum on recovery"},
                                Planted{Bug::kReuseTooEarly, "page reused too early"}}) {
    std::string caught;
    std::uint64_t states = 0;
    for (const TraceKind& kind : trace_kinds()) {
      const Outcome outcome = run_trace(kind, 512, seed, 100, planted.bug);
      states += outcome.states;
      if (outcome.violation.empty()) continue;
      caught = std::string(kind.name) + ", " + outcome.violation;
      break;
    }
    ++(caught.empty() ? totals.failed : totals.passed);
    std::printf("planted bug: %s: %s after %llu states%s%s\n", planted.name,
                caught.empty() ? "NOT CAUGHT" : "caught", static_cast<unsigned long long>(states),
                caught.empty() ? "" : ": ", caught.c_str());
    std::fflush(stdout);
  }
}

int run(double seconds, std::uint64_t seed, const std::string& only) {
  std::printf("kist_crash --seed %llu\n", static_cast<unsigned long long>(seed));
  const auto start = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  Totals totals;
  if (only.empty()) prove_the_harness(seed, totals);
  const bool short_run = seconds == 0;
  for (std::uint64_t round = 0; totals.failed == 0; ++round) {
    for (const TraceKind& kind : trace_kinds()) {
      if (!only.empty() && only != kind.name) continue;
      for (const std::uint32_t page_size : {256U, 512U, 4096U}) {
        if (!short_run && elapsed() > seconds && totals.states >= kWantedStates) break;
        run_and_report(kind, page_size, seed + round, short_run ? 20 : 150, totals);
      }
    }
    const bool enough = !only.empty() || totals.states >= kWantedStates;
    if (totals.passed == 0 || (enough && elapsed() >= seconds)) break;
  }
  std::printf("%llu distinct states in %.1f s\n%d passed, %d failed\n",
              static_cast<unsigned long long>(totals.states), elapsed(), totals.passed,
              totals.failed);
  return totals.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace kist::test

int main(int argc, char** argv) {
  // States need no device: memory is faster.
  if (std::getenv("TMPDIR") == nullptr && ::access("/dev/shm", W_OK) == 0) {
    ::setenv("TMPDIR", "/dev/shm", 1);
  }
  double seconds = 0;
  std::optional<std::uint64_t> seed;
  std::string only;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
      seconds = std::atof(argv[++i]);
    } else if (std::strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--trace") == 0 && i + 1 < argc) {
      only = argv[++i];
    } else {
      std::fprintf(stderr, "usage: kist_crash [--seconds N] [--seed S] [--trace NAME]\n");
      return 2;
    }
  }
  return kist::test::run(seconds, seed ? *seed : kist::test::test_seed("kist_crash"), only);
}
