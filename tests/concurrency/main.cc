// kist_stress: several processes on one store, and what is left when some of them die.
//
//   kist_stress                       200 rounds of kill -9 in a writer
//   kist_stress --rounds N --seed S
//   kist_stress --churn SECONDS       16 processes that come and go by kill -9
//   kist_stress --shutdowns N         the file system under a writer is shut down N times

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>

#include "tests/concurrency/churn.h"
#include "tests/concurrency/kill_storm.h"
#include "tests/concurrency/shutdown.h"
#include "tests/support/random.h"

int main(int argc, char** argv) {
  int rounds = 200;
  int churn_seconds = 0;
  int shutdowns = 0;
  std::optional<std::uint64_t> seed;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
      rounds = std::atoi(argv[++i]);
    } else if (std::strcmp(argv[i], "--churn") == 0 && i + 1 < argc) {
      churn_seconds = std::atoi(argv[++i]);
    } else if (std::strcmp(argv[i], "--shutdowns") == 0 && i + 1 < argc) {
      shutdowns = std::atoi(argv[++i]);
    } else if (std::strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::fprintf(
          stderr, "usage: kist_stress [--rounds N | --churn SECONDS | --shutdowns N] [--seed S]\n");
      return 2;
    }
  }
  try {
    const std::uint64_t used = seed ? *seed : kist::test::test_seed("kist_stress");
    if (shutdowns > 0) return kist::test::run_shutdowns(shutdowns, used);
    if (churn_seconds > 0) return kist::test::run_churn(churn_seconds, used) == 0 ? 0 : 1;
    return kist::test::run_kill_storm(rounds, used) == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
