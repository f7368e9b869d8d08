#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <kist/engine/error.h>

namespace kist::codec {

/// Offset of the first byte that is no part of well-formed UTF-8 (The Unicode Standard, table 3-7:
/// no overlong forms, no surrogates, nothing above U+10FFFF), or nothing when all of `text` is well
/// formed. NUL is a character like any other.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

/// Checks that `text` is well-formed UTF-8. `what` names it in the message, for instance "string".
/// Errors: kInvalidText with the offset and the byte found there.
Result<void> check_utf8(std::string_view text, std::string_view what);

}  // namespace kist::codec
