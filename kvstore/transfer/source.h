#pragma once

#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

namespace kist::transfer {

using engine::Bytes;

/// A file that is imported, or bytes that stand for one. Only read. Move-only.
class Source {
 public:
  /// Errors: kNotFound, kPermission, kIo (a directory, say).
  static Result<Source> open(const std::string& path);
  /// Borrowed bytes, which must outlive this.
  static Source of(Bytes bytes);

  /// What messages call it: the path.
  const std::string& name() const { return name_; }
  /// Bytes, when it was opened.
  std::uint64_t size() const { return size_; }
  /// Fills `out` from `offset` on. Errors: kDamaged when the source ends before; kIo.
  Result<void> read_at(std::uint64_t offset, std::span<std::uint8_t> out);
  /// All of it. Errors: kOutOfMemory, kIo.
  Result<std::vector<std::uint8_t>> read_all();

 private:
  Source() = default;

  std::string name_;
  std::uint64_t size_ = 0;
  std::ifstream file_;
  Bytes bytes_;  // of a source that is no file
  bool in_memory_ = false;
};

}  // namespace kist::transfer
