#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/dataset.h"

namespace kist::bench {

inline constexpr std::size_t kBatch = 1000;

/// One thing to measure. `loaded`: the store holds all records before the clock starts.
struct Workload {
  std::string_view name;
  bool durable;
  bool loaded;
  std::string_view what;
};

inline constexpr Workload kWorkloads[] = {
    {"fillseq-batch", false, false, "insert in key order, 1,000 a transaction, no flush"},
    {"fillrand-batch", false, false, "insert in random order, 1,000 a transaction, no flush"},
    {"overwrite-one", false, true, "overwrite one random record a transaction, no flush"},
    {"commit-sync-one", true, true, "overwrite one random record a transaction, flushed"},
    {"commit-sync-batch", true, true, "overwrite 1,000 random records a transaction, flushed"},
    {"get-random", false, true, "get in random order in one read transaction"},
    {"get-random-txn", false, true, "get in random order, a read transaction each"},
    {"scan", false, true, "every record in order"},
    {"scan-reverse", false, true, "every record in reverse order"},
    {"range-10", false, true, "ten records from a random key on"},
};

template <typename Engine>
void fill(Engine& engine, Dataset& data, const std::vector<std::string>& keys) {
  for (std::size_t i = 0; i < keys.size(); i += kBatch) {
    engine.begin_write();
    for (std::size_t j = i; j < std::min(i + kBatch, keys.size()); ++j) {
      engine.put(keys[j], data.value(j));
    }
    engine.commit();
  }
}

/// Runs `workload` once; returns how many operations that were. `round` makes written bytes new.
template <typename Engine>
std::uint64_t run(std::string_view workload, Engine& engine, Dataset& data, std::uint64_t round) {
  const std::vector<std::string>& keys = data.shuffled();
  std::uint64_t sum = 0;
  const auto overwrite = [&](std::size_t transactions, std::size_t batch) {
    std::size_t next = static_cast<std::size_t>(round * 7919) % keys.size();
    for (std::size_t i = 0; i < transactions; ++i) {
      engine.begin_write();
      for (std::size_t j = 0; j < batch; ++j) {
        engine.put(keys[next], data.value((round << 40) + i * batch + j + 1));
        next = next + 1 == keys.size() ? 0 : next + 1;
      }
      engine.commit();
    }
    return transactions * batch;
  };
  if (workload == "fillseq-batch") return fill(engine, data, data.sorted()), keys.size();
  if (workload == "fillrand-batch") return fill(engine, data, keys), keys.size();
  if (workload == "overwrite-one") return overwrite(20000, 1);
  if (workload == "commit-sync-one") return overwrite(500, 1);
  if (workload == "commit-sync-batch") return overwrite(10, kBatch);
  if (workload == "get-random-txn") {
    for (const std::string& key : keys) {
      engine.begin_read();
      sum += engine.get(key);
      engine.end_read();
    }
    return sum == 0 ? 0 : keys.size();
  }
  engine.begin_read();
  std::uint64_t operations = keys.size();
  if (workload == "get-random") {
    for (const std::string& key : keys) sum += engine.get(key);
  } else if (workload == "scan" || workload == "scan-reverse") {
    sum = engine.scan(workload == "scan");
  } else if (workload == "range-10") {
    operations = keys.size() / 10;
    for (std::size_t i = 0; i < operations; ++i) sum += engine.range(keys[i], 10);
  }
  engine.end_read();
  return sum == 0 ? 0 : operations;  // keeps the reads from being optimised away
}

}  // namespace kist::bench
