#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kist::bench {

/// Which keys a run uses.
enum class KeyKind { kDecimal16, kInteger8, kPreference };

/// The name of a kind as `--keys` takes it; the default is the first.
inline constexpr std::string_view kKeyKindNames[] = {"decimal16", "int8", "preference"};

/// Keys and values of one run, the same for every engine. Keys are laid out in the order in which
/// they are used, so that the harness itself adds no cache misses.
class Dataset {
 public:
  Dataset(KeyKind kind, std::size_t records, std::size_t value_size, std::uint64_t seed);

  std::size_t size() const { return sorted_.size(); }
  /// All keys in ascending order.
  const std::vector<std::string>& sorted() const { return sorted_; }
  /// All keys in one random order.
  const std::vector<std::string>& shuffled() const { return shuffled_; }
  /// A value whose bytes differ from one `version` to the next. Borrowed until the next call.
  std::string_view value(std::uint64_t version);

 private:
  std::vector<std::string> sorted_;
  std::vector<std::string> shuffled_;
  std::string value_;
};

}  // namespace kist::bench
