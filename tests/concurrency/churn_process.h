#pragma once

#include <cstdint>
#include <string>

#include "tests/support/model.h"

namespace kist::test {

/// What a writer says through its pipe.
struct ChurnWord {
  std::int32_t writer = 0;
  std::int32_t acknowledged = 0;  ///< 0: the commit begins; 1: it was acknowledged
  std::uint64_t step = 0;
};

/// What is known of one writer's records.
struct ChurnState {
  Records records;         ///< After commit number `step`.
  std::uint64_t step = 0;  ///< Acknowledged at least.
};

/// When the process that calls this has passed so many failpoints, it kills itself; 0: never.
void die_at_failpoint(std::uint64_t number);

/// The life of a writer or reader: ends with SIGKILL, or with an exit status other than 0 and a
/// message when something is wrong.
int churn_writer(const std::string& path, std::uint64_t seed, int writer, ChurnState state,
                 int pipe);
int churn_reader(const std::string& path, std::uint64_t seed);

}  // namespace kist::test
