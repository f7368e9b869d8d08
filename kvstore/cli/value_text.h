#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <kist/engine/error.h>
#include <kist/value.h>

/// How the command line writes values, and reads them back: kvstore/docs/cli.md.
namespace kist::cli {

/// Reads `text` as a value of that type. bool: true or false. u64, i64: decimal. f64: decimal, inf,
/// -inf, nan, or 0x and the 16 hexadecimal digits of its bits. instant: milliseconds since 1970, or
/// YYYY-MM-DDTHH:MM:SS[.mmm]Z. uuid: 8-4-4-4-12 hexadecimal digits. json: the document, or @file.
/// blob: base64:..., hex:... or @file. @- is standard input. Errors: kInvalidArgument, kNotFound,
/// kIo.
Result<Value> parse_value(ValueTag type, std::string_view text);

/// The value as text that parse_value() takes.
std::string format_value(const ValueView& value);

/// The value in JSON: bool, u64, i64 and finite f64 as they are, other f64 as the text above,
/// instant as milliseconds, blob as base64, the others as text.
nlohmann::json json_of(const ValueView& value);

/// Text for one line of a terminal: control characters and bytes that are not UTF-8 become \n, \t
/// or
/// \xNN, a backslash becomes two.
std::string one_line(std::string_view text);

}  // namespace kist::cli
