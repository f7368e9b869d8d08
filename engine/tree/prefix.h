#pragma once

#include <optional>
#include <string>

#include <kist/engine/bytes.h>

namespace kist::engine {

/// The least key behind all that begin with `prefix`, in byte order; nothing when there is none,
/// because the prefix is empty or all 0xFF.
inline std::optional<std::string> end_of_prefix(Bytes prefix) {
  while (!prefix.empty() && prefix.back() == 0xFF) prefix = prefix.first(prefix.size() - 1);
  if (prefix.empty()) return std::nullopt;
  std::string end = to_string(prefix);
  end.back() = static_cast<char>(prefix.back() + 1);
  return end;
}

}  // namespace kist::engine
