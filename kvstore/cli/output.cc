#include "kvstore/cli/output.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include <fmt/format.h>

#include "kvstore/c_api/names.h"
#include "kvstore/cli/value_text.h"
#include "kvstore/codec/byte_text.h"
#include "kvstore/codec/utf8.h"

namespace kist::cli {

namespace {

std::string code_name(ErrorCode code) {
  for (const c_api::CodeText& text : c_api::kCodeTexts) {
    if (text.code != static_cast<std::int32_t>(code)) continue;
    std::string name = text.name;
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name;
  }
  return "unknown";
}

}  // namespace

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

std::string to_text(const nlohmann::json& document) {
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void print_json(const nlohmann::json& document) {
  print(to_text(document) + "\n");
}

int finish(int status) {
  const bool flushed = std::fflush(stdout) == 0;
  if (flushed && std::ferror(stdout) == 0) return status;
  std::fputs("kist: cannot write to standard output\n", stderr);
  return kExitError;
}

int report(const Error& error, const OutputOptions& options) {
  std::string text = "kist: " + error.message;
  if (options.json) {
    text = to_text({{"error",
                     {{"code", static_cast<int>(error.code)},
                      {"name", code_name(error.code)},
                      {"message", error.message}}}});
  }
  std::fputs((text + "\n").c_str(), stderr);
  return kExitError;
}

Result<std::string> parse_key(const std::string& text, const OutputOptions& options) {
  if (!options.hex_keys) return text;
  const auto bytes = codec::from_hex(text);
  if (!bytes) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is no key in hexadecimal digits", text));
  }
  return std::string(bytes->begin(), bytes->end());
}

std::string format_key(std::string_view key, const OutputOptions& options) {
  return options.hex_keys ? codec::to_hex(engine::as_bytes(key)) : one_line(key);
}

void put_key(nlohmann::json& object, std::string_view key, const OutputOptions& options) {
  if (options.hex_keys || codec::first_invalid_utf8(key)) {
    object["key_hex"] = codec::to_hex(engine::as_bytes(key));
  } else {
    object["key"] = key;
  }
}

}  // namespace kist::cli
