#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/engine.h"
#include "tests/bench/measurement.h"

namespace kist::bench {

/// Records of a batch wherever nothing else is said.
inline constexpr std::size_t kBatch = 1000;

/// What a workload finds when it starts.
enum class Start {
  kEmpty,       ///< An empty folder.
  kLoaded,      ///< A store of all records, inserted in random order; it is left as it is.
  kLoadedCopy,  ///< The same in a fresh copy, which it may change.
  kAged,        ///< A store whose records were then overwritten ten times over, at random.
  kAgedCopy,    ///< The same in a fresh copy.
};

class Round;

/// One thing to measure.
struct Workload {
  int place = 0;  ///< In lists and tables, ascending.
  std::string name;
  std::string what;  ///< In one line, for people.
  Durability durability = Durability::kRelaxed;
  Start start = Start::kLoaded;
  std::size_t value_size = 0;   ///< Its own; 0: what `--value-size` says.
  bool may_stop_early = false;  ///< Where an engine comes to its limits: contents may differ then.
  Measurement (*run)(Round&) = nullptr;
};

/// All workloads, in order.
const std::vector<Workload>& workloads();

/// One such object in a workload's file makes it known.
struct WorkloadEntry {
  explicit WorkloadEntry(Workload workload);
};

/// One run of one workload on one engine, in a process of its own. Its number makes what is written
/// new in each round, and is the same for all engines.
class Round {
 public:
  Round(const Workload& workload, const Engine& engine, const Dataset& data, std::string directory,
        std::uint64_t number);

  const Engine& engine() const { return *engine_; }
  const Dataset& data() const { return *data_; }
  std::uint64_t number() const { return number_; }
  /// Where the store is.
  const std::string& directory() const { return options_.directory; }
  /// How it is to be opened.
  OpenOptions& options() { return options_; }
  /// Opens it.
  std::unique_ptr<Store> open() const { return engine_->open(options_); }
  /// Values that no earlier round, and no other part of this one, has written.
  ValuePool::Stream new_values(std::uint64_t part = 0) const;
  /// A number of operations that suits the store: `per_thousand` for each 1,000 records, at least
  /// one and at most `most`.
  std::size_t scaled(std::size_t most, std::size_t per_thousand) const;
  /// Throws Skipped for engines whose stores belong to one process.
  void needs_many_processes() const;

  /// Does `work`, which returns a digest, and measures it.
  Measurement measure(std::uint64_t operations, const std::function<std::uint64_t()>& work,
                      Latencies* latencies = nullptr) const;

 private:
  const Engine* engine_;
  const Dataset* data_;
  OpenOptions options_;
  std::uint64_t number_;
  std::uint64_t private_before_;
};

}  // namespace kist::bench
