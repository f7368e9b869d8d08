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
  std::vector<double> rounds;
};

double median(std::vector<double> values);
/// A table for people: a line a workload, a column an engine, and the ratio of the first engine to
/// each other one.
std::string as_table(const std::vector<Row>& rows, const std::vector<std::string>& engines);
/// Writes the rows as a JSON list. False when the file cannot be written.
bool write_json(const std::vector<Row>& rows, const std::string& path);

}  // namespace kist::bench
