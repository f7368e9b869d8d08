#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/golden.h"

namespace kist {
namespace {

using test::source_root;

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// Names of all GoogleTests in the tree, as Suite.Test.
std::set<std::string> google_tests() {
  static const std::regex kTest(R"(\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\))");
  std::set<std::string> tests;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source_root() / "tests")) {
    if (!entry.path().string().ends_with("_test.cc")) continue;
    const std::string text = content(entry.path());
    for (std::sregex_iterator match(text.begin(), text.end(), kTest), end; match != end; ++match) {
      tests.insert((*match)[1].str() + "." + (*match)[2].str());
    }
  }
  return tests;
}

struct Row {
  std::string id;
  bool planned = false;            // "not yet"
  std::vector<std::string> tests;  // what stands in backquotes in their column
};

std::vector<Row> rows() {
  static const std::regex kRow(R"(^\| ([A-G]\d*) \|[^|]*\|([^|]*)\|([^|]*)\|)");
  static const std::regex kQuoted("`([^`]+)`");
  std::ifstream file(source_root() / "kvstore" / "docs" / "coverage.md");
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (!std::regex_search(line, match, kRow)) continue;
    Row& row = rows.emplace_back(match[1], match[2].str().contains("not yet"));
    const std::string cell = match[3];
    for (std::sregex_iterator name(cell.begin(), cell.end(), kQuoted), end; name != end; ++name) {
      row.tests.push_back((*name)[1]);
    }
  }
  return rows;
}

/// A1 to A19, B1 to B7 and so on; G is one row.
std::vector<std::string> required() {
  std::vector<std::string> ids;
  for (const auto& [part, count] :
       {std::pair{'A', 19}, {'B', 7}, {'C', 10}, {'D', 5}, {'E', 17}, {'F', 7}}) {
    for (int i = 1; i <= count; ++i) ids.push_back(part + std::to_string(i));
  }
  ids.emplace_back("G");
  return ids;
}

bool exists(const std::string& name, const std::set<std::string>& google) {
  if (!name.contains('/')) return google.contains(name);
  const std::size_t separator = name.find("::");
  const std::string text = content(source_root() / name.substr(0, separator));
  if (separator == std::string::npos) return !text.empty();
  return text.contains(name.substr(separator + 2) + "(");
}

TEST(Coverage, EveryRowNamesTestsThatExist) {
  const std::set<std::string> google = google_tests();
  for (const Row& row : rows()) {
    EXPECT_EQ(row.tests.empty(), row.planned) << row.id;
    for (const std::string& name : row.tests) EXPECT_TRUE(exists(name, google)) << name;
  }
}

TEST(Coverage, NoCapabilityIsForgotten) {
  std::vector<std::string> ids;
  for (const Row& row : rows()) {
    if (ids.empty() || ids.back() != row.id) ids.push_back(row.id);
  }
  EXPECT_EQ(ids, required());
}

}  // namespace
}  // namespace kist
