#pragma once

#include <string_view>

#include <kist/engine/error.h>

namespace kist::codec {

/// Checks that `text` is one JSON document (RFC 8259): UTF-8 without a byte order mark, no lone
/// surrogate in an escape, numbers within the range of a double. The stack used does not depend on
/// how deep the document nests. Errors: kInvalidJson with the position and what was expected there.
Result<void> check_json(std::string_view text);

}  // namespace kist::codec
