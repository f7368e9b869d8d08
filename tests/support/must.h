#pragma once

#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

#include <kist/engine/error.h>

namespace kist::test {

/// Throws with the place of the caller unless `condition` holds. For harnesses and helpers, where a
/// failure must end the test whatever framework runs it.
inline void require(bool condition, const std::string& what,
                    std::source_location at = std::source_location::current()) {
  if (condition) return;
  throw std::runtime_error(std::string(at.file_name()) + ":" + std::to_string(at.line()) + ": " +
                           what);
}

/// The value of a Result that must have succeeded; throws its error otherwise.
template <typename T>
T must(Result<T> result, std::source_location at = std::source_location::current()) {
  if (!result) {
    throw std::runtime_error(std::string(at.file_name()) + ":" + std::to_string(at.line()) +
                             ": error " + std::to_string(static_cast<int>(result.error().code)) +
                             ": " + result.error().message);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace kist::test
