#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <kist/value.h>

namespace kist::codec {

/// A double as text that parse_double() makes the same of: decimal, inf, -inf; a NaN as 0x and the
/// 16 hexadecimal digits of its bits.
std::string format_double(double value);
/// What format_double() writes, and nan; nothing for other text.
std::optional<double> parse_double(std::string_view text);

/// 8-4-4-4-12 lowercase hexadecimal digits.
std::string format_uuid(const Uuid& uuid);
/// The UUID written so, in either case; nothing for other text.
std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace kist::codec
