#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kist::test {

/// A writer of rkv SafeMode files, from their description alone.
struct SafeModeDatabase {
  std::optional<std::string> name;
  std::uint32_t flags = 0;  // 1 sorted duplicates, 2 integer keys
  std::map<std::string, std::vector<std::string>> records;
};

inline std::string little_endian(std::uint64_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}
inline std::string counted(std::string_view bytes) {
  return little_endian(bytes.size(), 8) + std::string(bytes);
}

/// `values_counted`: form B, of rkv built with duplicates; else A, where a key has one value.
inline std::string safe_mode_file(const std::vector<SafeModeDatabase>& databases,
                                  bool values_counted) {
  std::string file = little_endian(databases.size(), 8);
  for (const SafeModeDatabase& database : databases) {
    file += database.name ? "\x01" + counted(*database.name) : std::string(1, '\0');
    file += little_endian(database.flags, 4);
    file += little_endian(database.records.size(), 8);
    for (const auto& [key, values] : database.records) {
      file += counted(key);
      if (values_counted) file += little_endian(values.size(), 8);
      for (const std::string& value : values) file += counted(value);
    }
  }
  return file;
}

}  // namespace kist::test
