#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "engine/format/page.h"
#include "tests/support/call_counter.h"
#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using OptionsTest = StoreTest;

std::string content(const std::string& path) {
  const std::filesystem::path here = __FILE__;
  const auto root = here.parent_path().parent_path().parent_path().parent_path();
  std::ifstream file(root / path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// The defaults, as the table says them.
std::map<std::string, std::string> defaults() {
  const Options options;
  const auto truth = [](bool value) { return std::string(value ? "true" : "false"); };
  const auto some = [](const auto& value) { return value ? "something" : "none"; };
  return {
      {"page_size", std::to_string(options.page_size.value_or(engine::kDefaultPageSize))},
      {"create", truth(options.create)},
      {"read_only", truth(options.read_only)},
      {"exclusive", truth(options.exclusive)},
      {"snapshot", some(options.snapshot)},
      {"file_mode", options.file_mode == 0600 ? "600 (octal)" : "another"},
      {"file_group", some(options.file_group)},
      {"domain_version", some(options.domain_version)},
      {"durability", options.durability == Durability::kDurable ? "durable" : "relaxed"},
      {"transaction_memory", std::to_string(options.transaction_memory)},
      {"growth_step", std::to_string(options.growth_step)},
      {"max_file_size", std::to_string(options.max_file_size)},
      {"shrink_threshold", std::to_string(options.shrink_threshold)},
      {"reserve_address_space", truth(options.reserve_address_space)},
      {"slow_reader", some(options.slow_reader)},
      {"flush_bytes", std::to_string(options.flush_bytes)},
      {"flush_age", std::to_string(options.flush_age.count())},
      {"flush_thread", truth(options.flush_thread)},
      {"verify", truth(options.verify)},
      {"path_check", std::to_string(options.path_check.value().count())},
      {"log", some(options.log)},
      {"observer", some(options.observer)},
  };
}

TEST_F(OptionsTest, TheTableSaysWhatTheCodeHas) {
  // Fields of the struct, from the header.
  const std::string header = content("engine/include/kist/engine/options.h");
  const std::size_t start = header.find("struct Options {");
  const std::string body = header.substr(start, header.find("\n};", start) - start);
  static const std::regex kField(R"(\n  [A-Za-z][\w:<>\*, ]* (\w+) = )");
  std::set<std::string> fields;
  for (std::sregex_iterator field(body.begin(), body.end(), kField), end; field != end; ++field) {
    fields.insert((*field)[1]);
  }
  EXPECT_GE(fields.size(), 10U);

  static const std::regex kRow(R"(\n\| `(\w+)` \| ([^|]*) \|)");
  const std::string table = content("engine/docs/options.md");
  std::map<std::string, std::string> rows;
  for (std::sregex_iterator row(table.begin(), table.end(), kRow), end; row != end; ++row) {
    rows[(*row)[1]] = (*row)[2];
  }
  EXPECT_EQ(rows, defaults());
  for (const std::string& field : fields) {
    EXPECT_TRUE(rows.contains(field)) << field << " is not in engine/docs/options.md";
  }
  EXPECT_EQ(rows.size(), fields.size());
}

TEST_F(OptionsTest, TheInterfaceForCHasThemAll) {
  const std::string header = content("kvstore/include/kist/kist_engine_options.h");
  const std::size_t start = header.find("typedef struct kist_db_options {");
  const std::string body = header.substr(start, header.find("} kist_db_options;", start) - start);
  static const std::regex kField(R"(\n  [a-z_0-9]+ (\w+);)");
  std::set<std::string> fields;
  for (std::sregex_iterator field(body.begin(), body.end(), kField), end; field != end; ++field) {
    fields.insert((*field)[1]);
  }
  static const std::regex kRow(R"(\n\| `\w+` \|.*\| `(\w+)` \|(?=\n))");
  const std::string table = content("engine/docs/options.md");
  std::set<std::string> rows;
  for (std::sregex_iterator row(table.begin(), table.end(), kRow), end; row != end; ++row) {
    rows.insert((*row)[1]);
  }
  EXPECT_EQ(rows.size() + 1, defaults().size()) << "all but those of tests";
  for (const std::string& row : rows) EXPECT_TRUE(fields.contains(row)) << row;
  for (const std::string& field : fields) {
    if (field == "struct_size" || field.starts_with("has_")) continue;
    EXPECT_TRUE(rows.contains(field)) << field << " is not in engine/docs/options.md";
  }
}

TEST_F(OptionsTest, TheLogIsToldOfRecovery) {
  std::vector<std::string> told;
  Options options;
  options.log = [&](engine::LogLevel level, std::string_view text) {
    EXPECT_EQ(level, engine::LogLevel::kInfo);
    told.emplace_back(text);
  };
  {
    put(open(options), "key", "value");
  }
  EXPECT_TRUE(told.empty()) << "nothing worth telling has happened";
  ChildProcess writer([&]() -> int {
    const Database database = must(Database::open(path()));
    put(database, "key", "newer");
    ::kill(::getpid(), SIGKILL);
    return 1;
  });
  ASSERT_EQ(writer.wait(), -SIGKILL);
  expect_clean(open(options));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].find(path()), std::string::npos);
}

TEST_F(OptionsTest, TheLogIsToldOfAFailedFlush) {
  CallCounter calls;
  std::vector<std::string> told;
  Options options;
  options.observer = &calls;
  options.log = [&](engine::LogLevel level, std::string_view text) {
    EXPECT_EQ(level, engine::LogLevel::kError);
    told.emplace_back(text);
  };
  Database database = open(options);
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("key"), as_bytes("value")));
  calls.fail(Call::Kind::kFlush, EIO);
  EXPECT_TRUE(fails(txn.commit(), ErrorCode::kIo));
  calls.stop_failing();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].find(path()), std::string::npos);
}

}  // namespace
}  // namespace kist::test
