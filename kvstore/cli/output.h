#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <kist/engine/error.h>
#include <kist/transaction.h>

namespace kist::cli {

/// Exit statuses: part of the interface, see kvstore/docs/cli.md.
inline constexpr int kExitOk = 0;
inline constexpr int kExitNotFound = 1;  // a key that is not there; violations found by check
inline constexpr int kExitUsage = 2;
inline constexpr int kExitError = 3;

/// What the global options ask for.
struct OutputOptions {
  bool json = false;
  bool hex_keys = false;  // keys, on the command line and in output, are hexadecimal digits
};

/// Writes to standard output; finish() tells whether all of it went through.
void print(std::string_view text);
/// A JSON document on one line. Text that is not UTF-8 shows as U+FFFD.
std::string to_text(const nlohmann::json& document);
/// Writes one JSON document and the end of the line.
void print_json(const nlohmann::json& document);
/// Flushes standard output. Returns `status`, or kExitError when something could not be written.
int finish(int status);

/// Reports an error on standard error. Returns kExitError.
int report(const Error& error, const OutputOptions& options);

/// The bytes of a key given on the command line. Errors: kInvalidArgument.
Result<std::string> parse_key(const std::string& text, const OutputOptions& options);
/// A key for a line of text.
std::string format_key(std::string_view key, const OutputOptions& options);
/// Puts a key into a JSON object: as "key", or as "key_hex" where it is asked for or no UTF-8.
void put_key(nlohmann::json& object, std::string_view key, const OutputOptions& options);

}  // namespace kist::cli
