#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <kist/engine/error.h>
#include <kist/engine/stats.h>
#include <kist/queue_stats.h>

namespace kist {

/// What there is of one store.
struct StoreMetrics {
  std::string name;
  std::uint64_t records = 0;  ///< In a multi store, values.
  std::uint64_t bytes = 0;    ///< Of the file, in whole pages.
};

/// What can be told of a profile's environment. What it did is that of this process since it was
/// opened; errors are those that calls on profiles, stores and transactions returned.
struct Metrics {
  engine::EnvironmentStats environment;  ///< File, space, flushes, steps of commits.
  std::vector<StoreMetrics> stores;      ///< In byte order of their names.
  engine::Latency commits;               ///< Commits, from their call to their return.
  QueueStats queue;
  std::map<ErrorCode, std::uint64_t> errors;  ///< How many of each kind.
  std::uint64_t transactions = 0;             ///< Readers and writers that live now.
  std::uint64_t memory = 0;  ///< Bytes, about, that this process keeps for the environment.
};

/// Something that happened to a profile's environment in this process.
struct Event {
  enum class Kind : std::uint8_t { kCommit, kError };
  Kind kind = Kind::kCommit;
  std::chrono::nanoseconds took{0};  ///< kCommit: from the call to its return.
  std::uint64_t transaction = 0;     ///< kCommit: its number.
  std::uint64_t writes = 0;          ///< kCommit: of a queue, how many shared it; else 1.
  Error error = {};                  ///< kError: what a call is about to return.
};

/// Is told of events, on the thread concerned and before the call returns. Must be short, must not
/// throw, and must not use the profile.
using Listener = std::function<void(const Event&)>;

}  // namespace kist
