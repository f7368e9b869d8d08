#pragma once

#include <string>
#include <vector>

namespace kist::bench {

/// One row of `--json`: the median of all rounds, and the rounds.
struct Row {
  std::string workload;
  std::string engine;
  std::string keys;
  std::size_t value_size = 0;
  std::string metric;
  std::string unit;
  double value = 0;
  std::vector<double> rounds = {};
};

/// A workload that an engine was not measured in.
struct Skip {
  std::string workload;
  std::string engine;
  std::string reason;
};

struct Results {
  std::vector<std::string> engines;  ///< Those that were asked for, in order.
  std::vector<Row> rows;
  std::vector<Skip> skips;
};

double median(std::vector<double> values);
/// A Markdown table of operations a second: a line a workload, a column an engine, and in brackets
/// the ratio to the engine lmdb; below it, what was skipped.
std::string as_table(const Results& results);
/// Writes the rows as a JSON list. False when the file cannot be written.
bool write_json(const std::vector<Row>& rows, const std::string& path);

}  // namespace kist::bench
