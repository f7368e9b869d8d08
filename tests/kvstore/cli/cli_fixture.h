#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "tests/support/checked_profile.h"

namespace kist::test {

/// How a call of the tool ended, and what it wrote.
struct Outcome {
  int status = 0;
  std::string out;
  std::string err;
};

/// Runs the tool that was built beside this program, each call in a process of its own.
class CliTest : public ProfileTest {
 protected:
  Outcome kist(std::initializer_list<std::string_view> arguments) const {
    const auto tool = std::filesystem::canonical("/proc/self/exe").parent_path() / "kist";
    std::string command = quoted(tool.string());
    for (const std::string_view argument : arguments) command += " " + quoted(argument);
    command += " >" + quoted(files_.file("out")) + " 2>" + quoted(files_.file("err"));
    const int status = std::system(command.c_str());
    if (!WIFEXITED(status)) throw std::runtime_error("did not exit: " + command);
    return {WEXITSTATUS(status), content(files_.file("out")), content(files_.file("err"))};
  }

  std::string profile() const { return directory().string(); }

  /// Stores a value, with the tool, and expects that to succeed.
  void set(std::string_view key, std::string_view type, std::string_view value) const {
    const Outcome done =
        kist({"set", "--create", "--type", type, "--", profile(), "s", key, value});
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(done.out + done.err, "");
  }

  static std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  const TempDirectory& files() const { return files_; }

 private:
  static std::string quoted(std::string_view text) {
    std::string word = "'";
    for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
  }

  TempDirectory files_;
};

}  // namespace kist::test
