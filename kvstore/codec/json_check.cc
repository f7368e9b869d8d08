#include "kvstore/codec/json_check.h"

#include <cstddef>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kist::codec {

namespace {

using nlohmann::json;

/// Takes every event and keeps only the error.
class Validator : public nlohmann::json_sax<json> {
 public:
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_object(std::size_t /*elements*/) override { return true; }
  bool key(string_t& /*value*/) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t /*elements*/) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string& /*last_token*/,
                   const nlohmann::detail::exception& error) override {
    const std::string text = error.what();
    const std::size_t prefix = text.find("] ");  // "[json.exception.parse_error.101] "
    message = fmt::format("invalid JSON at byte {}: {}", position,
                          prefix == std::string::npos ? text : text.substr(prefix + 2));
    return false;
  }

  std::string message;
};

}  // namespace

Result<void> check_json(std::string_view text) {
  // The parser takes a NUL for the end of its input and skips a byte order mark.
  const std::size_t nul = text.find('\0');
  if (nul != std::string_view::npos) {
    return fail(ErrorCode::kInvalidJson, fmt::format("invalid JSON at byte {}: NUL", nul + 1));
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    return fail(ErrorCode::kInvalidJson, "invalid JSON at byte 1: byte order mark");
  }
  Validator validator;
  if (!json::sax_parse(text.begin(), text.end(), &validator)) {
    return fail(ErrorCode::kInvalidJson, std::move(validator.message));
  }
  return {};
}

}  // namespace kist::codec
