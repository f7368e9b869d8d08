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

/// For each row of the table of coverage.md, what stands in backquotes in the column of tests.
std::vector<std::vector<std::string>> rows() {
  static const std::regex kRow(R"(^\|[^|]*\|[^|]*\|([^|]*)\|)");
  static const std::regex kQuoted("`([^`]+)`");
  std::ifstream file(source_root() / "kvstore" / "docs" / "coverage.md");
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    std::smatch row;
    if (!std::regex_search(line, row, kRow) || line.starts_with("|---")) continue;
    if (line.starts_with("| capability")) continue;
    const std::string cell = row[1];
    std::vector<std::string>& names = rows.emplace_back();
    for (std::sregex_iterator match(cell.begin(), cell.end(), kQuoted), end; match != end;
         ++match) {
      names.push_back((*match)[1]);
    }
  }
  return rows;
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
  const auto table = rows();
  ASSERT_GT(table.size(), 15U);
  for (const auto& names : table) {
    EXPECT_FALSE(names.empty());
    for (const std::string& name : names) EXPECT_TRUE(exists(name, google)) << name;
  }
}

}  // namespace
}  // namespace kist
