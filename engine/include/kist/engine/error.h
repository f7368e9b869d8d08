#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

#include <kist/engine/error_code.h>

namespace kist {

/// What went wrong, where, and with what. `code` is for programs and is stable across releases;
/// `message` is for people and names the file, the page or key concerned, what was found and what
/// was expected.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

/// The result of every operation that can fail. Absence of a record is never an error: it is an
/// empty optional or `false` inside a successful result.
template <typename T = void>
using Result = std::expected<T, Error>;

/// Makes the failed half of a Result.
inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace kist

/// Returns from the calling function with the error of `expression` (a Result) when it failed.
#define KIST_TRY(expression)                                                     \
  do {                                                                           \
    auto&& kist_try_result = (expression);                                       \
    if (!kist_try_result) [[unlikely]]                                           \
      return std::unexpected<::kist::Error>(std::move(kist_try_result).error()); \
  } while (false)

#define KIST_CONCAT_INNER(a, b) a##b
#define KIST_CONCAT(a, b) KIST_CONCAT_INNER(a, b)

// A declaration cannot stand in parentheses. NOLINTBEGIN(bugprone-macro-parentheses)
/// `KIST_ASSIGN(auto x, f())`: declares x from a Result's value, or returns its error.
#define KIST_ASSIGN(declaration, expression)                                                       \
  auto&& KIST_CONCAT(kist_result_, __LINE__) = (expression);                                       \
  if (!KIST_CONCAT(kist_result_, __LINE__)) [[unlikely]]                                           \
    return std::unexpected<::kist::Error>(std::move(KIST_CONCAT(kist_result_, __LINE__)).error()); \
  declaration = *std::move(KIST_CONCAT(kist_result_, __LINE__))
// NOLINTEND(bugprone-macro-parentheses)
