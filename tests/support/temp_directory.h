#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include <stdlib.h>

namespace kist::test {

/// A fresh directory under the system's temporary one, removed with everything in it on destruction
/// (by the process that made it, not by a forked child that calls _exit).
class TempDirectory {
 public:
  /// `parent`: where it is made instead, when that can be written to.
  explicit TempDirectory(const std::string& parent = {}) {
    if (!parent.empty()) {
      path_ = parent + "/kist-test-XXXXXX";
      if (::mkdtemp(path_.data()) != nullptr) return;
    }
    path_ = (std::filesystem::temp_directory_path() / "kist-test-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  /// The directory itself.
  const std::string& path() const { return path_; }
  /// Path of a file in it.
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace kist::test
