// kist_crash: records what the engine does to its files, generates the states in which a power cut
// might leave them, opens each, and holds what it finds against what was committed. Then plants
// bugs in the engine and proves that the same method finds each.
//
//   kist_crash                        a short run: every trace, every planted bug
//   kist_crash --seconds N --seed S   new traces until N seconds have passed
//   kist_crash --trace NAME           that kind of trace only, and no planted bugs
//   kist_crash --bugs                 the planted bugs only
//   kist_crash --bug NAME             that one only

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include <unistd.h>

#include "tests/crash/life.h"
#include "tests/crash/planted_bugs.h"
#include "tests/crash/trace.h"

namespace kist::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kWantedStates = 5000;

struct Totals {
  std::uint64_t states = 0;
  int passed = 0;
  int failed = 0;
};

void run_and_report(const TraceKind& kind, const LifeLimits& limits, std::uint32_t page_size,
                    std::uint64_t seed, Totals& totals) {
  const Outcome outcome = run_trace(kind, page_size, seed, limits, nullptr);
  totals.states += outcome.states;
  ++(outcome.violation.empty() ? totals.passed : totals.failed);
  std::printf("%-22s page size %5u  %3llu commits %6llu states  %s\n", kind.name, page_size,
              static_cast<unsigned long long>(outcome.commits),
              static_cast<unsigned long long>(outcome.states),
              outcome.violation.empty() ? "ok" : outcome.violation.c_str());
  std::fflush(stdout);
}

// Each bug must be found by at least one trace; the one that is known to is tried first.
void prove_the_harness(std::uint64_t seed, const std::string& only, Totals& totals) {
  for (const PlantedBug& planted : planted_bugs()) {
    if (!only.empty() && only != planted.name) continue;
    std::vector<const TraceKind*> kinds;
    for (const TraceKind& kind : trace_kinds()) {
      kinds.insert(std::strcmp(kind.name, planted.trace) == 0 ? kinds.begin() : kinds.end(), &kind);
    }
    std::string caught;
    std::uint64_t states = 0;
    for (const TraceKind* kind : kinds) {
      const LifeLimits limits{100, planted.lives ? 4U : 0U};
      const Outcome outcome = run_trace(*kind, planted.page_size, seed, limits, &planted);
      states += outcome.states;
      if (outcome.violation.empty()) continue;
      caught = std::string(kind->name) + ", " + outcome.violation;
      break;
    }
    ++(caught.empty() ? totals.failed : totals.passed);
    std::printf("planted bug: %s: %s after %llu states%s%s\n", planted.name,
                caught.empty() ? "NOT CAUGHT" : "caught", static_cast<unsigned long long>(states),
                caught.empty() ? "" : ": ", caught.c_str());
    std::fflush(stdout);
  }
}

struct Arguments {
  double seconds = 0;
  std::optional<std::uint64_t> seed;
  std::string trace;
  std::string bug;
  bool bugs_only = false;
};

int run(const Arguments& asked) {
  const std::uint64_t seed = asked.seed ? *asked.seed : test_seed("kist_crash");
  std::printf("kist_crash --seed %llu\n", static_cast<unsigned long long>(seed));
  const auto start = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  Totals totals;
  if (asked.trace.empty()) prove_the_harness(seed, asked.bug, totals);
  const bool short_run = asked.seconds == 0;
  for (std::uint64_t round = 0; totals.failed == 0 && !asked.bugs_only; ++round) {
    for (const TraceKind& kind : trace_kinds()) {
      if (!asked.trace.empty() && asked.trace != kind.name) continue;
      for (const std::uint32_t page_size : {256U, 512U, 4096U}) {
        if (!short_run && elapsed() > asked.seconds && totals.states >= kWantedStates) break;
        const LifeLimits limits{short_run ? 20U : 150U, short_run ? 300U : 100U, 6};
        run_and_report(kind, limits, page_size, seed + round, totals);
      }
    }
    const bool enough = !asked.trace.empty() || totals.states >= kWantedStates;
    if (totals.passed == 0 || (enough && elapsed() >= asked.seconds)) break;
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
  kist::test::Arguments asked;
  for (int i = 1; i < argc; ++i) {
    const bool has_value = i + 1 < argc;
    if (std::strcmp(argv[i], "--seconds") == 0 && has_value) {
      asked.seconds = std::atof(argv[++i]);
    } else if (std::strcmp(argv[i], "--seed") == 0 && has_value) {
      asked.seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--trace") == 0 && has_value) {
      asked.trace = argv[++i];
    } else if (std::strcmp(argv[i], "--bugs") == 0) {
      asked.bugs_only = true;
    } else if (std::strcmp(argv[i], "--bug") == 0 && has_value) {
      asked.bug = argv[++i];
      asked.bugs_only = true;
    } else {
      std::fprintf(stderr,
                   "usage: kist_crash [--seconds N] [--seed S] [--trace NAME] [--bugs] "
                   "[--bug NAME]\n");
      return 2;
    }
  }
  return kist::test::run(asked);
}
