#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <kist/engine/options.h>

namespace kist {

using engine::Durability;
using engine::Wait;

/// Options of a profile. Where a profile is open in this process already, every option must agree
/// with it, except `create` and `create_directory`, which then have nothing to do.
struct ProfileOptions {
  /// Create the data file when it does not exist. Otherwise kNotFound.
  bool create = true;
  /// Create the profile's directory, with any parents that are missing. Otherwise kNotFound.
  bool create_directory = false;
  /// Open for reading only: needs no write permission, creates nothing.
  bool read_only = false;
  /// Bytes a page of a new file: a power of two from 256 to 65,536. Nothing takes what the file
  /// has, or 4,096 for a new one.
  std::optional<std::uint32_t> page_size = {};
  /// Durability of commits that do not say otherwise.
  Durability durability = Durability::kDurable;
  /// Permission bits of a new file, lessened by the umask. No conflict when the file exists.
  std::uint32_t file_mode = 0600;
};

/// Which records an iteration visits, and in which order. Keys are compared byte by byte. The views
/// need not outlive the call that takes the range.
struct Range {
  /// First key visited, when there is a record of that name; nothing starts at the first record.
  std::optional<std::string_view> from = {};
  /// First key not visited any more; nothing goes on to the last record.
  std::optional<std::string_view> to = {};
  /// Only keys that start with these bytes; together with `from` and `to`, keys that satisfy all.
  std::string_view prefix = {};
  /// Last record of the range first.
  bool reverse = false;
  /// Visit at most so many records.
  std::optional<std::uint64_t> limit = {};
};

}  // namespace kist
