#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <kist/engine/error.h>

namespace kist::codec {

/// Passes over JSON text from left to right without building anything. The text may be any bytes:
/// what it passes over is not checked, but it never leaves the text, and always ends. The stack
/// used does not depend on it. Errors of all: kInvalidJson, with the position.
class JsonScan {
 public:
  explicit JsonScan(std::string_view text) : text_(text) {}

  /// The first character of the next token, NUL at the end; not passed over.
  char peek();
  /// Passes over the next token when it is `c`.
  bool take(char c);
  /// Passes over one value and returns its text.
  Result<std::string_view> value();
  /// Passes over a string and returns what it stands for.
  Result<std::string> string();

  /// Of an object or array that was begun (`first`) or is under way: whether another member
  /// follows, passing over the comma before it or the `end` behind the last one.
  Result<bool> more(bool first, char end);
  /// Passes over the colon behind a name.
  Result<void> colon();

  std::unexpected<Error> invalid(std::string_view what) const;

 private:
  /// Passes over a string, its text in `raw` without the quotes.
  Result<std::string_view> raw_string();

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace kist::codec
