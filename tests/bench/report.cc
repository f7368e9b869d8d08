#include "tests/bench/report.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kist::bench {
namespace {

/// In the order in which they come.
std::vector<std::string> workloads_of(const std::vector<Row>& rows) {
  std::vector<std::string> names;
  for (const Row& row : rows) {
    if (std::ranges::find(names, row.workload) == names.end()) names.push_back(row.workload);
  }
  return names;
}

/// Those of which there is any row.
std::vector<std::string> engines_of(const Results& results) {
  std::vector<std::string> names = results.engines;
  std::erase_if(names, [&](const std::string& name) {
    return std::ranges::find(results.rows, name, &Row::engine) == results.rows.end();
  });
  return names;
}

/// A line for each workload and reason.
std::string skip_lines(const std::vector<Skip>& skips) {
  std::vector<Skip> lines;
  for (const Skip& skip : skips) {
    const auto same = std::ranges::find_if(lines, [&](const Skip& line) {
      return line.workload == skip.workload && line.reason == skip.reason;
    });
    if (same == lines.end()) {
      lines.push_back(skip);
    } else {
      same->engine += ", " + skip.engine;
    }
  }
  std::string text;
  for (const Skip& line : lines) {
    text += fmt::format("SKIPPED {} of {}: {}\n", line.workload, line.engine, line.reason);
  }
  return text;
}

/// 0 where it was not measured.
double rate(const std::vector<Row>& rows, const std::string& workload, const std::string& engine) {
  for (const Row& row : rows) {
    if (row.workload == workload && row.engine == engine && row.metric == "ops_per_second") {
      return row.value;
    }
  }
  return 0;
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string as_table(const Results& results) {
  const std::vector<std::string> engines = engines_of(results);
  std::string table = "| operations a second |";
  for (const std::string& engine : engines) table += fmt::format(" {} |", engine);
  table += "\n|---|";
  for (std::size_t i = 0; i < engines.size(); ++i) table += "---:|";
  table += "\n";
  for (const std::string& workload : workloads_of(results.rows)) {
    const double base = rate(results.rows, workload, "lmdb");
    table += fmt::format("| {} |", workload);
    for (const std::string& engine : engines) {
      const double own = rate(results.rows, workload, engine);
      if (own == 0) {
        table += " - |";
      } else if (base == 0 || engine == "lmdb") {
        table += fmt::format(" {:.{}f} |", own, own < 100 ? 1 : 0);
      } else {
        table += fmt::format(" {:.{}f} ({:.2f}) |", own, own < 100 ? 1 : 0, own / base);
      }
    }
    table += "\n";
  }
  if (!results.skips.empty()) table += "\n" + skip_lines(results.skips);
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
