#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <kist/value.h>

namespace kist::codec {

/// Base64 with the standard alphabet and padding (RFC 4648, section 4).
std::string to_base64(Bytes bytes);
/// The bytes written so, or nothing when the text is not of that form.
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

/// Two lowercase hexadecimal digits a byte.
std::string to_hex(Bytes bytes);
/// The bytes written so, in either case, or nothing when the text is not of that form.
std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);

}  // namespace kist::codec
