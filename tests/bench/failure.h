#pragma once

#include <stdexcept>

namespace kist::bench {

/// Ends the benchmark: an engine failed, or did something else than the others.
class Failure : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A child process was ended by a signal.
class Killed : public Failure {
  using Failure::Failure;
};

/// Ends one workload of one engine on this machine; the reason stands in the report.
class Skipped : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace kist::bench
