#include "tests/bench/report.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kist::bench {

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string as_table(const std::vector<Row>& rows, const std::vector<std::string>& engines) {
  std::string table = "| workload |";
  for (const std::string& engine : engines) table += fmt::format(" {} op/s |", engine);
  for (std::size_t i = 1; i < engines.size(); ++i) {
    table += fmt::format(" {} / {} |", engines[0], engines[i]);
  }
  table += "\n|---|";
  for (std::size_t i = 0; i < 2 * engines.size() - 1; ++i) table += "---:|";
  table += "\n";
  std::vector<std::string> workloads;
  for (const Row& row : rows) {
    if (std::ranges::find(workloads, row.workload) == workloads.end()) {
      workloads.push_back(row.workload);
    }
  }
  for (const std::string& workload : workloads) {
    const auto rate = [&](const std::string& engine) {
      for (const Row& row : rows) {
        if (row.workload == workload && row.engine == engine && row.metric == "ops_per_second") {
          return row.value;
        }
      }
      return 0.0;
    };
    table += fmt::format("| {} |", workload);
    for (const std::string& engine : engines) table += fmt::format(" {:.0f} |", rate(engine));
    for (std::size_t i = 1; i < engines.size(); ++i) {
      table += fmt::format(" {:.2f} |", rate(engines[0]) / rate(engines[i]));
    }
    table += "\n";
  }
  return table;
}

bool write_json(const std::vector<Row>& rows, const std::string& path) {
  nlohmann::json list = nlohmann::json::array();
  for (const Row& row : rows) {
    list.push_back({{"workload", row.workload},
                    {"engine", row.engine},
                    {"keys", row.keys},
                    {"value_size", row.value_size},
                    {"metric", row.metric},
                    {"unit", row.unit},
                    {"value", row.value},
                    {"rounds", row.rounds}});
  }
  std::ofstream file(path);
  file << list.dump(2) << "\n";
  return file.good();
}

}  // namespace kist::bench
