#pragma once

#include <optional>
#include <string>

#include <kist/engine/error.h>

#include "engine/os/file.h"

namespace kist::engine {

/// A file that gets its name only when it is complete: until then it is built under another one in
/// the same directory, so that nobody ever takes half of it for the whole. Its destruction without
/// finish() removes it.
class AsideFile {
 public:
  /// Begins the file that is to become `path`. Errors: kAlreadyExists, kNotFound (no such
  /// directory), kPermission, kIo.
  static Result<AsideFile> create(const std::string& path, std::uint32_t mode,
                                  os::CallObserver* observer = nullptr);
  /// The same without creating it: somebody else will, at aside_path().
  static Result<AsideFile> reserve(const std::string& path, os::CallObserver* observer = nullptr);

  AsideFile(AsideFile&& other) noexcept;
  AsideFile& operator=(AsideFile&&) = delete;
  ~AsideFile();

  /// The file being built. REQUIRES: made by create().
  os::File& file() { return *file_; }
  /// Where it is being built.
  const std::string& aside_path() const { return aside_; }

  /// Flushes what was written and gives it its name. Errors: kAlreadyExists, kIo; then there is no
  /// file of that name.
  Result<void> finish();

 private:
  AsideFile(std::string path, std::string aside, os::CallObserver* observer)
      : path_(std::move(path)), aside_(std::move(aside)), observer_(observer) {}

  std::string path_;
  std::string aside_;  // empty: nothing to remove any more
  os::CallObserver* observer_;
  std::optional<os::File> file_;
};

}  // namespace kist::engine
